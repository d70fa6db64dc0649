//! Parts that several papers share: what two plugins need stands here once.
//!
//! A library without operators. A network declares its layers through a [`Builder`], under the names of the authors'
//! checkpoints; the [`Entries`] that remain are the module's state, and the layers share their storage.

mod builder;
mod entries;
mod layers;
pub mod pillow;
pub mod resnet;
pub mod spatial;
mod start;

pub use builder::Builder;
pub use entries::{Entries, Named};
pub use layers::{BatchNorm, Conv, ConvConfig, ConvTranspose, Linear, Mode, PRelu};
pub use start::Start;
