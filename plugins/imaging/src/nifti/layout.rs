//! Where the fields of a header lie, and how they are written.

use super::{Endian, Version};

/// Where the fields lie, and how wide they are.
pub struct Layout {
    pub version: Version,
    pub dim: usize,
    pub dim_size: usize,
    pub pixdim: usize,
    pub real_size: usize,
    pub intent_p: usize,
    pub intent_code: usize,
    pub datatype: usize,
    pub bitpix: usize,
    pub vox_offset: usize,
    pub slope: usize,
    pub inter: usize,
    pub cal_max: usize,
    pub cal_min: usize,
    pub descrip: usize,
    pub aux_file: usize,
    pub qform_code: usize,
    pub sform_code: usize,
    pub quatern: usize,
    pub qoffset: usize,
    pub srow: usize,
    pub xyzt_units: usize,
    pub intent_name: usize,
}

const ONE: Layout = Layout {
    version: Version::One,
    dim: 40,
    dim_size: 2,
    pixdim: 76,
    real_size: 4,
    intent_p: 56,
    intent_code: 68,
    datatype: 70,
    bitpix: 72,
    vox_offset: 108,
    slope: 112,
    inter: 116,
    cal_max: 124,
    cal_min: 128,
    descrip: 148,
    aux_file: 228,
    qform_code: 252,
    sform_code: 254,
    quatern: 256,
    qoffset: 268,
    srow: 280,
    xyzt_units: 123,
    intent_name: 328,
};

const TWO: Layout = Layout {
    version: Version::Two,
    dim: 16,
    dim_size: 8,
    pixdim: 104,
    real_size: 8,
    intent_p: 80,
    intent_code: 504,
    datatype: 12,
    bitpix: 14,
    vox_offset: 168,
    slope: 176,
    inter: 184,
    cal_max: 192,
    cal_min: 200,
    descrip: 240,
    aux_file: 320,
    qform_code: 344,
    sform_code: 348,
    quatern: 352,
    qoffset: 376,
    srow: 400,
    xyzt_units: 500,
    intent_name: 508,
};

impl Layout {
    pub fn of(version: Version) -> &'static Self {
        match version {
            Version::One => &ONE,
            Version::Two => &TWO,
        }
    }

    pub fn integer(&self, endian: Endian, bytes: &[u8], at: usize) -> i64 {
        match self.version {
            Version::One => i64::from(endian.i16(bytes, at)),
            Version::Two => endian.i64(bytes, at),
        }
    }

    pub fn real(&self, endian: Endian, bytes: &[u8], at: usize) -> f64 {
        match self.version {
            Version::One => f64::from(endian.f32(bytes, at)),
            Version::Two => endian.f64(bytes, at),
        }
    }

    pub fn code(&self, endian: Endian, bytes: &[u8], at: usize) -> i32 {
        match self.version {
            Version::One => i32::from(endian.i16(bytes, at)),
            Version::Two => endian.i32(bytes, at),
        }
    }

    pub fn put_real(&self, endian: Endian, bytes: &mut [u8], at: usize, value: f64) {
        match self.version {
            Version::One => endian.put_f32(bytes, at, value as f32),
            Version::Two => endian.put_f64(bytes, at, value),
        }
    }

    pub fn put_code(&self, endian: Endian, bytes: &mut [u8], at: usize, value: i32) {
        match self.version {
            Version::One => endian.put_i16(bytes, at, value as i16),
            Version::Two => endian.put_i32(bytes, at, value),
        }
    }

    pub fn put_dim(&self, endian: Endian, bytes: &mut [u8], axis: usize, value: i64) {
        match self.version {
            Version::One => endian.put_i16(bytes, self.dim + 2 * axis, value as i16),
            Version::Two => endian.put_i64(bytes, self.dim + 8 * axis, value),
        }
    }

    pub fn put_vox_offset(&self, endian: Endian, bytes: &mut [u8], value: u32) {
        match self.version {
            Version::One => endian.put_f32(bytes, self.vox_offset, value as f32),
            Version::Two => endian.put_i64(bytes, self.vox_offset, i64::from(value)),
        }
    }

    pub fn put_units_mm(&self, endian: Endian, bytes: &mut [u8]) {
        self.put_units(endian, bytes, 2);
    }

    /// Lengths of unknown unit.
    pub fn put_no_units(&self, endian: Endian, bytes: &mut [u8]) {
        self.put_units(endian, bytes, 0);
    }

    fn put_units(&self, endian: Endian, bytes: &mut [u8], code: u8) {
        match self.version {
            Version::One => bytes[self.xyzt_units] = code,
            Version::Two => endian.put_i32(bytes, self.xyzt_units, code.into()),
        }
    }

    /// Header and voxels in one file.
    pub fn put_single_magic(&self, bytes: &mut [u8]) {
        match self.version {
            Version::One => bytes[344..348].copy_from_slice(b"n+1\0"),
            Version::Two => bytes[4..12].copy_from_slice(b"n+2\0\r\n\x1a\n"),
        }
    }
}
