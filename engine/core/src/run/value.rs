//! An owned value: whoever holds it owes the one release, and the thread keeps count.

use super::fault::Fault;
use serde_json::Value as Json;
use std::cell::Cell;
use voxloom_abi::{self as abi, Kind, Sink, status, type_id};

thread_local! {
    static TALLY: Cell<Tally> = const { Cell::new(Tally { values: 0, bytes: 0 }) };
}

/// Values adopted less values dropped by one thread. One thread's tally may be negative; the sum over threads is what lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub values: i64,
    pub bytes: i64,
}

impl Tally {
    /// Of the calling thread, since it began.
    #[inline]
    pub fn here() -> Self {
        TALLY.get()
    }
}

/// A value that is released when it is dropped.
pub(crate) struct Value {
    raw: abi::Value,
    bytes: u64,
}

impl Value {
    /// Takes over a value that a plugin handed out.
    ///
    /// # Safety
    /// `raw` must not be `NONE`, must follow the contract, and nobody else may release it.
    #[inline]
    pub unsafe fn adopt(raw: abi::Value) -> Self {
        // SAFETY: the table is the maker's and lives as long as its library, which is never unloaded.
        let bytes = unsafe { (*raw.table).nbytes.map_or(0, |nbytes| nbytes(raw.handle)) };
        let tally = TALLY.get();
        TALLY.set(Tally { values: tally.values + 1, bytes: tally.bytes + bytes as i64 });
        Self { raw, bytes }
    }

    /// Lends the value; it must not outlive `self`.
    #[inline]
    pub fn raw(&self) -> abi::Value {
        self.raw
    }

    /// As [`Self::type_id`], unchecked whether it is UTF-8.
    #[inline]
    pub fn type_bytes(&self) -> &[u8] {
        // SAFETY: type ids are static by the contract.
        if self.raw.type_id.len == 0 {
            &[]
        } else {
            unsafe { std::slice::from_raw_parts(self.raw.type_id.data, self.raw.type_id.len) }
        }
    }

    pub fn type_id(&self) -> &str {
        // SAFETY: type ids are static UTF-8 by the contract; one that is not reads as empty.
        unsafe { self.raw.type_id.get() }.unwrap_or("")
    }

    pub fn is_json(&self) -> bool {
        self.type_id() == type_id::JSON
    }

    /// The JSON of a `json` value; `None` for any other and for text that is no JSON.
    pub fn json(&self) -> Option<Json> {
        serde_json::from_str(&json_text(self.raw)?).ok()
    }

    /// A second handle to the same value; `None` when out of memory.
    pub fn duplicate(&self) -> Option<Self> {
        // SAFETY: the value is alive, its table is static.
        let handle = unsafe { ((*self.raw.table).clone)(self.raw.handle) };
        // SAFETY: a clone is a handle of its own.
        (!handle.is_null()).then(|| unsafe { Self::adopt(abi::Value { handle, ..self.raw }) })
    }

    /// Joins values of one type along dimension 0.
    ///
    /// # Errors
    /// The type cannot be joined, or what the plugin said.
    pub fn concat(values: &[abi::Value]) -> Result<Self, Fault> {
        let first = values[0];
        // SAFETY: type ids are static, the table is static, and the values are borrowed from their holders.
        unsafe {
            let name = first.type_id.get().unwrap_or("?");
            if let Some(other) = values.iter().find(|value| value.type_id.get() != first.type_id.get()) {
                return Err(Fault::failed(format!("cannot batch `{name}` with `{}`", other.type_id.get().unwrap_or("?"))));
            }
            let Some(concat) = (*first.table).concat else {
                return Err(Fault::failed(format!("values of type `{name}` cannot be batched")));
            };
            let (mut out, mut message) = (abi::Value::NONE, String::new());
            let done = concat(values.as_ptr(), values.len(), &raw mut out, &Sink::to(&mut message));
            match (done, out.is_none()) {
                (status::OK, false) => Ok(Self::adopt(out)),
                (status::OK, true) => Err(Fault::failed(format!("values of type `{name}` were joined to nothing"))),
                _ => Err(Fault::failed(format!("values of type `{name}` do not join: {message}")).of_kind(Kind::of(done))),
            }
        }
    }

    /// Cuts the value along dimension 0.
    ///
    /// # Errors
    /// The type cannot be cut, or what the plugin said.
    pub fn split(&self, rows: &[i64]) -> Result<Vec<Self>, Fault> {
        // SAFETY: the value is alive and its table static; `out` has room for one value a row count.
        unsafe {
            let Some(split) = (*self.raw.table).split else {
                return Err(Fault::failed(format!("values of type `{}` cannot be split again", self.type_id())));
            };
            let (mut out, mut message) = (vec![abi::Value::NONE; rows.len()], String::new());
            let done = split(self.raw.handle, rows.as_ptr(), rows.len(), out.as_mut_ptr(), &Sink::to(&mut message));
            let parts: Vec<Self> = out.into_iter().filter(|part| !part.is_none()).map(|part| Self::adopt(part)).collect();
            if done != status::OK || parts.len() != rows.len() {
                let fault = Fault::failed(format!("a value of type `{}` does not split: {message}", self.type_id()));
                return Err(fault.of_kind(Kind::of(done)));
            }
            Ok(parts)
        }
    }
}

impl Drop for Value {
    #[inline]
    fn drop(&mut self) {
        let tally = TALLY.get();
        TALLY.set(Tally { values: tally.values - 1, bytes: tally.bytes - self.bytes as i64 });
        // SAFETY: `self` owns the handle and this is its only release.
        unsafe { ((*self.raw.table).release)(self.raw.handle) }
    }
}

/// Text of a borrowed `json` value; `None` for any other.
pub(crate) fn json_text(raw: abi::Value) -> Option<String> {
    // SAFETY: the value is borrowed from a living holder; tables and ids are static.
    unsafe {
        if raw.is_none() || raw.type_id.get() != Some(type_id::JSON) {
            return None;
        }
        let mut text = String::new();
        let done = ((*raw.table).json?)(raw.handle, &Sink::to(&mut text));
        (done == status::OK).then_some(text)
    }
}

/// Size of dimension 0 of a borrowed value; `None` where it has none.
pub(crate) fn rows(raw: abi::Value) -> Option<i64> {
    // SAFETY: as in `json_text`.
    let rows = unsafe { ((*raw.table).rows?)(raw.handle) };
    (rows >= 0).then_some(rows)
}
