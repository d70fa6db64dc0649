//! SERAN (Y. Zhang, K. Li, K. Li, Y. Fu, CVPR 2021): super-resolution of MR slices by a network whose attention blocks reason
//! over a few descriptors of the whole slice. A reconstruction from published parts; there is no official code.
//!
//! Kernels are plain functions on tensors; `operators` makes steps of a pipeline of them.

mod fault;

// The model.
pub mod network;

// Data.
pub mod degrade;
pub mod guard;
pub mod patches;
pub mod slices;

// Results.
pub mod inference;

// Steps of pipelines.
pub mod operators;

pub use fault::{Fault, Result};

voxloom_sdk::export! {
    name: "seran",
    operators: [
        module operators::Seran,
        op operators::Degrade,
        op operators::Upsample,
        op operators::Patches,
        scatter operators::Batches,
        module operators::Guard,
    ]
}
