//! Tensors and volumes, by libtorch.

mod affine;
mod kind;
mod runtime;
mod store;
mod tensor;
mod volume;
mod weight;

pub use affine::Affine;
pub use kind::{dtype_name, kind_of};
pub use runtime::{LIBTORCH, Torch};
pub use store::{WeightsStore, extra_of_file, tensor_of_file};
pub use tensor::tensor_of;
pub use volume::Volume;
pub use weight::Weight;
