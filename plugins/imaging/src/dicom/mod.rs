//! DICOM as volumes and cases, and label maps as SEG. What is legal in a file is decided in `voxloom-dicom`.

mod cases;
mod read;
mod slices;
mod write;

pub(crate) use cases::{in_file, in_folder};
pub(crate) use read::{head, labels, volume};
pub(crate) use slices::Slices;
use slices::series;
pub(crate) use voxloom_dicom::MARKS;
pub(crate) use write::{ENDING, Segments, description, segments};

use std::io::Read;
use std::path::Path;

/// Endings that DICOM files go by, where they have one.
const ENDINGS: [&str; 3] = ["dcm", "dicom", "ima"];

/// Whether a path is read as DICOM: a folder, a file whose name says so, or one that begins as DICOM does.
pub(crate) fn is_dicom(path: &Path) -> bool {
    path.is_dir() || has_ending(path) || begins_as_dicom(path)
}

/// Whether a file's name says DICOM.
pub(crate) fn has_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

fn begins_as_dicom(path: &Path) -> bool {
    let mut start = [0; 132];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start.ends_with(b"DICM")
}
