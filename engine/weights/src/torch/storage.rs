//! From storage, offset and strides to contiguous little-endian bytes.

use crate::pickle::{Storage, TensorSpec};
use crate::tensors::byte_len;
use crate::{Dtype, Fault};
use bytes::Bytes;

/// The runs of bytes of a file, and how much may still be copied out of them.
pub(crate) struct Storages<F> {
    find: F,
    big_endian: bool,
    /// Bytes that copies may take: strides of 0 would let a few bytes become any number.
    budget: usize,
}

impl<F: Fn(&str) -> Option<Bytes>> Storages<F> {
    /// Copies may take 16 times the file's size together (and 16 MiB at least); tensors that lie contiguous are not copied.
    pub(crate) fn new(file_len: usize, big_endian: bool, find: F) -> Self {
        Self { find, big_endian, budget: file_len.saturating_mul(16).max(16 << 20) }
    }

    /// The elements of `tensor`, row-major.
    pub(crate) fn gather(&mut self, name: &str, tensor: &TensorSpec, storage: &Storage) -> Result<Bytes, Fault> {
        let fault = |what: String| Fault::damaged(format!("tensor `{name}` {what}"));
        let whole =
            (self.find)(&storage.key).ok_or_else(|| fault(format!("names storage `{}`, which is missing", storage.key)))?;
        let unit = tensor.dtype.size();
        let bytes = extent(storage, &whole).ok_or_else(|| {
            fault(format!("names {} elements of storage `{}`, which has {} bytes", storage.len, storage.key, whole.len()))
        })?;
        let outside = || fault(format!("of shape {:?} reaches beyond its storage of {} bytes", tensor.shape, bytes.len()));
        let len = byte_len(&tensor.shape, tensor.dtype).ok_or_else(outside)?;
        if len == 0 {
            return Ok(Bytes::new());
        }
        let start = tensor.offset.checked_mul(unit).ok_or_else(outside)?;
        let end = last(tensor).and_then(|last| last.checked_add(1)?.checked_mul(unit)).ok_or_else(outside)?;
        if end > bytes.len() {
            return Err(outside());
        }
        if is_contiguous(tensor) && !(self.big_endian && unit > 1) {
            return Ok(bytes.slice(start..start + len));
        }
        self.budget = self
            .budget
            .checked_sub(len)
            .ok_or_else(|| fault(format!("of shape {:?} asks for far more memory than the file holds", tensor.shape)))?;
        let mut out = Vec::with_capacity(len);
        copy(&mut out, &bytes, tensor, unit);
        if self.big_endian {
            out.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        }
        Ok(out.into())
    }
}

/// The storage's own part of the stored run.
fn extent(storage: &Storage, whole: &Bytes) -> Option<Bytes> {
    let unit = storage.dtype.map_or(1, Dtype::size);
    let start = storage.start.checked_mul(unit)?;
    let end = start.checked_add(storage.len.checked_mul(unit)?)?;
    (end <= whole.len()).then(|| whole.slice(start..end))
}

/// Index of the furthest element; no size is 0.
fn last(tensor: &TensorSpec) -> Option<usize> {
    tensor
        .shape
        .iter()
        .zip(&tensor.strides)
        .try_fold(tensor.offset, |at, (&size, &stride)| at.checked_add((size - 1).checked_mul(stride)?))
}

fn is_contiguous(tensor: &TensorSpec) -> bool {
    let mut expected = 1;
    tensor.shape.iter().zip(&tensor.strides).rev().all(|(&size, &stride)| {
        let fits = size == 1 || stride == expected;
        expected *= size;
        fits
    })
}

/// Walks the indices as an odometer; `last` was held against the storage, so every element lies inside.
fn copy(out: &mut Vec<u8>, bytes: &[u8], tensor: &TensorSpec, unit: usize) {
    let mut index = vec![0usize; tensor.shape.len()];
    let mut at = tensor.offset;
    loop {
        out.extend_from_slice(&bytes[at * unit..(at + 1) * unit]);
        let mut dim = tensor.shape.len();
        loop {
            if dim == 0 {
                return;
            }
            dim -= 1;
            index[dim] += 1;
            at += tensor.strides[dim];
            if index[dim] < tensor.shape[dim] {
                break;
            }
            at -= tensor.strides[dim] * tensor.shape[dim];
            index[dim] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(shape: &[usize], strides: &[usize], offset: usize, big_endian: bool) -> Result<Vec<u8>, String> {
        let storage = Storage { dtype: Some(Dtype::I16), key: "0".into(), len: 6, start: 0 };
        let tensor = TensorSpec { storage: 0, dtype: Dtype::I16, offset, shape: shape.into(), strides: strides.into() };
        let bytes: Bytes = (0..12).collect::<Vec<u8>>().into();
        let mut storages = Storages::new(12, big_endian, |_| Some(bytes.clone()));
        storages.gather("w", &tensor, &storage).map(Into::into).map_err(|e| e.to_string())
    }

    #[test]
    fn takes_views_transposes_and_expansions() {
        assert_eq!(gather(&[2], &[1], 3, false).unwrap(), [6, 7, 8, 9]);
        assert_eq!(gather(&[3, 2], &[1, 3], 0, false).unwrap(), [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
        assert_eq!(gather(&[2, 1], &[0, 7], 5, false).unwrap(), [10, 11, 10, 11]);
        assert_eq!(gather(&[], &[], 1, false).unwrap(), [2, 3]);
        assert!(gather(&[0, 9], &[1, 1], 0, false).unwrap().is_empty());
        assert_eq!(gather(&[2], &[1], 0, true).unwrap(), [1, 0, 3, 2]);
    }

    #[test]
    fn refuses_what_lies_outside_or_grows_without_end() {
        assert!(gather(&[4], &[2], 0, false).unwrap_err().contains("`w` of shape [4] reaches beyond its storage of 12 bytes"));
        assert!(gather(&[2], &[usize::MAX], 0, false).unwrap_err().contains("beyond"));
        assert!(gather(&[1 << 30], &[0], 0, false).unwrap_err().contains("far more memory than the file holds"));
        assert!(gather(&[1 << 40, 1 << 40], &[0, 0], 0, false).unwrap_err().contains("beyond"));
    }
}
