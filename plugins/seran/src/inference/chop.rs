//! Slices in overlapping quarters, for little memory.

use crate::Result;
use tch::Tensor;

/// How slices are quartered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chop {
    /// Pixels that a quarter reaches over the middle.
    pub shave: i64,
    /// Quarters of at least so many pixels are quartered again.
    pub min_size: i64,
}

impl Default for Chop {
    fn default() -> Self {
        Self { shave: 10, min_size: 160_000 }
    }
}

/// Enlarges the four overlapping corners of the images apart, and pastes what each knows best.
///
/// The result is not that of the whole images: a SEAB sees the corner only.
///
/// # Errors
/// Those of `enlarge`.
pub fn chop(images: &Tensor, scale: i64, how: Chop, enlarge: &mut dyn FnMut(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let size = images.size();
    let (h, w) = (size[size.len() - 2], size[size.len() - 1]);
    let (rows, columns) = (Halves::of(h, how.shave), Halves::of(w, how.shave));
    // Slices that a corner covers whole cannot be made smaller.
    if rows.size == h && columns.size == w {
        return enlarge(images);
    }
    let mut out_rows = Vec::with_capacity(2);
    for second_row in [false, true] {
        let mut out_columns = Vec::with_capacity(2);
        for second_column in [false, true] {
            let corner = rows.part(&columns.part(images, -1, second_column), -2, second_row);
            let large = match rows.size * columns.size < how.min_size {
                true => enlarge(&corner)?,
                false => chop(&corner, scale, how, enlarge)?,
            };
            out_columns.push(rows.kept(&columns.kept(&large, -1, second_column, scale), -2, second_row, scale));
        }
        out_rows.push(Tensor::cat(&out_columns, -1));
    }
    Ok(Tensor::cat(&out_rows, -2))
}

/// One axis in two overlapping parts.
struct Halves {
    whole: i64,
    half: i64,
    /// Of each part.
    size: i64,
}

impl Halves {
    fn of(whole: i64, shave: i64) -> Self {
        Self { whole, half: whole / 2, size: (whole / 2 + shave).min(whole) }
    }

    fn part(&self, images: &Tensor, axis: i64, second: bool) -> Tensor {
        images.narrow(axis, if second { self.whole - self.size } else { 0 }, self.size)
    }

    /// Of an enlarged part, what lies on its own side of the middle.
    fn kept(&self, large: &Tensor, axis: i64, second: bool, scale: i64) -> Tensor {
        let (start, length) =
            if second { (self.size - (self.whole - self.half), self.whole - self.half) } else { (0, self.half) };
        large.narrow(axis, start * scale, length * scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn quarters_of_quarters_come_together_again() {
        let images = Tensor::arange(13 * 10, (Kind::Double, Device::Cpu)).view([1, 1, 13, 10]);
        let nearest = |x: &Tensor| Ok(x.repeat_interleave_self_int(2, -1, None).repeat_interleave_self_int(2, -2, None));
        let mut largest = 0;
        let out = chop(&images, 2, Chop { shave: 1, min_size: 30 }, &mut |x| {
            largest = largest.max(x.numel());
            nearest(x)
        });
        assert!(out.unwrap().equal(&nearest(&images).unwrap()));
        assert!(largest < 30, "{largest}");
        let whole = chop(&images, 2, Chop { shave: 20, min_size: 1 }, &mut |x| nearest(x)).unwrap();
        assert!(whole.equal(&nearest(&images).unwrap()), "a corner that covers all ends the recursion");
    }
}
