//! 3D windows, axes in the order x, y, z: corruptions, one file each.

mod affine;
mod bezier;
mod paint;
mod shuffle;

pub use affine::{Affine3, affine};
pub use bezier::{Bezier, bezier};
pub use paint::{Block, Paint, inpaint, outpaint};
pub use shuffle::{Shuffled, shuffle, shuffle_randomly};

use crate::{Fault, Result};
use tch::{Device, Kind, Tensor};
use voxloom_imaging::resample::{Border, gaussian};

/// Numbers on a grid, the last axis fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub shape: [usize; 3],
    pub values: Vec<f32>,
}

impl Grid {
    /// # Shapes
    /// - in: `[1, X, Y, Z]` or `[X, Y, Z]`, of any kind of number
    ///
    /// # Errors
    /// Another shape, or nothing in it.
    pub fn new(data: &Tensor) -> Result<Self> {
        let size = data.size();
        let (&[1, x, y, z] | &[x, y, z]) = size.as_slice() else {
            return Err(Fault::Shape { what: "window", text: format!("got {size:?}, expected [1, X, Y, Z]") });
        };
        if x * y * z == 0 {
            return Err(Fault::Shape { what: "window", text: format!("has no voxels: {size:?}") });
        }
        let flat = data.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view(-1);
        let values = Vec::try_from(flat).expect("a flat tensor of float32");
        Ok(Self { shape: [x, y, z].map(|n| n as usize), values })
    }

    /// `[1, X, Y, Z]`.
    pub fn tensor(&self) -> Tensor {
        let [x, y, z] = self.shape.map(|n| n as i64);
        Tensor::from_slice(&self.values).view([1, x, y, z])
    }

    /// Where the number at `x`, `y`, `z` stands.
    pub fn index(&self, [x, y, z]: [usize; 3]) -> usize {
        (x * self.shape[1] + y) * self.shape[2] + z
    }

    /// Other numbers on the same grid.
    fn with(&self, values: Vec<f32>) -> Self {
        Self { shape: self.shape, values }
    }
}

/// Reversed along x.
pub fn flip_x(grid: &Grid) -> Grid {
    let plane = grid.shape[1] * grid.shape[2];
    grid.with(grid.values.chunks_exact(plane).rev().flatten().copied().collect())
}

/// Gaussian blur, sigma in voxels per axis, cut at 4 sigma; the border's values are repeated.
pub fn blur(grid: &Grid, sigma: [f64; 3]) -> Grid {
    grid.with(gaussian(&grid.values, grid.shape, sigma, 4.0, Border::Reflect, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_its_tensor() {
        let data = Tensor::arange(24, (Kind::Int64, Device::Cpu)).view([1, 2, 3, 4]);
        let grid = Grid::new(&data).unwrap();
        assert_eq!(grid.values[grid.index([1, 2, 3])], 23.0);
        assert!(grid.tensor().equal(&data.to_kind(Kind::Float)));
        assert_eq!(flip_x(&grid).values[..3], [12.0, 13.0, 14.0]);
        let fault = Grid::new(&data.view([2, 12])).unwrap_err().to_string();
        assert_eq!(fault, "window: got [2, 12], expected [1, X, Y, Z]");
    }
}
