//! Another size, with anti-aliasing.

use crate::augment::Grid;
use voxloom_imaging::resample::{AxisMap, Border, Interpolation, gaussian, resample};

/// Smoothed where an axis shrinks (sigma `(factor - 1) / 2`), then linear with half-pixel centres; mirrored at the border.
pub fn resized(grid: &Grid, size: [usize; 3]) -> Grid {
    if grid.shape == size {
        return grid.clone();
    }
    let factor = |axis: usize| grid.shape[axis] as f64 / size[axis] as f64;
    let sigma = std::array::from_fn(|axis| ((factor(axis) - 1.0) / 2.0).max(0.0));
    let values: Vec<f64> = grid.values.iter().map(|&value| f64::from(value)).collect();
    let smooth = gaussian(&values, grid.shape, sigma, 4.0, Border::Mirror, 1);
    let maps: [AxisMap; 3] = std::array::from_fn(|axis| AxisMap::zoom(grid.shape[axis], size[axis]));
    let values = resample(&smooth, grid.shape, &maps, Interpolation::Linear, Border::Mirror, 1);
    Grid { shape: size, values: values.into_iter().map(|value| value as f32).collect() }
}
