//! Optimizers: modules that use networks and step their trainable weights.

mod adam;
mod gradients;
mod memory;
mod module;
mod params;
mod sgd;

pub use adam::{Adam, AdamW};
pub use module::Optimizer;
pub use params::{Common, LossScale, Rule};
pub use sgd::Sgd;
