//! Pairs of overlapping windows of one CT, as the paper cuts them from LUNA16.

mod intensity;
mod pairs;
mod resize;
mod window;

pub use intensity::{isotropic, unit_range};
pub use pairs::{Pair, PairRule, tissue};
pub use resize::resized;
pub use window::{Window, WindowRule, iou};
