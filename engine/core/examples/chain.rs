//! Engine time per node and item: a cursor and a chain of 50 empty nodes. Prints nanoseconds, for nodes that run inline and
//! for nodes that each are handed to a lane; and inline with a gauge, as when somebody looks on.
//!
//! `cargo run --release -p voxloom-core --example chain [items] [nodes]`. The operators are written directly against the
//! contract and do nothing but pass a counted handle on, so that all that is measured is the engine and one clone a node.

use serde_json::json;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use voxloom_abi::{Context, ModuleRef, OperatorTable, Sink, Status, Str, Value, ValueTable, status};
use voxloom_core::check::{Config, check};
use voxloom_core::graph::Operator;
use voxloom_core::operators::Operators;
use voxloom_core::run::{Event, Gauge, RunOptions, run};

fn main() {
    let number = |index: usize, usual: u64| std::env::args().nth(index).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (items, nodes) = (number(1, 20_000), number(2, 50));
    let ways = [
        ("empty.pass", "inline", false),
        ("empty.pass", "inline, looked at", true),
        ("empty.one_at_a_time", "a unit each", false),
    ];
    for (operator, how, is_looked_at) in ways {
        for lanes in [1, 2] {
            let times: Vec<f64> = (0..5).map(|_| measure(operator, items, nodes, lanes, is_looked_at)).collect();
            let best = times.iter().copied().fold(f64::INFINITY, f64::min);
            let all: Vec<String> = times.iter().map(|time| format!("{time:.0}")).collect();
            println!("{nodes} nodes {how}, {items} items, {lanes} lanes: {best:.0} ns a node and item (of {})", all.join(", "));
        }
    }
    println!("clock: {:.0} ns a reading", clock());
}

fn measure(pass: &str, items: u64, nodes: u64, lanes: usize, is_looked_at: bool) -> f64 {
    let mut graph = serde_json::Map::new();
    graph.insert("n0".into(), json!({ "op": "empty.source", "params": { "items": items } }));
    for node in 1..=nodes {
        graph.insert(format!("n{node}"), json!({ "op": pass, "in": { "x": format!("n{}", node - 1) } }));
    }
    let file = json!({ "voxloom": 1, "graph": graph }).to_string();
    let operators: Operators = [
        operator("empty.source", "scatter", 0, "parallel"),
        operator("empty.pass", "map", 1, "parallel"),
        operator("empty.one_at_a_time", "map", 1, "exclusive"),
    ]
    .into_iter()
    .collect();
    let checked = match check(std::path::Path::new("chain.json"), file.as_bytes(), &operators, &Config::default()) {
        Ok(checked) => checked,
        Err(faults) => panic!("{faults}"),
    };
    let mut options = RunOptions { lanes, threads: lanes as u32, ..RunOptions::default() };
    options.gauge = is_looked_at.then(|| Arc::new(Gauge::new(&checked.pipeline, &options)));
    let begun = Instant::now();
    let report = match run(&checked.pipeline, &options, &mut |_: &Event| {}) {
        Ok(report) => report,
        Err(error) => panic!("{error}"),
    };
    let took = begun.elapsed();
    assert_eq!((report.items.done, report.memory.left_values), (items, 0));
    took.as_nanos() as f64 / (items * nodes) as f64
}

fn clock() -> f64 {
    const READINGS: u32 = 1_000_000;
    let begun = Instant::now();
    for _ in 0..READINGS {
        std::hint::black_box(Instant::now());
    }
    begun.elapsed().as_nanos() as f64 / f64::from(READINGS)
}

fn operator(name: &'static str, kind: &str, inputs: usize, mode: &str) -> Operator {
    let ports = |n: usize| (0..n).map(|_| json!({ "name": "x", "type": "empty.handle" })).collect::<Vec<_>>();
    let params = json!({ "type": "object", "properties": { "items": { "type": "integer", "default": 0 } } });
    let nothing = json!({ "type": "object", "properties": {} });
    let description = json!({ "name": name, "about": "", "mode": mode, "params": if inputs == 0 { params } else { nothing.clone() }, "entries": [
        { "name": "run", "kind": kind, "params": nothing, "inputs": ports(inputs), "outputs": ports(1) }
    ] });
    let description = serde_json::from_value(description).unwrap_or_else(|error| panic!("{error}"));
    Operator { table: Box::leak(Box::new(table(name))), description: Arc::new(description), plugin: "empty".into() }
}

