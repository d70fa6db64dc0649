//! Steps of pipelines.

mod backbone;
mod coarse;
mod conditions;
mod disagreement;
mod expertness;
mod loss;
mod metrics;
mod network_params;
mod perception;
mod reconstruction;
mod reliability;
mod sample;

pub use coarse::CoarseModule;
pub use conditions::Conditions;
pub use disagreement::Disagreement;
pub use expertness::{Expertness, SoftTruth};
pub use loss::{Loss, RaterLoss};
pub use metrics::Metrics;
pub use perception::PerceptionModule;
pub use reconstruction::ReconstructionModule;
pub use reliability::ReliabilityCurve;
pub use sample::Sample;
