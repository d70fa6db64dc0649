//! The steps that pipelines are made of, one file each.

mod params;

mod network;
mod transfer;
mod loss;

mod prepare;
mod sample;
mod augment;

mod ensemble;
mod labels;
mod postprocess;
mod conditioning;

pub use augment::Augment;
pub use conditioning::{Conditioning, ConditioningParams};
pub use ensemble::Ensemble;
pub use labels::Labels;
pub use loss::PartialLoss;
pub use network::{DodNet, NetworkParams};
pub use params::{Range, Tasks};
pub use postprocess::Postprocess;
pub use prepare::Prepare;
pub use sample::Sample;
