//! Volumes on other grids: separable interpolation, one axis at a time, with half-pixel centres.
//!
//! The kernels here know slices and numbers only; `operator` holds `imaging.resample`, `grid` the geometry.

mod axis;
mod grid;
mod operator;
mod pass;
mod spline;
mod volume;

use axis::AxisOperator;
pub use axis::{AxisMap, Border, Interpolation};
pub use grid::{Alignment, Misaligned, size_for_spacing};
pub use operator::{Beyond, Order, Resample};
pub(crate) use pass::in_parallel;
pub use volume::{correlate, gaussian, gaussian_kernel, nearest, resample};

/// A floating-point element type of the kernels.
pub trait Real:
    Copy + Send + Sync + std::ops::Add<Output = Self> + std::ops::Sub<Output = Self> + std::ops::Mul<Output = Self>
{
    const ZERO: Self;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    fn from_f64(value: f64) -> Self {
        value as Self
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
}
