//! Spacing and intensities of a scan, before windows are cut.

use crate::augment::Grid;
use voxloom_imaging::resample::{AxisMap, Border, Interpolation, resample};

/// At `target` millimetres along every axis: linear, `int(n · spacing / target + 0.5)` voxels, the first one where it was.
///
/// The last voxel may lie up to half a voxel beyond the scan's last centre; it gets the edge's value.
pub fn isotropic(grid: &Grid, spacing: [f64; 3], target: f64) -> Grid {
    let maps: [AxisMap; 3] = std::array::from_fn(|axis| {
        let step = target / spacing[axis];
        let n = (grid.shape[axis] as f64 / step + 0.5) as usize;
        AxisMap::new(0.0, step, n.max(1))
    });
    let values = resample(&grid.values, grid.shape, &maps, Interpolation::Linear, Border::Edge, 1);
    Grid { shape: maps.map(|map| map.n), values }
}

/// `low` to `high` as 0 to 1; what lies outside is held there.
pub fn unit_range(grid: &mut Grid, [low, high]: [f64; 2]) {
    for value in &mut grid.values {
        *value = ((f64::from(*value).clamp(low, high) - low) / (high - low)) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_the_spacing_and_values_the_range() {
        let mut grid = Grid { shape: [4, 2, 3], values: (0..24).map(|i| (i / 6 * 100) as f32).collect() };
        let fine = isotropic(&grid, [2.0, 1.0, 0.5], 1.0);
        assert_eq!(fine.shape, [8, 2, 2]);
        let along_x: Vec<f32> = (0..8).map(|x| fine.values[fine.index([x, 0, 0])]).collect();
        assert_eq!(along_x, [0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 300.0]);
        unit_range(&mut grid, [100.0, 200.0]);
        assert_eq!([grid.values[0], grid.values[6], grid.values[12], grid.values[23]], [0.0, 0.0, 1.0, 1.0]);
    }
}
