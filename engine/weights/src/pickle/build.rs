//! The few calls that are answered: storages by persistent id, tensors and dictionaries by `REDUCE`.

use super::globals::Global;
use super::value::{Heap, Storage, TensorSpec, Value};
use crate::Fault;

/// Answers `callable(*args)`; whatever is not a tensor or dictionary is set aside.
pub(crate) fn call(heap: &mut Heap, callable: &Value, args: &Value) -> Result<Value, Fault> {
    match callable {
        Value::Global(Global::RebuildTensor) => rebuild_tensor(heap, args),
        Value::Global(Global::RebuildParameter) => match heap.items(args)?.first() {
            Some(tensor @ Value::Tensor(_)) => Ok(tensor.clone()),
            _ => Err(Fault::damaged("a parameter without its tensor")),
        },
        Value::Global(Global::OrderedDict) => ordered_dict(heap, args),
        Value::Global(Global::Storage(_)) => Err(Fault::damaged("a storage that is made by a call")),
        _ => Ok(Value::Other),
    }
}

/// `('storage', class, key, location, n_elements[, view])`.
pub(crate) fn persistent(heap: &mut Heap, id: &Value) -> Result<Value, Fault> {
    let (kind, class, key, len, view) = match heap.items(id)? {
        [Value::Text(kind), class, key, _, len] => (kind.clone(), class.clone(), key.clone(), len, None),
        [Value::Text(kind), class, key, _, len, view] => (kind.clone(), class.clone(), key.clone(), len, Some(view)),
        // A whole model, pickled with its source code.
        [Value::Text(kind), ..] if &**kind == "module" => return Err(Fault::Refused("module source code".to_owned())),
        other => return Err(Fault::damaged(format!("a persistent id of {} parts", other.len()))),
    };
    let (Value::Global(Global::Storage(dtype)), Value::Text(key), "storage") = (class, key, &*kind) else {
        return Err(Fault::damaged("a persistent id that names no storage"));
    };
    let mut storage = Storage { dtype, key, len: size(len)?, start: 0 };
    if let Some(view @ Value::Sequence(_)) = view {
        let [_, start, len] = heap.items(view)? else {
            return Err(Fault::damaged("a storage's view is not (key, offset, size)"));
        };
        (storage.start, storage.len) = (size(start)?, size(len)?);
    }
    Ok(heap.storage(storage))
}

/// `(storage, offset, shape, strides, requires_grad, hooks[, dtype or metadata])`.
fn rebuild_tensor(heap: &mut Heap, args: &Value) -> Result<Value, Fault> {
    let [Value::Storage(storage), offset, shape, strides, rest @ ..] = heap.items(args)? else {
        return Err(Fault::damaged("a tensor's description is not (storage, offset, shape, strides, …)"));
    };
    let said = rest.iter().find_map(|value| match value {
        Value::Global(Global::Dtype(dtype)) => Some(*dtype),
        _ => None,
    });
    let dtype = said.or(heap.storage_at(*storage)?.dtype).ok_or_else(|| Fault::damaged("a tensor without element type"))?;
    let tensor = TensorSpec {
        storage: *storage,
        dtype,
        offset: size(offset)?,
        shape: sizes(heap, shape)?,
        strides: sizes(heap, strides)?,
    };
    if tensor.shape.len() != tensor.strides.len() {
        return Err(Fault::damaged(format!("a tensor of {} sizes and {} strides", tensor.shape.len(), tensor.strides.len())));
    }
    Ok(heap.tensor(tensor))
}

/// Empty, or from a list of pairs, as Python 2 wrote it.
fn ordered_dict(heap: &mut Heap, args: &Value) -> Result<Value, Fault> {
    let mut pairs = Vec::new();
    if let Some(list @ Value::Sequence(_)) = heap.items(args)?.first() {
        for pair in heap.items(list)? {
            let [key, value] = heap.items(pair)? else {
                return Err(Fault::damaged("an ordered dictionary of something else than pairs"));
            };
            pairs.push((key.clone(), value.clone()));
        }
    }
    Ok(heap.dict(pairs))
}

fn sizes(heap: &Heap, values: &Value) -> Result<Vec<usize>, Fault> {
    heap.items(values)?.iter().map(size).collect()
}

fn size(value: &Value) -> Result<usize, Fault> {
    match value {
        // Larger numbers overflow libtorch's own i64 before they overflow anything here.
        Value::Int(n) => usize::try_from(*n).ok().filter(|&n| i64::try_from(n).is_ok()),
        _ => None,
    }
    .ok_or_else(|| Fault::damaged(format!("{value:?} is not a size")))
}
