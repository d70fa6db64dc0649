//! Records in a test's hands: named values under a tag, as a case is.

use crate::value::Value;
use std::ffi::c_void;
use std::sync::Arc;
use voxloom_abi::{self as abi, Sink, Status, Str, ValueTable, status};

/// The fields of a record, in their order.
type Fields = Vec<(String, Value)>;

/// A record; `type_id` is `record/case` and the like.
pub fn record(type_id: &'static str, fields: Fields) -> Value {
    let handle = Arc::into_raw(Arc::new(fields)).cast_mut().cast();
    let raw = abi::Value { type_id: Str::new(type_id), handle, table: &TABLE };
    // SAFETY: the table is that of the handle, whose one count goes over.
    unsafe { Value::adopt(raw) }.unwrap_or_else(|| unreachable!("a handle that is not null"))
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
    json: None,
    n_fields: Some(n_fields),
    field: Some(field),
};

/// # Safety
/// The handle must be of this table, and stay alive while the result is used.
unsafe fn fields<'a>(handle: *mut c_void) -> &'a Fields {
    // SAFETY: by this function's own condition.
    unsafe { &*handle.cast_const().cast::<Fields>() }
}

unsafe extern "C" fn clone(handle: *mut c_void) -> *mut c_void {
    // SAFETY: every handle of this table is an Arc of fields that is alive.
    unsafe { Arc::increment_strong_count(handle.cast_const().cast::<Fields>()) };
    handle
}

unsafe extern "C" fn release(handle: *mut c_void) {
    // SAFETY: as above; the holder gives its count back.
    unsafe { Arc::decrement_strong_count(handle.cast_const().cast::<Fields>()) }
}

unsafe extern "C" fn describe(handle: *mut c_void, sink: *const Sink) {
    // SAFETY: as above; the sink is the caller's.
    unsafe {
        let said: Vec<String> = fields(handle).iter().map(|(name, value)| format!("{name:?}:{}", value.describe())).collect();
        (*sink).push(&format!("{{{}}}", said.join(",")));
    }
}

unsafe extern "C" fn digest(handle: *mut c_void) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    // SAFETY: as above.
    for (name, value) in unsafe { fields(handle) } {
        (name, value.digest()).hash(&mut hasher);
    }
    hasher.finish()
}

unsafe extern "C" fn n_fields(handle: *mut c_void) -> usize {
    // SAFETY: as above.
    unsafe { fields(handle) }.len()
}

unsafe extern "C" fn field(handle: *mut c_void, index: usize, name: *mut Str, value: *mut abi::Value) -> Status {
    // SAFETY: as above; the caller lends room for a name and a value.
    unsafe {
        let Some((found, held)) = fields(handle).get(index) else { return status::FAILED };
        name.write(Str::lend(found));
        value.write(held.raw());
    }
    status::OK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_lent_in_their_order_and_counted() {
        let made = record("record/case", vec![("meta".to_owned(), Value::json("{}"))]);
        let shared = made.share();
        drop(made);
        assert_eq!((shared.type_id(), shared.describe().as_str()), ("record/case", r#"{"meta":{}}"#));
        let (raw, mut name, mut value) = (shared.raw(), Str::new(""), abi::Value::NONE);
        // SAFETY: the record is alive, and there is room for a name and a value.
        unsafe {
            assert_eq!(n_fields(raw.handle), 1);
            assert_eq!(field(raw.handle, 0, &raw mut name, &raw mut value), status::OK);
            assert_eq!((name.get(), value.type_id.get()), (Some("meta"), Some("json")));
            assert_eq!(field(raw.handle, 1, &raw mut name, &raw mut value), status::FAILED);
        }
    }
}
