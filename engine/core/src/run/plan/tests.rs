//! Plans, told as text: one line a unit.

use super::{Class, Plan, Target, UnitKind, plan};
use crate::check::{Config, check};
use crate::graph::Operator;
use crate::operators::Operators;
use serde_json::{Value as Json, json};
use std::ffi::c_void;
use std::path::Path;
use std::sync::Arc;
use voxloom_abi::{Context, ModuleRef, OperatorTable, Sink, Status, Str, Value, status};

fn planned(graph: Json, target: Target) -> Result<Plan, String> {
    let file = json!({ "voxloom": 1, "modules": { "net": { "op": "t.net" } }, "graph": graph }).to_string();
    let checked = check(Path::new("test.json"), file.as_bytes(), &operators(), &Config::default());
    let pipeline = checked.unwrap_or_else(|faults| panic!("{faults}")).pipeline;
    plan(&pipeline.graphs[0], &pipeline.modules, target)
}

fn told(graph: Json) -> Vec<String> {
    lines(&planned(graph, Target { device: false, budget: 4 }).expect("a plan"))
}

fn lines(plan: &Plan) -> Vec<String> {
    let name = |node: usize| plan.nodes[node].name.as_str();
    let line = |unit: &super::Unit| {
        let what = match &unit.kind {
            UnitKind::Chain(nodes) => nodes.iter().map(|node| name(*node)).collect::<Vec<_>>().join("+"),
            UnitKind::Batch { node, size } => format!("{} by {size}", name(*node)),
            UnitKind::Scatter { node, .. } => format!("{} scatters", name(*node)),
            UnitKind::Gather { node, .. } => format!("{} gathers", name(*node)),
            UnitKind::Push { node, .. } => format!("{} takes", name(*node)),
        };
        let mut before: Vec<&str> = Vec::new();
        for other in &plan.units {
            if other.feeds.iter().any(|next| std::ptr::eq(&raw const plan.units[next.unit], unit)) {
                before.push(name(other.kind.node()));
            }
        }
        before.sort_unstable();
        let device = if unit.class == Class::Device { " on the device" } else { "" };
        format!("{what} at {} with {} after {before:?}{device}", unit.level, unit.threads)
    };
    plan.units.iter().map(line).collect()
}

#[test]
fn a_chain_with_one_way_through_is_one_unit() {
    let graph = json!({
        "case": { "op": "t.scatter" },
        "a": { "op": "t.map", "in": { "x": "case" } },
        "b": { "op": "t.map", "in": { "x": "a", "y": "case" } },
        "c": { "op": "t.map", "in": { "x": "b" } }
    });
    assert_eq!(told(graph), ["case scatters at 0 with 1 after []", "a+b+c at 1 with 1 after []"]);
}

#[test]
fn branches_and_their_meeting_are_units_of_their_own() {
    let graph = json!({
        "case": { "op": "t.scatter" },
        "a": { "op": "t.map", "in": { "x": "case" } },
        "b": { "op": "t.map", "in": { "x": "a" } },
        "c": { "op": "t.map", "in": { "x": "a" } },
        "d": { "op": "t.map", "in": { "x": "b", "y": "c" } }
    });
    let mut told = told(graph);
    told.sort();
    let expected = [
        "a at 1 with 1 after []",
        "b at 1 with 1 after [\"a\"]",
        "c at 1 with 1 after [\"a\"]",
        "case scatters at 0 with 1 after []",
        "d at 1 with 1 after [\"b\", \"c\"]",
    ];
    assert_eq!(told, expected);
}

#[test]
fn turns_threads_and_batches_break_a_chain() {
    let graph = json!({
        "case": { "op": "t.scatter" },
        "a": { "op": "t.map", "in": { "x": "case" } },
        "heavy": { "op": "t.heavy", "in": { "x": "a" } },
        "b": { "op": "t.map", "in": { "x": "heavy" }, "batch": 3 },
        "write": { "call": "net.write", "in": { "x": "b" } },
        "end": { "op": "t.map", "in": { "x": "write" }, "threads": 9 }
    });
    let plan = planned(graph, Target { device: true, budget: 4 }).expect("a plan");
    let expected = [
        "case scatters at 0 with 1 after []",
        "a at 1 with 1 after []",
        "heavy at 1 with 0 after [\"a\"] on the device",
        "b by 3 at 1 with 1 after [\"heavy\"]",
        "write at 1 with 1 after [\"b\"]",
        "end at 1 with 4 after [\"write\"]",
    ];
    assert_eq!(lines(&plan), expected);
    assert_eq!((plan.levels[1].window, plan.writes, plan.gates.len()), (3, true, 1));
    assert_eq!(plan.nodes.iter().map(|node| node.remaining).collect::<Vec<_>>(), [6, 5, 4, 3, 2, 1]);
}

