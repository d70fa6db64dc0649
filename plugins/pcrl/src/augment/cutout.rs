//! Square holes.

use rand::Rng;
use tch::Tensor;

/// How many holes, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cutout {
    pub holes: usize,
    /// Side of a hole; it is smaller where it reaches over the border.
    pub length: i64,
}

impl Cutout {
    /// Centres uniform over the image, as (row, column).
    pub fn draw(&self, height: i64, width: i64, rng: &mut impl Rng) -> Vec<[i64; 2]> {
        (0..self.holes).map(|_| [rng.random_range(0..height), rng.random_range(0..width)]).collect()
    }
}

/// 0 in all channels from `centre - length / 2` up to, and without, `centre + length / 2`.
///
/// # Shapes
/// - in:  `[C, H, W]`
/// - out: the same
pub fn cut(x: &Tensor, centres: &[[i64; 2]], length: i64) -> Tensor {
    let (out, size, half) = (x.copy(), x.size(), length / 2);
    for centre in centres {
        let span = |axis: usize| {
            let n = size[axis + 1];
            let (from, to) = ((centre[axis] - half).clamp(0, n), (centre[axis] + half).clamp(0, n));
            (from, to - from)
        };
        let (rows, columns) = (span(0), span(1));
        let _ = out.narrow(1, rows.0, rows.1).narrow(2, columns.0, columns.1).fill_(0.0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn holes_end_at_the_border_and_the_input_stays() {
        let x = Tensor::ones([3, 6, 8], (Kind::Float, Device::Cpu));
        let out = cut(&x, &[[0, 7]], 4);
        assert_eq!(out.sum(Kind::Float).double_value(&[]), (3 * (48 - 2 * 3)) as f64);
        assert_eq!(x.sum(Kind::Float).double_value(&[]), 144.0);
        assert_eq!(cut(&x, &[], 4).sum(Kind::Float).double_value(&[]), 144.0);
    }
}
