//! The three networks, with the authors' names.

mod aspp;
mod coarse;
mod conditions;
mod config;
mod eim;
mod kernel;
mod perception;
mod reconstruction;
mod widen;

pub use coarse::{Coarse, CoarseOutput, Encoded};
pub use config::{DIVISOR, NetworkConfig};
pub use kernel::gaussian;
pub use perception::{Perception, Refined, disagreement};
pub use reconstruction::{Reconstruction, Seen};
