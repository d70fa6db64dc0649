//! Tensors across the border: the handle is libtorch's own, so nothing is copied and autograd goes through.

use super::kind::dtype_name;
use crate::abi::{self, Sink, Status, Str, ValueTable, status, type_id};
use crate::cause::cause;
use crate::kind::kind_of_error;
use crate::{Call, Error, FromValue, IntoValue, Result, Value};
use std::ffi::c_void;
use std::mem::{ManuallyDrop, size_of};
use tch::{Device, Tensor};
use xxhash_rust::xxh3::Xxh3;

impl IntoValue for Tensor {
    fn into_value(self) -> Value {
        // SAFETY: the handle is handed over whole: ManuallyDrop keeps this side from freeing it.
        unsafe {
            let handle = ManuallyDrop::new(self).as_mut_ptr().cast();
            Value::from_raw(abi::Value { type_id: Str::new(type_id::TENSOR), handle, table: &TABLE })
        }
    }
}

impl IntoValue for &Tensor {
    fn into_value(self) -> Value {
        self.shallow_clone().into_value()
    }
}

impl FromValue for Tensor {
    /// The tensor on the call's device; shares storage where it is there already.
    fn from_value(value: &Value, call: &Call) -> Result<Self> {
        Ok(tensor_of(value)?.to_device(call.device()?))
    }
}

/// The tensor of a value, where it is; shares storage.
///
/// # Errors
/// A value of another type.
pub fn tensor_of(value: &Value) -> Result<Tensor> {
    if value.type_id() != type_id::TENSOR {
        return Err(Error::item(format!("holds `{}`, expected `{}`", value.type_id(), type_id::TENSOR)));
    }
    // SAFETY: the type id promises an at::Tensor*, which the value keeps alive; the look releases nothing.
    Ok(unsafe { look(value.handle()) }.shallow_clone())
}

static TABLE: ValueTable = ValueTable {
    struct_size: size_of::<ValueTable>() as u32,
    reserved: 0,
    clone,
    release,
    describe,
    nbytes: Some(nbytes),
    digest: Some(digest),
    rows: Some(rows),
    concat: Some(concat),
    split: Some(split),
    json: None,
    n_fields: None,
    field: None,
};

/// # Safety
/// The handle must be an `at::Tensor*` that stays alive while the result is used.
unsafe fn look(handle: *mut c_void) -> ManuallyDrop<Tensor> {
    // SAFETY: by this function's own condition; ManuallyDrop keeps the handle with its owner.
    ManuallyDrop::new(unsafe { Tensor::from_ptr(handle.cast()) })
}

unsafe extern "C" fn clone(handle: *mut c_void) -> *mut c_void {
    // SAFETY: the handle is alive.
    unsafe { look(handle).shallow_clone().into_value().into_raw().handle }
}

unsafe extern "C" fn release(handle: *mut c_void) {
    // SAFETY: the holder gives its handle back.
    drop(unsafe { Tensor::from_ptr(handle.cast()) });
}

unsafe extern "C" fn describe(handle: *mut c_void, sink: *const Sink) {
    // SAFETY: the handle is alive, the sink is the caller's.
    unsafe {
        let tensor = look(handle);
        let device = super::runtime::device_name(tensor.device());
        let text = format!(r#"{{"dtype":"{}","shape":{:?},"device":"{device}"}}"#, dtype_name(tensor.kind()), tensor.size());
        (*sink).push(&text);
    }
}

unsafe extern "C" fn nbytes(handle: *mut c_void) -> u64 {
    // SAFETY: the handle is alive.
    let tensor = unsafe { look(handle) };
    (tensor.numel() * tensor.kind().elt_size_in_bytes()) as u64
}

unsafe extern "C" fn digest(handle: *mut c_void) -> u64 {
    // SAFETY: the handle is alive.
    let tensor = unsafe { look(handle) }.detach().to_device(Device::Cpu).contiguous();
    let mut hash = Xxh3::new();
    hash.update(format!("{} {:?}", dtype_name(tensor.kind()), tensor.size()).as_bytes());
    let n_bytes = tensor.numel() * tensor.kind().elt_size_in_bytes();
    if n_bytes > 0 {
        // SAFETY: a contiguous CPU tensor holds n_bytes from data_ptr on, and is alive here.
        hash.update(unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<u8>(), n_bytes) });
    }
    hash.digest()
}

unsafe extern "C" fn rows(handle: *mut c_void) -> i64 {
    // SAFETY: the handle is alive.
    unsafe { look(handle) }.size().first().copied().unwrap_or(-1)
}

unsafe extern "C" fn concat(values: *const abi::Value, n: usize, out: *mut abi::Value, error: *const Sink) -> Status {
    // SAFETY: the caller lends n tensors, room for one value, and a sink.
    unsafe {
        let tensors: Vec<_> = std::slice::from_raw_parts(values, n).iter().map(|value| look(value.handle)).collect();
        let tensors: Vec<&Tensor> = tensors.iter().map(|tensor| &**tensor).collect();
        match Tensor::f_cat(&tensors, 0) {
            Ok(tensor) => {
                out.write(tensor.into_value().into_raw());
                status::OK
            }
            Err(fault) => {
                (*error).push(&format!("items do not fit into one batch: {}", cause(&fault.to_string())));
                kind_of_error(&fault).within(status::FAILED)
            }
        }
    }
}

unsafe extern "C" fn split(handle: *mut c_void, rows: *const i64, n: usize, out: *mut abi::Value, error: *const Sink) -> Status {
    // SAFETY: the handle is alive; the caller lends n numbers, room for n values, and a sink.
    unsafe {
        let tensor = look(handle);
        let rows = std::slice::from_raw_parts(rows, n);
        let (total, found) = (rows.iter().sum::<i64>(), tensor.size().first().copied().unwrap_or(0));
        if total != found {
            (*error).push(&format!("a batch of {total} rows came back with {found}"));
            return status::FAILED;
        }
        let mut start = 0;
        for (index, &length) in rows.iter().enumerate() {
            out.add(index).write(tensor.narrow(0, start, length).into_value().into_raw());
            start += length;
        }
    }
    status::OK
}
