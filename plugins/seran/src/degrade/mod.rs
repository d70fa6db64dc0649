//! From fine to coarse slices, and the baselines back: bicubic interpolation and truncation of k-space.

mod bicubic;
mod kspace;

pub use bicubic::{bicubic_down, bicubic_up};
pub use kspace::{truncate, zero_fill};

use crate::{Fault, Result};
use tch::Tensor;

/// How a coarse slice comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Degradation {
    /// MATLAB's `imresize`, bicubic with antialiasing.
    Bicubic,
    /// The low frequencies alone, as a shorter acquisition would measure them.
    KSpace,
}

/// Where coarse samples lie among the fine ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// Sample j lies at `s·j + (s-1)/2`: both grids cover the same extent.
    Center,
    /// Sample j lies at `s·j`: the first samples coincide. Flipping such a pair moves its halves apart.
    Corner,
}

/// Cut at the end of rows and columns, so that both are multiples of `scale`.
///
/// # Errors
/// A slice smaller than `scale`.
pub fn crop(slices: &Tensor, scale: i64) -> Result<Tensor> {
    let size = slices.size();
    let (h, w) = (size[size.len() - 2], size[size.len() - 1]);
    if h < scale || w < scale {
        let text = format!("slices of {h} by {w} are too small to be made {scale} times coarser");
        return Err(Fault::Shape { what: "volume", text });
    }
    Ok(slices.narrow(-2, 0, h / scale * scale).narrow(-1, 0, w / scale * scale))
}

/// Coarse slices; float64 inside and out.
///
/// # Shapes
/// - in:  `[…, H, W]`, multiples of `scale` (see [`crop`])
/// - out: `[…, H/scale, W/scale]`
pub fn degrade(slices: &Tensor, scale: i64, how: Degradation, alignment: Alignment) -> Tensor {
    match how {
        Degradation::Bicubic => bicubic_down(slices, scale),
        Degradation::KSpace => truncate(slices, scale, alignment),
    }
}
