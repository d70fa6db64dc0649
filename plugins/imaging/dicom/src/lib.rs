//! DICOM: from files to volumes, and from label maps to segmentation objects.
//!
//! Parsing is dicom-rs; what makes a series a volume, and a label map a SEG, is here. No tensors, no engine.

// One file.
mod attributes;
mod class;
mod fault;
mod file;
mod guard;
mod pixels;
mod syntax;

// Many files.
mod series;
mod values;
mod vector;
mod volume;

// Label maps.
pub mod seg;

pub use fault::Fault;
pub use file::{Depth, File};
pub use pixels::{Color, Format, Number, Samples, Stored};
pub use series::{Damaged, Found, Head, Holds, MARKS, Origin, Place, Plane, Rescale, Series, Stack, Where, find, gather};
pub use syntax::{Coding, Layout, Syntax};
pub use values::{Kind, Values};
pub use volume::{Volume, grid, series_of, series_of_files};
