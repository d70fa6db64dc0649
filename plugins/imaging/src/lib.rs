//! Volumes: files, geometry, intensity, windows, metrics and previews.
//!
//! Each operator is one file: parameters, description, node, kernel, tests. Kernels are plain functions.

// Files and geometry.
pub mod geometry;
pub mod nifti;
mod palette;

// Grids, intensity, windows, label maps, metrics.
pub mod resample;
pub mod windows;
pub mod blend;
pub mod labels;
pub mod components;
pub mod metrics;
