//! Named tensors in files, without a tensor library: reads safetensors and PyTorch checkpoints, writes safetensors.
//!
//! A PyTorch checkpoint is a pickle, a little program that Python would run. Here a restricted reader follows it: it knows
//! tensors, dictionaries and plain values, refuses every other name that the file asks for, and executes nothing.
//! Every size is held against the file's own; a damaged or hostile file is an error, never a panic.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use voxloom_weights::{Dtype, Tensor, read, write_safetensors};
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("net.safetensors");
//! let bias = Tensor::new("bias", Dtype::F32, vec![2], [1.0f32, 2.0].map(f32::to_le_bytes).concat());
//! write_safetensors(&path, &[bias.clone()], &Default::default())?;
//! assert_eq!(read(&path)?.get("bias"), Some(&bias));
//! # Ok(())
//! # }
//! ```

mod dtype;
mod error;
mod half;
mod names;
mod pickle;
mod read;
mod safetensors;
mod tensors;
mod torch;
mod write;

pub use dtype::Dtype;
pub use error::{Error, Fault, Result};
pub use half::to_half;
pub use names::{Mismatch, Misshapen, match_names};
pub use read::{read, read_bytes, read_part};
pub use tensors::{Tensor, Tensors};
pub use write::{to_safetensors, write_safetensors};
