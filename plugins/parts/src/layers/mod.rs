//! Layers with PyTorch's names and defaults; 2-D and 3-D.

mod batch_norm;
mod conv;
mod conv3d;
mod linear;
mod prelu;

pub use batch_norm::{BatchNorm, Mode};
pub use conv::{Conv, ConvConfig, ConvTranspose};
pub use conv3d::conv3d;
pub use linear::Linear;
pub use prelu::{PRelu, prelu};

#[cfg(test)]
mod tests;
