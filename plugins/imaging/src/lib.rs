//! Volumes: files, geometry, intensity, windows, metrics and previews.
//!
//! Each operator is one file: parameters, description, node, kernel, tests. Kernels are plain functions.

// Files and geometry.
pub mod cases;
mod dicom;
pub mod formats;
pub mod geometry;
pub mod nifti;
mod palette;
pub mod place;
pub mod preview;
pub mod raster;
pub mod read;
pub mod reorient;
pub mod table;
mod volume_file;
mod whole;
pub mod write;

// Grids, intensity, windows, label maps, metrics.
pub mod blend;
pub mod channel;
pub mod clip;
pub mod components;
pub mod crop;
pub mod from_tensor;
pub mod labels;
pub mod metrics;
pub mod normalise;
pub mod pad;
pub mod resample;
mod tensor;
pub mod threshold;
pub mod to_tensor;
pub mod windows;
