//! Two kinds of values: a bag of numbers that can be joined and split, and JSON.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use voxloom_abi::{Sink, Status, Str, Value, ValueTable, status, type_id};

pub const TYPE: &str = "plain.bag";

/// Numbers; dimension 0 is their count.
pub struct Bag {
    pub numbers: Vec<i64>,
}

/// Bags alive in this process, for tests that run alone in theirs.
pub static ALIVE: AtomicI64 = AtomicI64::new(0);

impl Drop for Bag {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Bag {
    pub fn value(numbers: Vec<i64>) -> Value {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        let handle = Arc::into_raw(Arc::new(Self { numbers })).cast_mut().cast();
        Value { type_id: Str::new(TYPE), handle, table: &raw const BAG }
    }

    /// # Safety
    /// `handle` must be a bag's.
    pub unsafe fn of<'a>(handle: *mut c_void) -> &'a Self {
        // SAFETY: by this function's own condition.
        unsafe { &*handle.cast::<Self>() }
    }
}

/// A JSON value.
pub fn json(json: &serde_json::Value) -> Value {
    let handle = Arc::into_raw(Arc::new(json.to_string())).cast_mut().cast();
    Value { type_id: Str::new(type_id::JSON), handle, table: &raw const JSON }
}

const EMPTY: ValueTable = ValueTable {
    struct_size: size_of::<ValueTable>() as u32,
    reserved: 0,
    clone: clone::<()>,
    release: release::<()>,
    describe,
    nbytes: None,
    digest: None,
    rows: None,
    concat: None,
    split: None,
    json: None,
    n_fields: None,
    field: None,
};

static BAG: ValueTable = ValueTable {
    clone: clone::<Bag>,
    release: release::<Bag>,
    nbytes: Some(nbytes),
    rows: Some(rows),
    concat: Some(concat),
    split: Some(split),
    ..EMPTY
};

static JSON: ValueTable = ValueTable { clone: clone::<String>, release: release::<String>, json: Some(text), ..EMPTY };

// SAFETY of all that follows: handles are `Arc`s of the table's own type, as `value` and `json` made them.

unsafe extern "C" fn clone<T>(handle: *mut c_void) -> *mut c_void {
    unsafe { Arc::increment_strong_count(handle.cast::<T>()) };
    handle
}

unsafe extern "C" fn release<T>(handle: *mut c_void) {
    unsafe { Arc::decrement_strong_count(handle.cast::<T>()) };
}

unsafe extern "C" fn describe(_: *mut c_void, sink: *const Sink) {
    unsafe { (*sink).push("{}") }
}

unsafe extern "C" fn nbytes(handle: *mut c_void) -> u64 {
    8 * unsafe { Bag::of(handle) }.numbers.len() as u64
}

unsafe extern "C" fn rows(handle: *mut c_void) -> i64 {
    unsafe { Bag::of(handle) }.numbers.len() as i64
}

unsafe extern "C" fn concat(values: *const Value, n: usize, out: *mut Value, _: *const Sink) -> Status {
    unsafe {
        let bags = std::slice::from_raw_parts(values, n);
        *out = Bag::value(bags.iter().flat_map(|bag| Bag::of(bag.handle).numbers.clone()).collect());
    }
    status::OK
}

unsafe extern "C" fn split(handle: *mut c_void, rows: *const i64, n: usize, out: *mut Value, error: *const Sink) -> Status {
    unsafe {
        let (numbers, rows) = (&Bag::of(handle).numbers, std::slice::from_raw_parts(rows, n));
        if rows.iter().sum::<i64>() != numbers.len() as i64 {
            (*error).push("the rows do not add up");
            return status::FAILED;
        }
        let mut at = 0;
        for (index, rows) in rows.iter().enumerate() {
            *out.add(index) = Bag::value(numbers[at..at + *rows as usize].to_vec());
            at += *rows as usize;
        }
    }
    status::OK
}

unsafe extern "C" fn text(handle: *mut c_void, sink: *const Sink) -> Status {
    unsafe { (*sink).push(&*handle.cast::<String>()) };
    status::OK
}