fn table(name: &'static str) -> OperatorTable {
    OperatorTable {
        struct_size: size_of::<OperatorTable>() as u32,
        reserved: 0,
        name: Str::new(name),
        describe,
        check: check_nothing,
        create,
        destroy,
        bind,
        unbind,
        run: pass,
        open,
        next,
        push,
        finish: next,
        close: unbind,
        state: None,
        save: None,
        load: None,
    }
}

static TABLE: ValueTable = ValueTable {
    struct_size: size_of::<ValueTable>() as u32,
    reserved: 0,
    clone,
    release,
    describe: nothing,
    nbytes: None,
    digest: None,
    rows: None,
    concat: None,
    split: None,
    json: None,
    n_fields: None,
    field: None,
};

// SAFETY of all that follows: a handle is an `Arc<AtomicU64>`, an instance a boxed `u64`; the engine's pointers live for the call.

unsafe extern "C" fn clone(handle: *mut c_void) -> *mut c_void {
    unsafe { Arc::increment_strong_count(handle.cast::<AtomicU64>()) };
    handle
}

unsafe extern "C" fn release(handle: *mut c_void) {
    unsafe { Arc::decrement_strong_count(handle.cast::<AtomicU64>()) };
}

unsafe extern "C" fn nothing(_: *mut c_void, _: *const Sink) {}

unsafe extern "C" fn describe(_: *const Sink) {}

unsafe extern "C" fn check_nothing(_: u32, _: Str, _: *const Sink) -> Status {
    status::OK
}

unsafe extern "C" fn create(_: *const Context, params: Str, instance: *mut *mut c_void, _: *const Sink) -> Status {
    let items = unsafe { params.get() }.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let items = items.and_then(|params| params["items"].as_u64()).unwrap_or(0);
    unsafe { *instance = Box::into_raw(Box::new(items)).cast() };
    status::OK
}

unsafe extern "C" fn destroy(instance: *mut c_void) {
    drop(unsafe { Box::from_raw(instance.cast::<u64>()) });
}

#[rustfmt::skip]
unsafe extern "C" fn bind(
    instance: *mut c_void, _: u32, _: Str, _: *const ModuleRef, _: *const u32, _: usize, call: *mut *mut c_void, _: *const Sink,
) -> Status {
    unsafe { *call = Box::into_raw(Box::new(*instance.cast::<u64>())).cast() };
    status::OK
}

unsafe extern "C" fn unbind(call: *mut c_void) {
    drop(unsafe { Box::from_raw(call.cast::<u64>()) });
}

#[rustfmt::skip]
unsafe extern "C" fn pass(
    _: *mut c_void, _: *const Context, inputs: *const Value, _: usize, outputs: *mut Value, _: usize, _: *const Sink,
) -> Status {
    unsafe {
        let handle = clone((*inputs).handle);
        *outputs = Value { handle, ..*inputs };
    }
    status::OK
}

#[rustfmt::skip]
unsafe extern "C" fn open(
    call: *mut c_void, _: *const Context, _: *const Value, _: usize, state: *mut *mut c_void, _: *const Sink,
) -> Status {
    unsafe { *state = Box::into_raw(Box::new(*call.cast::<u64>())).cast() };
    status::OK
}

unsafe extern "C" fn next(state: *mut c_void, _: *const Context, outputs: *mut Value, _: usize, _: *const Sink) -> Status {
    unsafe {
        let left = &mut *state.cast::<u64>();
        if *left == 0 {
            return status::END;
        }
        *left -= 1;
        let handle = Arc::into_raw(Arc::new(AtomicU64::new(*left))).cast_mut();
        (*handle).fetch_add(1, Ordering::Relaxed);
        *outputs = Value { type_id: Str::new("empty.handle"), handle: handle.cast(), table: &raw const TABLE };
    }
    status::OK
}

unsafe extern "C" fn push(_: *mut c_void, _: *const Context, _: *const Value, _: usize, _: *const Sink) -> Status {
    status::FATAL
}
