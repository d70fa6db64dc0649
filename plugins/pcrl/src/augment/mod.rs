//! What is done to images before they are learned from, and the vector that says which flips and turns were done.
//!
//! 2D works on 8-bit pictures, exactly as Pillow rounds them; 3D on float32 volumes in the order x, y, z.

mod cutout;
mod normalise;
pub mod picture;
mod turn;
mod views2d;
mod views3d;
pub mod volume;

pub use cutout::{Cutout, cut};
pub use normalise::{IMAGENET_MEAN, IMAGENET_STD, normalised};
pub use picture::Picture;
pub use turn::Turn;
pub use views2d::{CropRule, PictureRule};
pub use views3d::VolumeRule;
pub use volume::Grid;

use tch::Tensor;

/// One view of an image: what the network sees, what it is to reconstruct, and how the two differ.
#[derive(Debug)]
pub struct View {
    /// The corrupted input.
    pub x: Tensor,
    /// The input, flipped and turned: what the gated branch reconstructs.
    pub m: Tensor,
    /// The clean crop: what the mixup branch reconstructs.
    pub g: Tensor,
    /// Which flips and turn lead from `x` to `m`.
    pub v: Tensor,
}
