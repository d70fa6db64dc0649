//! Parts that several papers share: what two plugins need stands here once.
//!
//! A library without operators. A network declares its layers through a [`Builder`], under the names of the authors'
//! checkpoints; the [`Entries`] that remain are the module's state, and the layers share their storage. The module holds it all
//! as [`Placed`], which knows device and precision.

mod builder;
mod copies;
mod entries;
mod join;
mod layers;
pub mod pillow;
mod placed;
pub mod resnet;
pub mod spatial;
mod start;

pub use builder::Builder;
pub use copies::Copies;
pub use entries::{Entries, Named};
pub use join::Join;
pub use layers::{BatchNorm, Conv, ConvConfig, ConvTranspose, Linear, Mode, PRelu, conv3d, prelu};
pub use placed::{FORWARD, NETWORK, Placed};
pub use start::Start;
