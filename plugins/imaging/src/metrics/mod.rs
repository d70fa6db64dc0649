//! How good a result is: overlap, surface distances, image similarity. Each definition says whose it is.

mod edt;
mod join;
mod likeness;
mod operator;
mod overlap;
mod protocol;
mod similarity;
mod summary;
mod surface;

pub use edt::squared_distances;
pub use join::Join;
pub use likeness::Similarity;
pub use operator::{BothEmpty, Metrics, Structure};
pub use overlap::{Overlap, WhenEmpty};
pub use protocol::{Named, Protocol, WindowName};
pub use similarity::{Ssim, Window, psnr};
pub use summary::Summary;
pub use surface::{OFFICIAL_ONE_EMPTY, SurfaceDistances, bounding_box, hd95_official, surface};
