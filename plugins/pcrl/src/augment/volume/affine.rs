//! Scaling and turning about the centre, as torchio's random affine does.

use super::Grid;
use rand::Rng;

/// Scales per axis, and angles about x, y and z in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine3 {
    pub scales: [f64; 3],
    pub degrees: [f64; 3],
}

impl Affine3 {
    /// Each number uniform in its range.
    pub fn draw(scales: [f64; 2], degrees: [f64; 2], rng: &mut impl Rng) -> Self {
        let mut three = |[low, high]: [f64; 2]| std::array::from_fn(|_| rng.random_range(low..=high));
        Self { scales: three(scales), degrees: three(degrees) }
    }

    /// The matrix that leads from a place of the result, seen from the centre, to its place in the input.
    fn matrix(&self) -> [[f64; 3]; 3] {
        let [a, b, c] = self.degrees.map(f64::to_radians);
        let about_x = [[1.0, 0.0, 0.0], [0.0, a.cos(), -a.sin()], [0.0, a.sin(), a.cos()]];
        let about_y = [[b.cos(), 0.0, b.sin()], [0.0, 1.0, 0.0], [-b.sin(), 0.0, b.cos()]];
        let about_z = [[c.cos(), -c.sin(), 0.0], [c.sin(), c.cos(), 0.0], [0.0, 0.0, 1.0]];
        let turn = product(about_z, product(about_x, about_y));
        // The turn is one of LPS coordinates: x and y point the other way.
        let sign = [-1.0, -1.0, 1.0];
        std::array::from_fn(|i| std::array::from_fn(|j| sign[i] * turn[i][j] * sign[j] / self.scales[i]))
    }
}

fn product(a: [[f64; 3]; 3], b: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

/// Trilinear within half a voxel of the grid; the least value of the window outside.
pub fn affine(grid: &Grid, change: &Affine3) -> Grid {
    let matrix = change.matrix();
    let outside = grid.values.iter().copied().fold(f32::INFINITY, f32::min);
    let centre = grid.shape.map(|n| (n as f64 - 1.0) / 2.0);
    let mut values = Vec::with_capacity(grid.values.len());
    for x in 0..grid.shape[0] {
        for y in 0..grid.shape[1] {
            for z in 0..grid.shape[2] {
                let from = [x as f64 - centre[0], y as f64 - centre[1], z as f64 - centre[2]];
                let place: [f64; 3] = std::array::from_fn(|i| centre[i] + (0..3).map(|j| matrix[i][j] * from[j]).sum::<f64>());
                values.push(trilinear(grid, place).unwrap_or(outside));
            }
        }
    }
    grid.with(values)
}

fn trilinear(grid: &Grid, place: [f64; 3]) -> Option<f32> {
    let inside = |axis: usize| place[axis] >= -0.5 && place[axis] < grid.shape[axis] as f64 - 0.5;
    if !(0..3).all(inside) {
        return None;
    }
    let held: [f64; 3] = std::array::from_fn(|axis| place[axis].clamp(0.0, grid.shape[axis] as f64 - 1.0));
    let low = held.map(|at| at.floor() as usize);
    let part: [f64; 3] = std::array::from_fn(|axis| held[axis] - low[axis] as f64);
    let mut sum = 0.0;
    for corner in 0..8usize {
        let high = |axis: usize| corner >> axis & 1;
        let weight: f64 = (0..3).map(|axis| if high(axis) == 1 { part[axis] } else { 1.0 - part[axis] }).product();
        let at: [usize; 3] = std::array::from_fn(|axis| (low[axis] + high(axis)).min(grid.shape[axis] - 1));
        sum += weight * f64::from(grid.values[grid.index(at)]);
    }
    Some(sum as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_changes_nothing_and_a_half_turn_mirrors_two_axes() {
        let grid = Grid { shape: [3, 4, 2], values: (0..24).map(|i| i as f32).collect() };
        let same = affine(&grid, &Affine3 { scales: [1.0; 3], degrees: [0.0; 3] });
        assert_eq!(same, grid);
        let half = affine(&grid, &Affine3 { scales: [1.0; 3], degrees: [0.0, 0.0, 180.0] });
        assert!((half.values[half.index([0, 0, 1])] - grid.values[grid.index([2, 3, 1])]).abs() < 1e-4);
    }

    #[test]
    fn what_shrinks_is_surrounded_by_the_least_value() {
        let grid = Grid { shape: [8; 3], values: (0..512).map(|i| 1.0 + (i % 7) as f32).collect() };
        let small = affine(&grid, &Affine3 { scales: [0.5; 3], degrees: [0.0; 3] });
        assert_eq!(small.values[0], 1.0);
    }
}
