//! What a pickle can hold here. Containers lie in a heap and are named by index: pickles share and even nest them in themselves.

use super::globals::Global;
use crate::{Dtype, Fault};
use std::rc::Rc;

/// Index of an object in the [`Heap`].
pub(crate) type Id = usize;

#[derive(Clone, Debug)]
pub(crate) enum Value {
    None,
    Bool,
    Int(i128),
    Text(Rc<str>),
    /// Tuples and lists.
    Sequence(Id),
    Dict(Id),
    Global(Global),
    Storage(Id),
    Tensor(Id),
    /// Set aside: a value that weights do not need (floats, bytes, sets, numpy's numbers, …).
    Other,
}

/// A run of elements in the file, as a persistent id names it.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    /// `None` for an untyped storage, whose elements are bytes until a tensor says more.
    pub dtype: Option<Dtype>,
    pub key: Rc<str>,
    /// Elements (bytes where it is untyped).
    pub len: usize,
    /// First element within the stored run, for views that old files name.
    pub start: usize,
}

/// A tensor as the pickle describes it; its elements are elsewhere in the file.
#[derive(Clone, Debug)]
pub(crate) struct TensorSpec {
    pub storage: Id,
    pub dtype: Dtype,
    /// First element within the storage.
    pub offset: usize,
    pub shape: Vec<usize>,
    /// Steps in elements.
    pub strides: Vec<usize>,
}

#[derive(Debug)]
enum Object {
    Sequence(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Storage(Storage),
    Tensor(TensorSpec),
}

#[derive(Default)]
pub(crate) struct Heap {
    objects: Vec<Object>,
}

impl Heap {
    pub(crate) fn sequence(&mut self, items: Vec<Value>) -> Value {
        Value::Sequence(self.add(Object::Sequence(items)))
    }

    pub(crate) fn dict(&mut self, items: Vec<(Value, Value)>) -> Value {
        Value::Dict(self.add(Object::Dict(items)))
    }

    pub(crate) fn storage(&mut self, storage: Storage) -> Value {
        Value::Storage(self.add(Object::Storage(storage)))
    }

    pub(crate) fn tensor(&mut self, tensor: TensorSpec) -> Value {
        Value::Tensor(self.add(Object::Tensor(tensor)))
    }

    fn add(&mut self, object: Object) -> Id {
        self.objects.push(object);
        self.objects.len() - 1
    }

    /// The items of a tuple or list.
    pub(crate) fn items(&self, value: &Value) -> Result<&[Value], Fault> {
        match value {
            Value::Sequence(id) => match &self.objects[*id] {
                Object::Sequence(items) => Ok(items),
                _ => Err(confused()),
            },
            other => Err(Fault::damaged(format!("expected a tuple, found {other:?}"))),
        }
    }

    pub(crate) fn items_mut(&mut self, id: Id) -> Result<&mut Vec<Value>, Fault> {
        match &mut self.objects[id] {
            Object::Sequence(items) => Ok(items),
            _ => Err(confused()),
        }
    }

    pub(crate) fn pairs(&self, id: Id) -> Result<&[(Value, Value)], Fault> {
        match &self.objects[id] {
            Object::Dict(pairs) => Ok(pairs),
            _ => Err(confused()),
        }
    }

    pub(crate) fn pairs_mut(&mut self, id: Id) -> Result<&mut Vec<(Value, Value)>, Fault> {
        match &mut self.objects[id] {
            Object::Dict(pairs) => Ok(pairs),
            _ => Err(confused()),
        }
    }

    pub(crate) fn storage_at(&self, id: Id) -> Result<&Storage, Fault> {
        match &self.objects[id] {
            Object::Storage(storage) => Ok(storage),
            _ => Err(confused()),
        }
    }

    /// Every storage that was named.
    pub(crate) fn storages(&self) -> impl Iterator<Item = &Storage> {
        self.objects.iter().filter_map(|object| match object {
            Object::Storage(storage) => Some(storage),
            _ => None,
        })
    }

    pub(crate) fn tensor_at(&self, id: Id) -> Result<&TensorSpec, Fault> {
        match &self.objects[id] {
            Object::Tensor(tensor) => Ok(tensor),
            _ => Err(confused()),
        }
    }
}

/// Ids are made by [`Heap`] alone, so this is not met; an error is cheaper to be sure of than a panic.
fn confused() -> Fault {
    Fault::damaged("an object is of another kind than its reference says")
}
