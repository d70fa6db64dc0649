//! Tensors by name, in the order of their file.

use crate::{Dtype, Fault};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt;

/// One tensor: contiguous, row-major, little-endian.
#[derive(Clone, PartialEq, Eq)]
pub struct Tensor {
    pub name: String,
    pub dtype: Dtype,
    /// Sizes, slowest dimension first; empty for a single number.
    pub shape: Vec<usize>,
    /// `shape`'s product times `dtype.size()` bytes; cloning shares them.
    pub bytes: Bytes,
}

impl Tensor {
    pub fn new(name: impl Into<String>, dtype: Dtype, shape: Vec<usize>, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.into(), dtype, shape, bytes: bytes.into() }
    }

    /// Bytes that shape and type ask for; `None` where they do not fit into memory.
    pub fn expected_len(&self) -> Option<usize> {
        byte_len(&self.shape, self.dtype)
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{:?}", self.name, self.dtype, self.shape)
    }
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tensors {
    /// In the order of the file.
    pub tensors: Vec<Tensor>,
    /// The text metadata of a safetensors file; empty for PyTorch's.
    pub metadata: BTreeMap<String, String>,
    /// Names beside the tensors whose values are no tensors (a version number, for example).
    pub left_out: Vec<String>,
}

impl Tensors {
    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// Takes `prefix` off every name where every name has it; says whether it did.
    ///
    /// PyTorch's `DataParallel` puts `module.` before all names of the network that it wraps.
    pub fn strip_prefix(&mut self, prefix: &str) -> bool {
        let all =
            !self.tensors.is_empty() && self.tensors.iter().all(|t| t.name.len() > prefix.len() && t.name.starts_with(prefix));
        if all {
            for tensor in &mut self.tensors {
                tensor.name.drain(..prefix.len());
            }
        }
        all
    }
}

pub(crate) fn byte_len(shape: &[usize], dtype: Dtype) -> Option<usize> {
    // A zero anywhere makes the tensor empty, whatever the other sizes are.
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(dtype.size(), |n, &size| n.checked_mul(size))
}

/// Refuses two tensors of one name.
pub(crate) fn check_unique(tensors: &[Tensor]) -> Result<(), Fault> {
    let mut names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Fault::damaged(format!("two tensors are named `{}`", pair[0]))),
        None => Ok(()),
    }
}
