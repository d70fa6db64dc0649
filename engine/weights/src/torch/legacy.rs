//! The form from before PyTorch 1.6: pickles one after the other, then the storages.
//!
//! magic number, protocol version, the machine's facts, the object, the storages' keys, and for each key its number of
//! elements (eight bytes) and its elements. Elements are little-endian on every machine.

use super::storage::Storages;
use super::tree;
use crate::pickle::{Heap, Input, Value, run};
use crate::{Fault, Tensors};
use bytes::Bytes;
use std::collections::HashMap;

/// PyTorch's `MAGIC_NUMBER`.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const PROTOCOL: i128 = 1001;

pub(crate) fn read_legacy(file: &Bytes, part: Option<&str>) -> Result<Tensors, Fault> {
    let mut heap = Heap::default();
    let mut input = Input::new(file);
    if !matches!(run(&mut input, &mut heap)?, Value::Int(MAGIC)) {
        return Err(Fault::NotWeights("it is a pickle, but not one of PyTorch's".to_owned()));
    }
    match run(&mut input, &mut heap)? {
        Value::Int(PROTOCOL) => {}
        other => return Err(Fault::Unsupported(format!("PyTorch's protocol version is {other:?}, expected {PROTOCOL}"))),
    }
    run(&mut input, &mut heap)?;
    let top = run(&mut input, &mut heap)?;
    let keys = run(&mut input, &mut heap)?;
    let sizes = element_sizes(&heap)?;
    let mut runs: HashMap<String, Bytes> = HashMap::new();
    for key in heap.items(&keys)? {
        let Value::Text(key) = key else {
            return Err(Fault::damaged("a storage's key is not text"));
        };
        let element = *sizes.get(&**key).ok_or_else(|| Fault::damaged(format!("storage `{key}` belongs to no tensor")))?;
        let n = input.length::<8>()?;
        let len = n.checked_mul(element).ok_or_else(|| Fault::damaged(format!("storage `{key}` has {n} elements")))?;
        let start = input.position();
        input.take(len)?;
        runs.insert(key.to_string(), file.slice(start..start + len));
    }
    let mut storages = Storages::new(file.len(), false, |key| runs.get(key).cloned());
    tree::tensors(&heap, &top, &mut storages, part)
}

/// Bytes of an element, by storage key: the stream itself counts elements only.
fn element_sizes(heap: &Heap) -> Result<HashMap<&str, usize>, Fault> {
    let mut sizes = HashMap::new();
    for storage in heap.storages() {
        let size = storage.dtype.map_or(1, crate::Dtype::size);
        if *sizes.entry(&*storage.key).or_insert(size) != size {
            return Err(Fault::damaged(format!("storage `{}` has two element types", storage.key)));
        }
    }
    Ok(sizes)
}
