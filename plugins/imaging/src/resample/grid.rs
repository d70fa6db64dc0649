//! Grids against grids: sizes for a spacing, and where the voxels of one volume lie in another.

use super::AxisMap;
use crate::geometry::{Matrix, inverse, multiply};
use std::fmt;

/// How far, in voxels, an axis may drift sideways over the whole volume and still count as parallel: rounding of
/// affines that files store in float32 stays far below it.
const DRIFT: f64 = 0.01;

/// Voxels per axis after a change of spacing: `round(n * old / new)`, at least 1, ties to even as in nnU-Net.
///
/// The achieved spacing is `n * old / n_new`: the extent stays exactly the same.
pub fn size_for_spacing(shape: [usize; 3], old: [f64; 3], new: [f64; 3]) -> [usize; 3] {
    std::array::from_fn(|axis| ((shape[axis] as f64 * old[axis] / new[axis]).round_ties_even() as usize).max(1))
}

/// A target grid whose axes run along those of a source, in any order and either direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    /// `axes[s]`: the target axis that runs along source axis `s` (both z, y, x).
    pub axes: [usize; 3],
    /// The target's voxels along each *source* axis.
    pub maps: [AxisMap; 3],
}

impl Alignment {
    /// Lays the target grid (affine and shape z, y, x) on the source's.
    ///
    /// # Errors
    /// The axes are not parallel, or an affine has no inverse.
    pub fn between(source: (&Matrix, [usize; 3]), target: (&Matrix, [usize; 3])) -> Result<Self, Misaligned> {
        let back = inverse(source.0).ok_or(Misaligned::Singular)?;
        let ijk = multiply(&back, target.0);
        // From target index (z, y, x) to source index (z, y, x).
        let step = |s: usize, t: usize| ijk[2 - s][2 - t];
        let length: [f64; 3] = std::array::from_fn(|t| (0..3).map(|s| step(s, t).powi(2)).sum::<f64>().sqrt());
        let fit = |axes: &[usize; 3]| (0..3).map(|s| step(s, axes[s]).abs() / length[axes[s]]).product::<f64>();
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let best = |a: [usize; 3], b: [usize; 3]| if fit(&b) > fit(&a) { b } else { a };
        let axes = orders.into_iter().reduce(best).unwrap_or([0, 1, 2]);
        let sideways = |s: usize, t: usize| (step(s, t) * target.1[t].saturating_sub(1) as f64).abs();
        let pairs = (0..9).map(|i| (i / 3, i % 3)).filter(|&(s, t)| t != axes[s]);
        let drift = pairs.map(|(s, t)| sideways(s, t)).fold(0.0, f64::max);
        if drift.is_nan() || drift > DRIFT || !fit(&axes).is_normal() {
            return Err(Misaligned::Oblique { drift });
        }
        let maps = std::array::from_fn(|s| {
            let (start, step) = (ijk[2 - s][3], step(s, axes[s]));
            AxisMap::new(snap(start), snap(step), target.1[axes[s]])
        });
        Ok(Self { axes, maps })
    }

    /// Whether target and source are the same grid.
    pub fn is_identity(&self, source: [usize; 3]) -> bool {
        self.axes == [0, 1, 2] && (0..3).all(|axis| self.maps[axis].is_identity(source[axis]))
    }

    /// Moves an array whose axes are the source's (`[maps[0].n, maps[1].n, maps[2].n]`) into the target's order.
    pub fn to_target<T: Copy>(&self, data: Vec<T>) -> Vec<T> {
        if self.axes == [0, 1, 2] {
            return data;
        }
        let strides = self.target_strides();
        let mut target = data.clone();
        let mut from = data.into_iter();
        for a in 0..self.maps[0].n {
            for b in 0..self.maps[1].n {
                let row = a * strides[0] + b * strides[1];
                for (c, value) in (0..self.maps[2].n).zip(&mut from) {
                    target[row + c * strides[2]] = value;
                }
            }
        }
        target
    }

