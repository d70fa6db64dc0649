//! Operators from descriptions alone: their tables do nothing but check parameters.

use serde_json::Value as Json;
use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::Arc;
use voxloom_abi::{Context, ModuleRef, OperatorTable, Sink, StateSink, Status, Str, Value, status};
use voxloom_core::describe::Description;
use voxloom_core::graph::Operator;
use voxloom_core::operators::Operators;

/// Folder of the suite.
pub fn suite() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/suite/pipelines")
}

/// The fixed operators of the suite.
pub fn operators() -> Operators {
    let text = std::fs::read_to_string(suite().join("operators.json")).expect("the suite has its operators");
    let list: Vec<Json> = serde_json::from_str(&text).expect("operators.json is JSON");
    list.into_iter().map(operator).collect()
}

fn operator(json: Json) -> Operator {
    let state = json["module"] == true && json["state"] != false;
    let description: Description = serde_json::from_value(json).expect("a description");
    let check = match description.name.as_str() {
        "imaging.clip" => check_clip,
        "train.sgd" => check_sgd,
        _ => check_nothing,
    };
    let name: &'static str = description.name.clone().leak();
    let plugin = description.name.split('.').next().expect("a family").into();
    Operator { table: Box::leak(Box::new(table(name, check, state))), description: Arc::new(description), plugin }
}

type Check = unsafe extern "C" fn(u32, Str, *const Sink) -> Status;

unsafe extern "C" fn check_nothing(_: u32, _: Str, _: *const Sink) -> Status {
    status::OK
}

unsafe extern "C" fn check_clip(_: u32, params: Str, error: *const Sink) -> Status {
    refuse(params, error, |params| {
        let (low, high) = (params["low"].as_f64()?, params["high"].as_f64()?);
        (low >= high).then(|| format!("low\tmust be below high ({high}), got {low}\n"))
    })
}

/// Two faults at once, one of them of no single parameter.
unsafe extern "C" fn check_sgd(entry: u32, params: Str, error: *const Sink) -> Status {
    refuse(params, error, |params| {
        let wrong = entry == u32::MAX && params["nesterov"] == true && params["momentum"].as_f64() == Some(0.0);
        wrong.then(|| "momentum\tmust be above 0 with nesterov, got 0\n\tnesterov and momentum do not fit\n".to_owned())
    })
}

fn refuse(params: Str, error: *const Sink, find: impl Fn(&Json) -> Option<String>) -> Status {
    // SAFETY: the check lends text and sink for this call.
    let text = unsafe { params.get() }.expect("UTF-8");
    let params = serde_json::from_str(text).expect("parameters are JSON");
    match find(&params) {
        None => status::OK,
        Some(message) => {
            // SAFETY: as above.
            unsafe { (*error).push(&message) };
            status::INVALID
        }
    }
}

fn table(name: &'static str, check: Check, state: bool) -> OperatorTable {
    OperatorTable {
        struct_size: size_of::<OperatorTable>() as u32,
        reserved: 0,
        name: Str::new(name),
        describe,
        check,
        create,
        destroy: drop_nothing,
        bind,
        unbind: drop_nothing,
        run: call,
        open,
        next: give,
        push,
        finish: give,
        close: drop_nothing,
        state: state.then_some(lend),
        save: state.then_some(file),
        load: state.then_some(file),
    }
}

unsafe extern "C" fn describe(_: *const Sink) {}
unsafe extern "C" fn drop_nothing(_: *mut c_void) {}
unsafe extern "C" fn create(_: *const Context, _: Str, _: *mut *mut c_void, _: *const Sink) -> Status {
    status::FATAL
}
#[rustfmt::skip]
unsafe extern "C" fn bind(
    _: *mut c_void, _: u32, _: Str, _: *const ModuleRef, _: *const u32, _: usize, _: *mut *mut c_void, _: *const Sink,
) -> Status {
    status::FATAL
}
#[rustfmt::skip]
unsafe extern "C" fn call(
    _: *mut c_void, _: *const Context, _: *const Value, _: usize, _: *mut Value, _: usize, _: *const Sink,
) -> Status {
    status::FATAL
}
#[rustfmt::skip]
unsafe extern "C" fn open(
    _: *mut c_void, _: *const Context, _: *const Value, _: usize, _: *mut *mut c_void, _: *const Sink,
) -> Status {
    status::FATAL
}
unsafe extern "C" fn give(_: *mut c_void, _: *const Context, _: *mut Value, _: usize, _: *const Sink) -> Status {
    status::FATAL
}
unsafe extern "C" fn push(_: *mut c_void, _: *const Context, _: *const Value, _: usize, _: *const Sink) -> Status {
    status::FATAL
}
unsafe extern "C" fn lend(_: *mut c_void, _: *const StateSink) -> Status {
    status::OK
}
unsafe extern "C" fn file(_: *mut c_void, _: *const Context, _: Str, _: *const Sink) -> Status {
    status::FATAL
}
