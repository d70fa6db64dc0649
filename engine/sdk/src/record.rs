//! Records: named fields that cross the border together (a case, a volume).

use crate::value::wrong_type;
use crate::{Call, Error, FromValue, IntoValue, Result, Value};
use std::collections::BTreeSet;
use std::ffi::c_void;
use std::mem::size_of;
use std::sync::{Arc, Mutex, PoisonError};
use voxloom_abi::{self as abi, Sink, Status, Str, ValueTable, status, type_id};
use xxhash_rust::xxh3::xxh3_64;

/// Named fields under a tag: `volume`, `case`. Cloning shares the fields' contents.
#[derive(Clone)]
pub struct Record {
    type_id: &'static str,
    fields: Vec<(String, Value)>,
}

impl Record {
    /// An empty record; `tag` is the type without `record/`.
    pub fn new(tag: &str) -> Self {
        Self { type_id: intern(&format!("{}{tag}", type_id::RECORD)), fields: Vec::new() }
    }

    /// The type without `record/`.
    pub fn tag(&self) -> &'static str {
        &self.type_id[type_id::RECORD.len()..]
    }

    /// Sets a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl IntoValue) -> Self {
        self.fields.retain(|(other, _)| other != name);
        self.fields.push((name.into(), value.into_value()));
        self
    }

    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// Reads a field.
    ///
    /// # Errors
    /// No such field, or of another type.
    pub fn get<T: FromValue>(&self, name: &str, call: &Call) -> Result<T> {
        let value = self.field(name).ok_or_else(|| {
            let names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
            Error::item(format!("record `{}` has no field `{name}`; it has {}", self.tag(), names.join(", ")))
        })?;
        T::from_value(value, call).map_err(|error| error.context(format_args!("field `{name}` of `{}`", self.tag())))
    }

    /// Reads a field that may be absent.
    ///
    /// # Errors
    /// Of another type.
    pub fn optional<T: FromValue>(&self, name: &str, call: &Call) -> Result<Option<T>> {
        self.field(name).map(|_| self.get(name, call)).transpose()
    }

    /// Reads a record of this or any other plugin.
    ///
    /// # Errors
    /// No record.
    pub fn read(value: &Value) -> Result<Self> {
        let id = value.type_id();
        let table = value.table().filter(|_| id.starts_with(type_id::RECORD));
        let functions = table.and_then(|table| Some((table.n_fields?, table.field?)));
        let Some((n_fields, field)) = functions else { return Err(wrong_type(value, type_id::RECORD)) };
        // SAFETY: the handle is alive; fields are lent for as long as the record lives, and cloned here.
        let fields = unsafe {
            (0..n_fields(value.handle()))
                .map(|index| {
                    let (mut name, mut lent) = (Str::new(""), abi::Value::NONE);
                    if field(value.handle(), index, &mut name, &mut lent) != status::OK {
                        return Err(Error::item(format!("record `{id}` did not give its field {index}")));
                    }
                    Ok((name.get().unwrap_or("?").to_owned(), Value::borrow(&lent).clone()))
                })
                .collect::<Result<_>>()?
        };
        Ok(Self { type_id: id, fields })
    }
}

impl FromValue for Record {
    fn from_value(value: &Value, _: &Call) -> Result<Self> {
        Self::read(value)
    }
}

impl IntoValue for Record {
    fn into_value(self) -> Value {
        let type_id = Str::new(self.type_id);
        let handle = Arc::into_raw(Arc::new(self)).cast_mut().cast();
        // SAFETY: the handle holds the count that Arc::into_raw left.
        unsafe { Value::from_raw(abi::Value { type_id, handle, table: &TABLE }) }
    }
}

static TABLE: ValueTable = ValueTable {
    struct_size: size_of::<ValueTable>() as u32,
    reserved: 0,
    clone,
    release,
    describe,
    nbytes: Some(nbytes),
    digest: Some(digest),
    rows: None,
    concat: None,
    split: None,
    json: None,
    n_fields: Some(n_fields),
    field: Some(field),
};

/// Type ids live for ever; there are as many as kinds of record.
fn intern(text: &str) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(text) {
        return found;
    }
    let leaked: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.insert(leaked);
    leaked
}

/// # Safety
/// The handle must come from `Record::into_value` and be alive.
unsafe fn record<'a>(handle: *mut c_void) -> &'a Record {
    // SAFETY: by this function's own condition.
    unsafe { &*handle.cast_const().cast::<Record>() }
}

unsafe extern "C" fn clone(handle: *mut c_void) -> *mut c_void {
    // SAFETY: the handle is an Arc<Record> that is alive.
    unsafe { Arc::increment_strong_count(handle.cast_const().cast::<Record>()) };
    handle
}

unsafe extern "C" fn release(handle: *mut c_void) {
    // SAFETY: the holder gives its count back.
    unsafe { Arc::decrement_strong_count(handle.cast_const().cast::<Record>()) }
}

unsafe extern "C" fn describe(handle: *mut c_void, sink: *const Sink) {
    // SAFETY: the handle is alive, the sink is the caller's.
    unsafe {
        let fields: Vec<String> = record(handle)
            .fields
            .iter()
            .map(|(name, value)| format!("{}:{}", crate::Json::from(name.as_str()), value.describe()))
            .collect();
        (*sink).push(&format!("{{{}}}", fields.join(",")));
    }
}

unsafe extern "C" fn nbytes(handle: *mut c_void) -> u64 {
    // SAFETY: the handle is alive.
    unsafe { record(handle) }.fields.iter().map(|(_, value)| value.nbytes()).sum()
}

unsafe extern "C" fn digest(handle: *mut c_void) -> u64 {
    let mut bytes = Vec::new();
    // SAFETY: the handle is alive.
    for (name, value) in &unsafe { record(handle) }.fields {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&value.digest().to_le_bytes());
    }
    xxh3_64(&bytes)
}

unsafe extern "C" fn n_fields(handle: *mut c_void) -> usize {
    // SAFETY: the handle is alive.
    unsafe { record(handle) }.fields.len()
}

unsafe extern "C" fn field(handle: *mut c_void, index: usize, name: *mut Str, value: *mut abi::Value) -> Status {
    // SAFETY: the handle is alive; name and value are the caller's to be written.
    unsafe {
        let Some((text, lent)) = record(handle).fields.get(index) else { return status::FAILED };
        name.write(Str::lend(text));
        value.write(*lent.raw());
    }
    status::OK
}
