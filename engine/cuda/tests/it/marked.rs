//! Operators that leave their own marks in the stand-in's log: where a value is made, used and dropped, where a module is written.

use super::operators::{Behaviour, optional, plain, port};
use super::plain::{Call, Fail, Plain};
use super::standin::{note, take_another_stream};
use serde_json::{Value as Json, json};
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use voxloom_abi::{Context, Sink, Str, Value, ValueTable};

static MADE: AtomicUsize = AtomicUsize::new(1);

/// A value whose handle is its number.
fn value() -> Value {
    static TABLE: ValueTable = ValueTable {
        struct_size: size_of::<ValueTable>() as u32,
        reserved: 0,
        clone,
        release,
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
    let handle = std::ptr::without_provenance_mut(MADE.fetch_add(1, Ordering::Relaxed));
    Value { type_id: Str::new(super::bag::TYPE), handle, table: &raw const TABLE }
}

unsafe extern "C" fn clone(handle: *mut c_void) -> *mut c_void {
    handle
}

unsafe extern "C" fn release(handle: *mut c_void) {
    note("drop", handle, std::ptr::null_mut());
}

unsafe extern "C" fn describe(_: *mut c_void, _: *const Sink) {}

macro_rules! marked {
    ($(#[$about:meta])* $name:ident, $id:literal, $device:literal) => {
        $(#[$about])*
        pub struct $name(Behaviour, u64);

        impl Plain for $name {
            const NAME: &'static str = $id;
            fn describe() -> Json {
                let mut description = plain("map", vec![port("x"), optional("y")], vec![port("x")]);
                description["device"] = $device.into();
                description
            }
            fn create(params: &Json, _: &Context) -> Self {
                // `wrong` is the item at which the operator changes the stream behind the engine's back.
                Self(Behaviour::new(params), params["wrong"].as_u64().unwrap_or(u64::MAX))
            }
            fn run(&self, call: &mut Call) -> Result<(), Fail> {
                self.0.act(call)?;
                for port in 0..2 {
                    if let Some(handle) = call.handle(port) {
                        note("use", handle, call.context.stream);
                    }
                }
                if call.context.item_len > 0 && self.1 == call.item()[0] {
                    take_another_stream();
                }
                let value = value();
                note("make", value.handle, call.context.stream);
                call.give(0, value);
                Ok(())
            }
        }
    };
}

marked!(
    /// Makes a value on its lane's stream.
    OnDevice, "marked.device", "any"
);
marked!(
    /// Reads on the host.
    OnHost, "marked.host", "cpu"
);

/// A module that is written on whatever lane comes.
pub struct Weights;

impl Plain for Weights {
    const NAME: &'static str = "marked.weights";
    fn describe() -> Json {
        let mut description = plain("map", vec![], vec![]);
        description["module"] = true.into();
        description["device"] = "any".into();
        description["entries"] = json!([{ "name": "write", "kind": "map", "access": "write",
            "params": { "type": "object", "properties": {} }, "inputs": [port("x")], "outputs": [port("x")] }]);
        description
    }
    fn create(_: &Json, _: &Context) -> Self {
        Self
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        note("write", std::ptr::null_mut(), call.context.stream);
        call.give(0, value());
        Ok(())
    }
}
