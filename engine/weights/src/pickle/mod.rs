//! A reader of pickles that executes nothing.
//!
//! Rationale: `serde-pickle` (the crate for pickles) has neither persistent ids, which PyTorch's storages are, nor a way to
//! answer `REDUCE` for chosen names; checkpoints cannot be read with it.

mod build;
mod bytes;
mod globals;
mod machine;
mod value;

pub(crate) use bytes::Input;
pub(crate) use machine::run;
pub(crate) use value::{Heap, Storage, TensorSpec, Value};
