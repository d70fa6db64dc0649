//! The steps that pipelines are made of, one file each.

mod checkpoint;
mod network;
mod options;
mod params;
mod upscale;

mod degrade;
mod guard;
mod patches;
mod upsample;

pub use degrade::{Degrade, Method};
pub use guard::{Guard, GuardParams};
pub use network::Seran;
pub use options::NetworkParams;
pub use params::{Grid, SliceAxis};
pub use patches::{Batches, Patches};
pub use upsample::{Upsample, Way};
