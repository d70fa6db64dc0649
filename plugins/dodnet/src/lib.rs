//! DoDNet (J. Zhang, Y. Xie, Y. Xia, C. Shen, CVPR 2021): one network for many organs and tumours, learned from volumes
//! of which each shows the labels of one task only.
//!
//! Kernels are plain functions on tensors and slices; `operators` makes steps of a pipeline of them.

mod fault;

// The model.
pub mod loss;
pub mod network;

// Data.
pub mod augment;
pub mod data;
pub mod respace;
pub mod tasks;

// Results.
pub mod conditioning;
pub mod inference;
pub mod postprocess;

// Steps of pipelines.
pub mod operators;

pub use fault::{Fault, Result};

voxloom_sdk::export! {
    name: "dodnet",
    operators: [
        module operators::DodNet,
        op operators::PartialLoss,
        op operators::Prepare,
        op operators::Sample,
        op operators::Augment,
        op operators::Ensemble,
        op operators::Labels,
        op operators::Postprocess,
        module operators::Conditioning,
    ]
}
