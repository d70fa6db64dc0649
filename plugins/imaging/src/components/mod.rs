//! Connected components of masks, and label maps cleaned by rules about them.

mod runs;

pub use runs::{Components, Connectivity};
