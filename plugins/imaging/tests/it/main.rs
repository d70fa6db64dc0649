//! Integration tests of the imaging plugin, in one binary to link once.

use std::path::PathBuf;

// A small engine to call operators with.
mod host;

// Files and geometry.
mod dicom;
mod dicom_choices;
mod files;
mod fuzz;
mod headers;
mod pictures;
mod previews;
mod read;
mod write;
mod written_pictures;

// Grids, intensity, windows, metrics.
mod labels;
mod patches;
mod reference;
mod suite;
mod tensors;

/// A folder or file of `tests/data`.
fn data(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data")).join(name)
}

/// The cases of one operator, under `tests/suite/imaging`.
fn suite(operator: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/suite/imaging")).join(operator)
}
