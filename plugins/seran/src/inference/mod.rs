//! Using a network: averages over symmetries, slices in quarters.

mod chop;
mod ensemble;

pub use chop::{Chop, chop};
pub use ensemble::self_ensemble;
