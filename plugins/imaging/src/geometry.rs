//! Where voxels lie: 4x4 matrices from voxel (i, j, k) to RAS+ millimetres, in f64.
//!
//! Orientation is named as nibabel does (`RAS`: i runs to the right, j to the front, k up). Changing it only permutes and
//! flips axes, so that no value is interpolated and the way back is exact.

mod axes;
mod matrix;

pub use axes::{Code, Plan, orientation, parse_code, plan};
pub use matrix::{IDENTITY, Matrix, apply, corner_distance, corners, determinant, inverse, multiply, spacing};
