//! From a case to a training sample: intensities, labels of one task, where to cut, how to turn.

mod channels;
mod crop;
mod intensity;
mod sample;

pub use channels::{channels, extent};
pub use crop::{Starts, starts};
pub use intensity::{clip_percentiles, window, z_score};
pub(crate) use sample::values;
pub use sample::{Draws, SampleRule, cut, padded};
