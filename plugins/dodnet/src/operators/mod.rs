//! The steps that pipelines are made of, one file each.

mod params;

mod loss;
mod network;
mod transfer;

mod augment;
mod prepare;
mod sample;

mod conditioning;
mod ensemble;
mod labels;
mod postprocess;

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
