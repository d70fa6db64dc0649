//! From the bytes of rows to planes of samples.

use super::Fault;
use crate::nifti::Voxels;

/// Rows of bytes as the decoder gives them.
pub(super) struct Rows {
    pub width: usize,
    pub height: usize,
    /// Samples of one pixel, side by side.
    pub n_samples: usize,
    pub bits: u8,
    pub bytes: Vec<u8>,
}

impl Rows {
    /// The samples of all pixels, one plane after the other.
    ///
    /// # Errors
    /// The machine does not give the memory.
    pub fn planes(&self) -> Result<Voxels, Fault> {
        match self.bits {
            16 => {
                let sample = |at: usize| i32::from(u16::from_be_bytes([self.bytes[2 * at], self.bytes[2 * at + 1]]));
                self.collect(sample).map(Voxels::I32)
            }
            8 => self.collect(|at| self.bytes[at]).map(Voxels::U8),
            _ => self.collect(|at| self.small(at)).map(Voxels::U8),
        }
    }

    fn collect<T>(&self, sample: impl Fn(usize) -> T) -> Result<Vec<T>, Fault> {
        let n_pixels = self.width * self.height;
        let mut out = Vec::new();
        let n = n_pixels * self.n_samples;
        out.try_reserve_exact(n).map_err(|error| Fault::TooLarge { bytes: (n * size_of::<T>()) as u64, error })?;
        for plane in 0..self.n_samples {
            out.extend((0..n_pixels).map(|pixel| sample(pixel * self.n_samples + plane)));
        }
        Ok(out)
    }

    /// A sample of fewer than 8 bits; every row begins with a byte of its own, the first pixel in its highest bits.
    fn small(&self, pixel: usize) -> u8 {
        let (row, column) = (pixel / self.width, pixel % self.width);
        let bits = usize::from(self.bits);
        let byte = self.bytes[row * (self.width * bits).div_ceil(8) + column * bits / 8];
        let shift = 8 - bits - column * bits % 8;
        (byte >> shift) & ((1 << bits) - 1)
    }
}

/// One plane of several.
pub(super) fn plane(voxels: &Voxels, n_pixels: usize, planes: std::ops::Range<usize>) -> Voxels {
    let range = planes.start * n_pixels..planes.end * n_pixels;
    match voxels {
        Voxels::U8(values) => Voxels::U8(values[range].to_vec()),
        Voxels::I32(values) => Voxels::I32(values[range].to_vec()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_a_pixel_become_planes() {
        let rows = Rows { width: 2, height: 1, n_samples: 3, bits: 8, bytes: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(rows.planes().unwrap(), Voxels::U8(vec![1, 4, 2, 5, 3, 6]));
        let rows = Rows { width: 1, height: 2, n_samples: 1, bits: 16, bytes: vec![1, 0, 255, 255] };
        assert_eq!(rows.planes().unwrap(), Voxels::I32(vec![256, 65_535]));
    }

    #[test]
    fn small_samples_lie_in_high_bits_first_and_rows_begin_anew() {
        let rows = Rows { width: 3, height: 2, n_samples: 1, bits: 4, bytes: vec![0x12, 0x3f, 0x45, 0x6f] };
        assert_eq!(rows.planes().unwrap(), Voxels::U8(vec![1, 2, 3, 4, 5, 6]));
        let rows = Rows { width: 9, height: 1, n_samples: 1, bits: 1, bytes: vec![0b1010_0000, 0b1000_0000] };
        assert_eq!(rows.planes().unwrap(), Voxels::U8(vec![1, 0, 1, 0, 0, 0, 0, 0, 1]));
    }
}
