//! Overlapping windows of a volume.

mod layout;
mod operator;

pub use layout::Layout;
pub use operator::Windows;
