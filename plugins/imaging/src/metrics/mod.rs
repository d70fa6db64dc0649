//! How good a result is: overlap, surface distances, image similarity. Each definition says whose it is.

mod edt;
mod overlap;
mod similarity;
mod surface;

pub use edt::squared_distances;
pub use overlap::{Overlap, WhenEmpty};
pub use similarity::{Ssim, Window, psnr};
pub use surface::{OFFICIAL_ONE_EMPTY, SurfaceDistances, bounding_box, hd95_official, surface};