#[test]
fn a_cursor_opens_when_all_that_its_level_takes_is_there() {
    let graph = json!({
        "first": { "op": "t.scatter" },
        "whole": { "op": "t.gather", "in": { "x": "first" } },
        "case": { "op": "t.scatter" },
        "a": { "op": "t.map", "in": { "x": "case", "y": "whole" } }
    });
    let mut told = told(graph);
    told.sort();
    let expected = [
        "a at 2 with 1 after []",
        "case scatters at 0 with 1 after [\"whole\"]",
        "first scatters at 0 with 1 after []",
        "whole gathers at 0 with 1 after []",
        "whole takes at 1 with 1 after []",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_level_that_takes_its_own_end_is_refused() {
    let graph = json!({
        "case": { "op": "t.scatter" },
        "whole": { "op": "t.gather", "in": { "x": "case" } },
        "a": { "op": "t.map", "in": { "x": "case", "y": "whole" } }
    });
    let expected = "`case`, `whole` wait for each other: a level takes what only comes when all its items are done; \
                    draw the items a second time";
    assert_eq!(planned(graph, Target { device: false, budget: 1 }).expect_err("a cycle"), expected);
}

#[test]
fn calls_that_gradients_go_through_have_one_order_and_one_lane() {
    let graph = json!({
        "case": { "op": "t.scatter" },
        "read": { "op": "t.map", "in": { "x": "case" } },
        "one": { "call": "net.read", "in": { "x": "read" } },
        "two": { "call": "net.read", "in": { "x": "case" } },
        "log": { "op": "t.map", "in": { "x": "one" } },
        "loss": { "op": "t.map", "in": { "x": "one", "y": "two" } },
        "learn": { "op": "t.backward", "in": { "x": "loss" } }
    });
    let plan = planned(graph, Target { device: false, budget: 1 }).expect("a plan");
    let mut told = lines(&plan);
    told.sort();
    let expected = [
        "case scatters at 0 with 1 after []",
        "log at 1 with 1 after [\"one\"]",
        "loss+learn at 1 with 1 after [\"one\", \"two\"]",
        "one at 1 with 1 after [\"read\"]",
        "read at 1 with 1 after []",
        "two at 1 with 1 after [\"one\"]",
    ];
    assert_eq!(told, expected);
    let mut tracked: Vec<&str> = plan.nodes.iter().filter(|node| node.tracked).map(|node| node.name.as_str()).collect();
    tracked.sort_unstable();
    assert_eq!(tracked, ["learn", "loss", "one", "two"], "what is read is not kept from other lanes");
}

fn operators() -> Operators {
    let map = [port("x", false), json!({ "name": "y", "type": "t.v", "optional": true })];
    let mut heavy = entry("run", "map", &map);
    heavy["access"] = "none".into();
    let mut write = entry("write", "map", &[port("x", false)]);
    write["access"] = "write".into();
    let read = entry("read", "map", &[port("x", false)]);
    let net = operator("t.net", write.clone(), json!({ "module": true, "entries": [&write, &read] }));
    let mut backward = entry("run", "map", &[port("x", false)]);
    backward["backward"] = true.into();
    [
        operator("t.scatter", entry("run", "scatter", &[]), json!({})),
        operator("t.map", entry("run", "map", &map), json!({})),
        operator("t.heavy", heavy, json!({ "threads": "all", "device": "any" })),
        operator("t.gather", entry("run", "gather", &[port("x", true)]), json!({})),
        operator("t.backward", backward, json!({})),
        net,
    ]
    .into_iter()
    .collect()
}

fn port(name: &str, gather: bool) -> Json {
    json!({ "name": name, "type": "t.v", "gather": gather })
}

fn entry(name: &str, kind: &str, inputs: &[Json]) -> Json {
    json!({ "name": name, "kind": kind, "params": { "type": "object", "properties": {} }, "inputs": inputs, "outputs": [port("x", false)] })
}

fn operator(name: &str, entry: Json, more: Json) -> Operator {
    let mut description =
        json!({ "name": name, "about": "", "params": { "type": "object", "properties": {} }, "entries": [entry] });
    description.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    Operator {
        table: &TABLE,
        description: Arc::new(serde_json::from_value(description).expect("a description")),
        plugin: "t".into(),
    }
}

/// Nothing is called: a plan needs descriptions only.
static TABLE: OperatorTable = OperatorTable {
    struct_size: size_of::<OperatorTable>() as u32,
    reserved: 0,
    name: Str::new("t"),
    describe,
    check: no_check,
    create,
    destroy: end,
    bind,
    unbind: end,
    run,
    open,
    next: give,
    push,
    finish: give,
    close: end,
    state: None,
    save: None,
    load: None,
};

unsafe extern "C" fn describe(_: *const Sink) {}
unsafe extern "C" fn end(_: *mut c_void) {}
unsafe extern "C" fn no_check(_: u32, _: Str, _: *const Sink) -> Status {
    status::OK
}
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
unsafe extern "C" fn run(
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
