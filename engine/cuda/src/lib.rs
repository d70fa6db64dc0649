//! Lanes on CUDA streams.
//!
//! Nothing is linked: the symbols are looked up in `libtorch_cuda.so` and `libcudart.so` at run time, so that one program
//! serves machines with and without a GPU. Where a library, a driver or a device is missing, [`Cuda::open`] says which.
//!
//! Streams come from libtorch's own pool, because libtorch's allocator and autograd know only those.

mod device;
mod event;
mod lane;
mod library;

pub use device::Cuda;
pub use library::{Absent, Places};
