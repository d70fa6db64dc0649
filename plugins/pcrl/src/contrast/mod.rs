//! The contrastive part: unit vectors, the queue of old keys, noise-contrastive estimation, and the draws that mix a batch.

mod draws;
mod nce;
mod queue;

pub use draws::{Draws, Mixing, fold};
pub use nce::{nce, partition, scores, softmax, unit};
pub use queue::{Contrast, Queue, QueueConfig, Variant, owner};
