//! The fixed part of a NIfTI header: where its fields lie and what they may say.

use super::layout::Layout;
use super::{Endian, Fault};

/// NIfTI-1 has 348 bytes of header, NIfTI-2 has 540.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    One,
    Two,
}

impl Version {
    /// Bytes of the fixed header.
    pub fn size(self) -> usize {
        match self {
            Self::One => 348,
            Self::Two => 540,
        }
    }
}

/// A header whose fields were read; `bytes` stay as they were found.
#[derive(Clone, Debug)]
pub struct Header {
    pub bytes: Vec<u8>,
    pub version: Version,
    pub endian: Endian,
    /// Header and voxels lie in one file.
    pub single: bool,
    pub dim: [i64; 8],
    pub pixdim: [f64; 8],
    pub datatype: i16,
    pub bitpix: i16,
    pub vox_offset: f64,
    pub slope: f64,
    pub inter: f64,
    pub qform_code: i32,
    pub sform_code: i32,
    /// Quaternion b, c, d.
    pub quatern: [f64; 3],
    pub qoffset: [f64; 3],
    pub srow: [[f64; 4]; 3],
    pub xyzt_units: i32,
    pub intent_code: i32,
}

impl Header {
    /// Version and byte order by the first four bytes, the header's own size; `None` where they are no NIfTI header's.
    pub fn kind(first: [u8; 4]) -> Option<(Version, Endian)> {
        match (i32::from_le_bytes(first), i32::from_be_bytes(first)) {
            (348, _) => Some((Version::One, Endian::Little)),
            (_, 348) => Some((Version::One, Endian::Big)),
            (540, _) => Some((Version::Two, Endian::Little)),
            (_, 540) => Some((Version::Two, Endian::Big)),
            _ => None,
        }
    }

    /// Reads the fields.
    ///
    /// # Errors
    /// `bytes` is not a whole NIfTI header: wrong size or magic. Values are judged by their users.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let kind = bytes.first_chunk().and_then(|first| Self::kind(*first));
        let Some((version, endian)) = kind else {
            return Err(Fault::Damaged("sizeof_hdr is neither 348 (NIfTI-1) nor 540 (NIfTI-2)".into()));
        };
        if bytes.len() < version.size() {
            return Err(Fault::Damaged(format!("the header has {} bytes, the file ends after {}", version.size(), bytes.len())));
        }
        let bytes = &bytes[..version.size()];
        let single = single_by_magic(bytes, version)?;
        let layout = Layout::of(version);
        let integer = |at| layout.integer(endian, bytes, at);
        let real = |at: usize, i: usize| layout.real(endian, bytes, at + i * layout.real_size);
        let code = |at| layout.code(endian, bytes, at);
        Ok(Self {
            version,
            endian,
            single,
            dim: std::array::from_fn(|i| integer(layout.dim + i * layout.dim_size)),
            pixdim: std::array::from_fn(|i| real(layout.pixdim, i)),
            datatype: endian.i16(bytes, layout.datatype),
            bitpix: endian.i16(bytes, layout.bitpix),
            vox_offset: match version {
                Version::One => f64::from(endian.f32(bytes, layout.vox_offset)),
                Version::Two => endian.i64(bytes, layout.vox_offset) as f64,
            },
            slope: real(layout.slope, 0),
            inter: real(layout.inter, 0),
            qform_code: code(layout.qform_code),
            sform_code: code(layout.sform_code),
            quatern: std::array::from_fn(|i| real(layout.quatern, i)),
            qoffset: std::array::from_fn(|i| real(layout.qoffset, i)),
            srow: std::array::from_fn(|row| std::array::from_fn(|i| real(layout.srow, 4 * row + i))),
            xyzt_units: match version {
                Version::One => i32::from(bytes[layout.xyzt_units]),
                Version::Two => endian.i32(bytes, layout.xyzt_units),
            },
            intent_code: code(layout.intent_code),
            bytes: bytes.to_vec(),
        })
    }

    /// Sizes along i, j, k. Axes that the file leaves out, and trailing ones of size 1, are 1.
    ///
    /// # Errors
    /// A size below 1, and files of more than three axes.
    pub fn shape_ijk(&self) -> Result<[usize; 3], Fault> {
        let n = self.dim[0];
        if !(1..=7).contains(&n) {
            return Err(Fault::Damaged(format!("dim[0], the number of axes, is {n}, expected 1 to 7")));
        }
        let sizes = &self.dim[1..=n as usize];
        if let Some(at) = sizes.iter().position(|&size| size < 1) {
            return Err(Fault::Damaged(format!("dim[{}] is {}, expected at least 1", at + 1, sizes[at])));
        }
        let size = |at: usize| sizes.get(at).copied().unwrap_or(1);
        if (3..7).any(|at| size(at) > 1) {
            return Err(self.more_than_a_volume(sizes));
        }
        let mut shape = [1; 3];
        for (axis, out) in shape.iter_mut().enumerate() {
            *out = usize::try_from(size(axis)).map_err(|_| Fault::Damaged(format!("dim[{}] is {}", axis + 1, size(axis))))?;
        }
        Ok(shape)
    }

    fn more_than_a_volume(&self, sizes: &[i64]) -> Fault {
        let text = sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("x");
        let vectors = sizes.get(4).is_some_and(|&size| size > 1);
        match vectors {
            true => Fault::Unsupported {
                what: format!("holds vectors (5D, {text}), not one number a voxel"),
                remedy: "write the component that is wanted as a volume of its own and give that",
            },
            false => Fault::Unsupported {
                what: format!("holds a series of volumes ({}D, {text}), not one", sizes.len()),
                remedy: "split it into one file a volume (fslsplit, or nibabel.four_to_three) and give those",
            },
        }
    }

    /// CIFTI surfaces and connectivity matrices dress as NIfTI-2.
    pub fn is_cifti(&self) -> bool {
        self.version == Version::Two && (3000..3100).contains(&self.intent_code)
    }
}

fn single_by_magic(bytes: &[u8], version: Version) -> Result<bool, Fault> {
    let magic = match version {
        Version::One => &bytes[344..348],
        Version::Two => &bytes[4..12],
    };
    match (version, magic) {
        (Version::One, b"n+1\0") | (Version::Two, b"n+2\0\r\n\x1a\n") => Ok(true),
        (Version::One, b"ni1\0") | (Version::Two, b"ni2\0\r\n\x1a\n") => Ok(false),
        (Version::One, [0, ..]) => Err(Fault::Foreign {
            what: "is an Analyze 7.5 header, which does not say where left and right are".into(),
            remedy: "convert it to NIfTI with the tool that wrote it, and check the sides",
        }),
        _ => Err(Fault::Damaged(format!(
            "magic is \"{}\", expected n+1 or ni1 (NIfTI-1), n+2 or ni2 with its line ends (NIfTI-2)",
            magic.escape_ascii()
        ))),
    }
}
