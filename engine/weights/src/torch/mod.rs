//! PyTorch's checkpoints: where their pickle and their storages lie, and which of their maps are the weights.

mod archive;
mod legacy;
mod storage;
mod tree;

pub(crate) use archive::read_zip;
pub(crate) use legacy::read_legacy;
