//! MRNet (W. Ji et al., CVPR 2021): calibrated segmentation that learns from the agreement and disagreement of several raters.
//!
//! Kernels are plain functions on tensors; `operators` makes steps of a pipeline of them.

mod fault;

// The three networks.
pub mod network;

// Raters and what is learned from them.
pub mod expertness;
pub mod losses;

// Data.
pub mod pictures;

// Results.
pub mod calibration;

// Steps of pipelines.
pub mod operators;

pub use fault::{Fault, Result};

voxloom_sdk::export! {
    name: "mrnet",
    operators: [
        module operators::CoarseModule,
        module operators::ReconstructionModule,
        module operators::PerceptionModule,
        op operators::Conditions,
        op operators::Expertness,
        op operators::SoftTruth,
        op operators::Loss,
        op operators::RaterLoss,
        op operators::Metrics,
        gather operators::ReliabilityCurve,
        op operators::Disagreement,
        op operators::Sample,
    ]
}
