//! DoDNet (J. Zhang, Y. Xie, Y. Xia, C. Shen, CVPR 2021): one network for many organs and tumours, learned from volumes
//! of which each shows the labels of one task only.
//!
//! Kernels are plain functions on tensors and slices; `operators` makes steps of a pipeline of them.

mod fault;
pub mod loss;
pub mod network;

pub use fault::{Fault, Result};
