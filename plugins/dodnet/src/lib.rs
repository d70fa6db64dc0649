//! DoDNet (J. Zhang, Y. Xie, Y. Xia, C. Shen, CVPR 2021): one network for many organs and tumours, learned from volumes
//! of which each shows the labels of one task only.
//!
//! Kernels are plain functions on tensors and slices; `operators` makes steps of a pipeline of them.

mod fault;

// The model.
pub mod network;
pub mod loss;

// Data.
pub mod tasks;
pub mod respace;
pub mod data;
pub mod augment;

// Results.
pub mod inference;
pub mod postprocess;
pub mod conditioning;

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
