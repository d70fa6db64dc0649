//! What flows along an edge: an opaque handle, its type, and the table that knows what to do with it.

use crate::{Sink, Status, Str};
use std::ffi::c_void;

/// Ids of the types that every side knows. Any other id is a plugin's own business.
pub mod type_id {
    /// `at::Tensor*`, libtorch's `AtenTensorHandle`. The id names libtorch's major.minor.
    pub const TENSOR: &str = "tensor/libtorch-2.11";
    /// A JSON text, read with [`super::ValueTable::json`].
    pub const JSON: &str = "json";
    /// Named fields, read with [`super::ValueTable::field`]: `record/volume`, `record/case`, ...
    pub const RECORD: &str = "record/";
}

/// One value. Whoever holds it owes one `release`; a borrowed value is not released.
///
/// A null `table` means "no value" (an optional input that is not connected).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    /// Static: lives as long as the library that made the value.
    pub type_id: Str,
    pub handle: *mut c_void,
    /// Static: lives as long as the library that made the value.
    pub table: *const ValueTable,
}

impl Value {
    pub const NONE: Self = Self { type_id: Str::new(""), handle: std::ptr::null_mut(), table: std::ptr::null() };

    pub const fn is_none(&self) -> bool {
        self.table.is_null()
    }
}

// SAFETY: the contract asks that handles may be cloned, read and released from any thread.
unsafe impl Send for Value {}
// SAFETY: as above; reading a value does not change it.
unsafe impl Sync for Value {}

/// What can be done with a value. All functions may be called from any thread; the optional ones may be null.
#[repr(C)]
pub struct ValueTable {
    /// `sizeof` of the table that the maker knew; fields beyond it are absent.
    pub struct_size: u32,
    pub reserved: u32,
    /// A second handle to the same value (shallow); null when out of memory.
    pub clone: unsafe extern "C" fn(handle: *mut c_void) -> *mut c_void,
    /// Gives one handle back.
    pub release: unsafe extern "C" fn(handle: *mut c_void),
    /// Writes one line of JSON for people and traces: `{"dtype":"float32","shape":[1,64,64],"device":"cpu"}`.
    pub describe: unsafe extern "C" fn(handle: *mut c_void, sink: *const Sink),
    /// Bytes that the value keeps alive.
    pub nbytes: Option<unsafe extern "C" fn(handle: *mut c_void) -> u64>,
    /// A hash of type, shape and contents: equal bits, equal digest.
    pub digest: Option<unsafe extern "C" fn(handle: *mut c_void) -> u64>,
    /// Size of dimension 0, for batching; -1 where the value has none.
    pub rows: Option<unsafe extern "C" fn(handle: *mut c_void) -> i64>,
    /// Joins `n` values along dimension 0 into `out`.
    pub concat: Option<unsafe extern "C" fn(values: *const Value, n: usize, out: *mut Value, error: *const Sink) -> Status>,
    /// Cuts a value along dimension 0 into `n` values of `rows[i]` each.
    pub split: Option<
        unsafe extern "C" fn(handle: *mut c_void, rows: *const i64, n: usize, out: *mut Value, error: *const Sink) -> Status,
    >,
    /// Writes the JSON text of a `json` value.
    pub json: Option<unsafe extern "C" fn(handle: *mut c_void, sink: *const Sink) -> Status>,
    /// Number of fields of a record.
    pub n_fields: Option<unsafe extern "C" fn(handle: *mut c_void) -> usize>,
    /// Lends the name and value of field `index`; both live as long as the record.
    pub field: Option<unsafe extern "C" fn(handle: *mut c_void, index: usize, name: *mut Str, value: *mut Value) -> Status>,
}
