//! Values in an author's hands: owned, cloned, read; and the table of a Rust type that flows along edges.

use crate::{Call, Error, Result};
use std::ffi::c_void;
use std::mem::size_of;
use std::sync::Arc;
use voxloom_abi::{self as abi, Sink, Status, Str, ValueTable, status};

/// An owned value; released when dropped.
#[repr(transparent)]
pub struct Value(abi::Value);

impl Value {
    /// Takes over a value that crossed the border as an output.
    ///
    /// # Safety
    /// The caller must hold the value's handle, and give it up.
    pub unsafe fn from_raw(raw: abi::Value) -> Self {
        Self(raw)
    }

    /// Looks at a borrowed value.
    pub fn borrow(raw: &abi::Value) -> &Self {
        // SAFETY: Self is transparent over abi::Value, and a reference is never dropped.
        unsafe { &*std::ptr::from_ref(raw).cast::<Self>() }
    }

    /// Gives the handle to the other side.
    pub fn into_raw(self) -> abi::Value {
        let raw = self.0;
        std::mem::forget(self);
        raw
    }

    pub fn raw(&self) -> &abi::Value {
        &self.0
    }

    pub fn type_id(&self) -> &'static str {
        // SAFETY: the contract asks for static text.
        unsafe { self.0.type_id.get() }.unwrap_or("text that is not UTF-8")
    }

    /// The value's own table; `None` for the value that stands for nothing.
    pub fn table(&self) -> Option<&'static ValueTable> {
        // SAFETY: the contract asks for a static table, or null.
        unsafe { self.0.table.as_ref() }
    }

    pub fn handle(&self) -> *mut c_void {
        self.0.handle
    }

    /// One line of JSON on what it is.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        if let Some(table) = self.table() {
            // SAFETY: the handle is alive, the sink outlives the call.
            unsafe { (table.describe)(self.0.handle, &Sink::to(&mut text)) };
        }
        text
    }

    /// Hash of the contents; 0 where the type has none.
    pub fn digest(&self) -> u64 {
        // SAFETY: the handle is alive.
        self.table().and_then(|table| table.digest).map_or(0, |digest| unsafe { digest(self.0.handle) })
    }

    /// Bytes kept alive; 0 where the type does not say.
    pub fn nbytes(&self) -> u64 {
        // SAFETY: the handle is alive.
        self.table().and_then(|table| table.nbytes).map_or(0, |nbytes| unsafe { nbytes(self.0.handle) })
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        let Some(table) = self.table() else { return Self(abi::Value::NONE) };
        // SAFETY: the handle is alive.
        let handle = unsafe { (table.clone)(self.0.handle) };
        assert!(!handle.is_null(), "out of memory while a value was cloned");
        Self(abi::Value { handle, ..self.0 })
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if let Some(table) = self.table() {
            // SAFETY: this is the owner, and it lets go once.
            unsafe { (table.release)(self.0.handle) }
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.type_id(), self.describe())
    }
}

/// What an input can be read as.
pub trait FromValue: Sized {
    /// # Errors
    /// A value of another type, or contents that cannot be read.
    fn from_value(value: &Value, call: &Call) -> Result<Self>;
}

/// What an output can be made of.
pub trait IntoValue {
    fn into_value(self) -> Value;
}

impl FromValue for Value {
    fn from_value(value: &Value, _: &Call) -> Result<Self> {
        Ok(value.clone())
    }
}

impl IntoValue for Value {
    fn into_value(self) -> Value {
        self
    }
}

/// The message for a value of another type.
pub fn wrong_type(value: &Value, expected: &str) -> Error {
    Error::item(format!("holds `{}`, expected `{expected}`", value.type_id()))
}

