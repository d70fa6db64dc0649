//! PCRL (H.-Y. Zhou, C. Lu, S. Yang, X. Han, Y. Yu, ICCV 2021): encoders for medical images, learned without labels by
//! contrast, and by reconstructing several transformed versions of an image from one representation.
//!
//! Kernels are plain functions on tensors; `operators` makes steps of a pipeline of them.

mod fault;

// The models.
pub mod network;

// What is learned.
pub mod contrast;
pub mod iteration;
pub mod objective;

// Images before they are learned from, and what a pretrained encoder is for.
pub mod augment;
pub mod finetune;
pub mod prepare;

// Steps of pipelines.
pub mod operators;

pub use fault::{Fault, Result};

voxloom_sdk::export! {
    name: "pcrl",
    operators: [
        module operators::Student,
        module operators::Teacher,
        module operators::Bank,
        op operators::Draws,
        op operators::Mix,
        op operators::Objective,
        gather operators::Batch,
        op operators::Report,
        op operators::Views2d,
        op operators::Views3d,
        scatter operators::Pairs3d,
        op operators::Windows3d,
        module operators::Classifier,
        module operators::Segmenter,
        op operators::PictureParams,
        op operators::Findings,
        op operators::Lists,
        op operators::SegmentLoss,
        op operators::Scores,
        gather operators::Auc,
        op operators::Dice,
    ]
}
