//! Volumes: files, geometry, intensity, windows, metrics and previews.
//!
//! Each operator is one file: parameters, description, node, kernel, tests. Kernels are plain functions.

// Files and geometry.
pub mod geometry;
pub mod nifti;
mod palette;
mod volume_file;
pub mod cases;
pub mod read;
pub mod write;
pub mod reorient;
pub mod preview;
pub mod table;

// Grids, intensity, windows, label maps, metrics.
mod tensor;
pub mod resample;
pub mod crop;
pub mod pad;
pub mod clip;
pub mod normalise;
pub mod windows;
pub mod blend;
pub mod labels;
pub mod components;
pub mod metrics;