/// A Rust type that flows along edges by reference count.
pub trait Payload: Send + Sync + Sized + 'static {
    /// Type id; no other payload of the plugin has the same.
    const TYPE: &'static str;

    /// One line of JSON.
    fn describe(&self) -> String;

    fn nbytes(&self) -> u64 {
        size_of::<Self>() as u64
    }

    fn digest(&self) -> u64;

    /// The JSON text, where the type is `json`.
    fn json(&self) -> Option<String> {
        None
    }

    /// Wraps it.
    fn into_payload(self) -> Value {
        let handle = Arc::into_raw(Arc::new(self)).cast_mut().cast();
        Value(abi::Value { type_id: Str::new(Self::TYPE), handle, table: Table::<Self>::get() })
    }

    /// Looks into a value of this very type, made by this very plugin.
    fn of(value: &Value) -> Option<&Self> {
        let same = std::ptr::eq(value.0.table, Table::<Self>::get()) && value.type_id() == Self::TYPE;
        // SAFETY: this table with this type id is only ever put on handles that `into_payload` made of an Arc<Self>.
        same.then(|| unsafe { &*value.0.handle.cast_const().cast::<Self>() })
    }
}

struct Table<T>(std::marker::PhantomData<T>);

impl<T: Payload> Table<T> {
    const TABLE: ValueTable = ValueTable {
        struct_size: size_of::<ValueTable>() as u32,
        reserved: 0,
        clone: clone::<T>,
        release: release::<T>,
        describe: describe::<T>,
        nbytes: Some(nbytes::<T>),
        digest: Some(digest::<T>),
        rows: None,
        concat: Some(concat),
        split: Some(split::<T>),
        json: Some(json::<T>),
        n_fields: None,
        field: None,
    };

    fn get() -> &'static ValueTable {
        &Self::TABLE
    }
}

unsafe extern "C" fn clone<T>(handle: *mut c_void) -> *mut c_void {
    // SAFETY: the handle is an Arc<T> that is alive.
    unsafe { Arc::increment_strong_count(handle.cast_const().cast::<T>()) };
    handle
}

unsafe extern "C" fn release<T>(handle: *mut c_void) {
    // SAFETY: the holder gives its count back.
    unsafe { Arc::decrement_strong_count(handle.cast_const().cast::<T>()) }
}

unsafe extern "C" fn describe<T: Payload>(handle: *mut c_void, sink: *const Sink) {
    // SAFETY: the handle is an Arc<T> that is alive, the sink is the caller's.
    unsafe { (*sink).push(&(*handle.cast_const().cast::<T>()).describe()) }
}

unsafe extern "C" fn nbytes<T: Payload>(handle: *mut c_void) -> u64 {
    // SAFETY: the handle is an Arc<T> that is alive.
    unsafe { (*handle.cast_const().cast::<T>()).nbytes() }
}

unsafe extern "C" fn digest<T: Payload>(handle: *mut c_void) -> u64 {
    // SAFETY: the handle is an Arc<T> that is alive.
    unsafe { (*handle.cast_const().cast::<T>()).digest() }
}

unsafe extern "C" fn json<T: Payload>(handle: *mut c_void, sink: *const Sink) -> Status {
    // SAFETY: the handle is an Arc<T> that is alive, the sink is the caller's.
    unsafe {
        let Some(text) = (*handle.cast_const().cast::<T>()).json() else { return status::FAILED };
        (*sink).push(&text);
    }
    status::OK
}

/// Values without rows can share a batch only where they are equal.
unsafe extern "C" fn concat(values: *const abi::Value, n: usize, out: *mut abi::Value, error: *const Sink) -> Status {
    // SAFETY: the caller lends n values, room for one, and a sink.
    unsafe {
        let values = std::slice::from_raw_parts(values.cast::<Value>(), n);
        let Some(first) = values.first() else { return status::FAILED };
        if let Some(other) = values.iter().find(|value| value.digest() != first.digest()) {
            (*error).push(&format!("items of one batch need equal `{}` values, got {first:?} and {other:?}", first.type_id()));
            return status::FAILED;
        }
        out.write(first.clone().into_raw());
    }
    status::OK
}

unsafe extern "C" fn split<T: Payload>(
    handle: *mut c_void,
    _: *const i64,
    n: usize,
    out: *mut abi::Value,
    _: *const Sink,
) -> Status {
    let table = Table::<T>::get();
    for index in 0..n {
        // SAFETY: the handle is an Arc<T> that is alive, `out` has room for n values.
        unsafe { out.add(index).write(abi::Value { type_id: Str::new(T::TYPE), handle: clone::<T>(handle), table }) };
    }
    status::OK
}
