//! Values in a test's hands: owned, compared, and two kinds that need no tensor library.

use std::ffi::c_void;
use std::sync::Arc;
use voxloom_abi::{self as abi, Sink, Status, Str, ValueTable, status, type_id};

/// An owned value; released when dropped.
pub struct Value(abi::Value);

impl Value {
    /// A `json` value of this text.
    pub fn json(text: impl Into<String>) -> Self {
        Self::of(type_id::JSON, text.into())
    }

    /// A value of a type that no operator knows.
    pub fn unknown() -> Self {
        Self::of("conformance/unknown", String::new())
    }

    fn of(type_id: &'static str, text: String) -> Self {
        Self(abi::Value { type_id: Str::new(type_id), handle: Arc::into_raw(Arc::new(text)).cast_mut().cast(), table: &TABLE })
    }

    /// Takes over what a plugin handed out; `None` for "no value".
    ///
    /// # Safety
    /// The value must follow the contract, and nobody else may release it.
    pub unsafe fn adopt(raw: abi::Value) -> Option<Self> {
        (!raw.is_none()).then_some(Self(raw))
    }

    /// Lends the value; it must not outlive `self`.
    pub fn raw(&self) -> abi::Value {
        self.0
    }

    pub fn type_id(&self) -> &str {
        // SAFETY: static by the contract.
        unsafe { self.0.type_id.get() }.unwrap_or("(no UTF-8)")
    }

    /// What the value says of itself.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        // SAFETY: the handle is alive, the sink outlives the call.
        unsafe { ((*self.0.table).describe)(self.0.handle, &Sink::to(&mut text)) };
        text
    }

    /// The text of a `json` value; `None` for any other.
    pub fn text(&self) -> Option<String> {
        let mut text = String::new();
        // SAFETY: as above.
        let done = unsafe { ((*self.0.table).json?)(self.0.handle, &Sink::to(&mut text)) };
        (self.type_id() == type_id::JSON && done == status::OK).then_some(text)
    }

    /// The same value once more.
    #[must_use]
    pub fn share(&self) -> Self {
        // SAFETY: the handle is alive; the clone is this value's own.
        Self(abi::Value { handle: unsafe { ((*self.0.table).clone)(self.0.handle) }, ..self.0 })
    }

    /// Equal bits, equal digest; `None` where the type has none.
    pub fn digest(&self) -> Option<u64> {
        // SAFETY: the handle is alive.
        unsafe { Some(((*self.0.table).digest?)(self.0.handle)) }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: this is the owner, and its only release.
        unsafe { ((*self.0.table).release)(self.0.handle) }
    }
}

static TABLE: ValueTable = ValueTable {
    struct_size: size_of::<ValueTable>() as u32,
    reserved: 0,
    clone,
    release,
    describe,
    nbytes: None,
    digest: Some(digest),
    rows: None,
    concat: None,
    split: None,
    json: Some(json),
    n_fields: None,
    field: None,
};

unsafe extern "C" fn clone(handle: *mut c_void) -> *mut c_void {
    // SAFETY: every handle of this table is an Arc<String> that is alive.
    unsafe { Arc::increment_strong_count(handle.cast_const().cast::<String>()) };
    handle
}

unsafe extern "C" fn release(handle: *mut c_void) {
    // SAFETY: as above; the holder gives its count back.
    unsafe { Arc::decrement_strong_count(handle.cast_const().cast::<String>()) }
}

unsafe extern "C" fn describe(handle: *mut c_void, sink: *const Sink) {
    // SAFETY: as above; the sink is the caller's.
    unsafe { (*sink).push(&*handle.cast_const().cast::<String>()) }
}

unsafe extern "C" fn digest(handle: *mut c_void) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    // SAFETY: as above.
    unsafe { (*handle.cast_const().cast::<String>()).hash(&mut hasher) };
    hasher.finish()
}

unsafe extern "C" fn json(handle: *mut c_void, sink: *const Sink) -> Status {
    // SAFETY: as above.
    unsafe { describe(handle, sink) };
    status::OK
}