    /// Step in the target's row-major array for one target voxel along each source axis.
    pub fn target_strides(&self) -> [usize; 3] {
        let mut shape = [0; 3];
        (0..3).for_each(|s| shape[self.axes[s]] = self.maps[s].n);
        let strides = [shape[1] * shape[2], shape[2], 1];
        self.axes.map(|axis| strides[axis])
    }
}

/// A number within 1e-6 of a half is that half: affines go through float32 headers and inverses.
fn snap(value: f64) -> f64 {
    let half = (value * 2.0).round() / 2.0;
    if (value - half).abs() < 1e-6 { half } else { value }
}

/// Why one grid cannot be laid on another axis by axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Misaligned {
    /// The source's affine has no inverse.
    Singular,
    /// The axes are not parallel; an axis drifts by so many voxels.
    Oblique { drift: f64 },
}

impl fmt::Display for Misaligned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Singular => write!(f, "the affine has no inverse"),
            Self::Oblique { drift } => write!(
                f,
                "the axes of the two grids are not parallel (they drift apart by {drift:.2} voxels, at most {DRIFT} is taken as rounding)"
            ),
        }
    }
}

impl std::error::Error for Misaligned {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::IDENTITY;

    fn upright(spacing: [f64; 3], origin: [f64; 3]) -> Matrix {
        let mut matrix = IDENTITY;
        (0..3).for_each(|axis| {
            matrix[axis][axis] = spacing[axis];
            matrix[axis][3] = origin[axis];
        });
        matrix
    }

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(size_for_spacing([100, 512, 3], [5.0, 0.8, 1.0], [1.5, 0.8, 10.0]), [333, 512, 1]);
    }

    #[test]
    fn a_coarser_grid_over_the_same_extent_is_a_zoom() {
        let (fine, coarse) = (upright([1.0; 3], [10.0; 3]), upright([2.0; 3], [10.5; 3]));
        let found = Alignment::between((&fine, [8, 8, 8]), (&coarse, [4, 4, 4])).expect("parallel");
        assert_eq!(found, Alignment { axes: [0, 1, 2], maps: [AxisMap::zoom(8, 4); 3] });
        assert!(Alignment::between((&fine, [8, 8, 8]), (&fine, [8, 8, 8])).expect("same").is_identity([8, 8, 8]));
    }

    #[test]
    fn flipped_and_permuted_axes_are_found() {
        let source = upright([1.0, 2.0, 3.0], [0.0; 3]);
        // Target i runs along source k, j backwards along i, k along j.
        let target = [[0.0, -1.0, 0.0, 4.0], [0.0, 0.0, 2.0, 0.0], [3.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]];
        let found = Alignment::between((&source, [2, 3, 5]), (&target, [3, 5, 2])).expect("parallel");
        assert_eq!(found.axes, [2, 0, 1]);
        assert_eq!(found.maps, [AxisMap::new(0.0, 1.0, 2), AxisMap::new(0.0, 1.0, 3), AxisMap::new(4.0, -1.0, 5)]);
        let moved = found.to_target((0..30).collect());
        for (i, &value) in moved.iter().enumerate() {
            let [k, j, i] = [i / 10, i / 2 % 5, i % 2];
            assert_eq!(value, (i * 3 + k) * 5 + j, "source order is (i, k, j)");
        }
    }

    #[test]
    fn turned_grids_are_refused() {
        let source = upright([1.0; 3], [0.0; 3]);
        let mut turned = source;
        turned[0][1] = 0.02;
        let refused = Alignment::between((&source, [4, 4, 4]), (&turned, [4, 4, 4]));
        assert!(matches!(refused, Err(Misaligned::Oblique { .. })), "{refused:?}");
        assert_eq!(Alignment::between((&[[0.0; 4]; 4], [1; 3]), (&source, [1; 3])), Err(Misaligned::Singular));
    }
}
