//! NIfTI-1 and NIfTI-2, read and written by hand over `flate2`; knows files and numbers, no tensors and no engine.
//!
//! Reading is strict: a file either reads as its header says or is refused with the file, the fault and what to do. Nothing
//! is guessed, and no size in a header is believed before the file has shown that it can hold it.

mod bytes;
mod datatype;
mod extension;
mod fault;
mod foreign;
mod fresh;
mod header;
mod label_table;
mod layout;
mod names;
mod placement;
mod read;
mod source;
mod stats;
mod stored;
mod voxels;
mod write;

pub use bytes::Endian;
pub use datatype::DataType;
pub use extension::{Extension, LABEL_TABLE_CODE, parse as parse_extensions};
pub use fault::{Error, Fault};
pub use header::{Header, Version};
pub use label_table::label_table;
pub use names::{Pair, case_name, is_image_name};
pub use placement::{Placement, PlacementSource, place};
pub use read::{Head, Image, read, read_head, read_sources};
pub use source::Source;
pub use stats::{LabelStats, label_stats};
pub use voxels::{Scaling, Voxels};
pub use write::{Content, Output, Written, write};
