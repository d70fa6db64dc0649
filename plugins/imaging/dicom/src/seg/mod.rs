//! DICOM SEG: label maps written as binary segmentations that refer to their source, and read back.

mod codes;
mod describe;
mod element;
mod frames;
mod grid;
mod read;
mod uid;
mod write;

pub use read::{Segment, SegmentFrame, Segmentation, is_segmentation};
pub use write::{Request, encode};
