//! Overlapping windows of a volume.

mod layout;

pub use layout::Layout;
