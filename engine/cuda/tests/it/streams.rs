//! What lanes ask of CUDA, and what they do not.

use super::marked::{OnDevice, OnHost, Weights};
use super::plain::operator;
use super::standin::{Line, StandIn};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;
use voxloom_core::check::{Config, check};
use voxloom_core::operators::Operators;
use voxloom_core::run::{Device, Event, Outcome, Report, RunOptions, run};
use voxloom_cuda::Cuda;

/// Runs a file on so many streams.
fn go(standin: &StandIn, file: &Json, streams: usize, delays: Option<u64>) -> Report {
    let mut operators: Operators = super::operators::all();
    operators.extend([operator::<OnDevice>(), operator::<OnHost>(), operator::<Weights>()]);
    let checked = check(Path::new("test.json"), file.to_string().as_bytes(), &operators, &Config::default());
    let pipeline = checked.unwrap_or_else(|faults| panic!("{faults}")).pipeline;
    let device: Arc<dyn Device> = Arc::new(Cuda::open(&standin.places, 0).expect("the stand-in has one device"));
    let usual = RunOptions::default();
    let options = RunOptions { lanes: 2, threads: 8, device: Some(device), device_lanes: streams, delays, ..usual };
    let report = run(&pipeline, &options, &mut |_: &Event| {}).expect("it runs");
    assert_eq!((report.device.as_deref(), report.memory.left_values), (Some("cuda:0"), 0));
    report
}

/// Runs a file on so many streams; returns what CUDA was asked.
fn asked(file: &Json, streams: usize, delays: Option<u64>) -> Vec<Line> {
    let standin = StandIn::new(1);
    let report = go(&standin, file, streams, delays);
    assert_eq!(report.outcome, Outcome::Completed, "{:?}", report.failures);
    let log = standin.log();
    assert_eq!(count(&log, "create"), count(&log, "destroy"), "every event is given back");
    assert!(log.iter().filter(|line| line.0 == "create").all(|line| line.2 == 3), "timing is off, a waiting host sleeps");
    log
}

fn count(log: &[Line], word: &str) -> usize {
    log.iter().filter(|line| line.0 == word).count()
}

fn place(log: &[Line], wanted: impl Fn(&Line) -> bool) -> usize {
    log.iter().position(wanted).unwrap_or_else(|| panic!("not in {log:#?}"))
}

/// Two branches that must run at the same time, and so on two lanes. The probe must be the test's own.
fn branches(probe: &str) -> Json {
    json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": 1 } },
        "a": { "op": "marked.device", "in": { "x": "case" } },
        "b": { "op": "marked.device", "in": { "x": "a" }, "params": { "probe": probe, "mark": "b", "meet": { "[0]": "c [0]" } } },
        "c": { "op": "marked.device", "in": { "x": "a" }, "params": { "probe": probe, "mark": "c", "meet": { "[0]": "b [0]" } } },
        "d": { "op": "marked.device", "in": { "x": "b", "y": "c" } }
    } })
}

#[test]
fn edges_on_one_lane_record_nothing_and_nothing_waits() {
    let file = json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": 5 } },
        "a": { "op": "marked.device", "in": { "x": "case" } },
        "b": { "op": "marked.device", "in": { "x": "a" } },
        "c": { "op": "marked.device", "in": { "x": "a" } },
        "d": { "op": "marked.device", "in": { "x": "b", "y": "c" } },
        "e": { "op": "marked.device", "in": { "x": "d" } }
    } });
    let log = asked(&file, 1, None);
    assert_eq!(count(&log, "make"), 25);
    assert_eq!((count(&log, "record"), count(&log, "wait"), count(&log, "synchronize-event")), (0, 0, 0));
    // The lane's stream is current on its own thread, and on the one that makes modules.
    assert_eq!(count(&log, "current"), 2);
}

#[test]
fn an_edge_between_lanes_is_recorded_and_waited_for() {
    let log = asked(&branches("edge"), 2, None);
    let made = place(&log, |line| line.0 == "make");
    let (value, home) = (log[made].1, log[made].2);
    let foreign = place(&log, |line| line.0 == "use" && line.1 == value && line.2 != home);
    let lane = log[foreign].2;
    let recorded = made + place(&log[made..foreign], |line| line.0 == "record" && line.2 == home);
    let event = log[recorded].1;
    let waited = recorded + place(&log[recorded..foreign], |line| *line == ("wait".into(), event, lane));
    assert!(made < recorded && recorded < waited && waited < foreign);
}

#[test]
fn the_stream_that_made_a_value_waits_for_its_foreign_uses_before_it_is_dropped() {
    let log = asked(&branches("drop"), 2, None);
    let made = place(&log, |line| line.0 == "make");
    let (value, home) = (log[made].1, log[made].2);
    let foreign = place(&log, |line| line.0 == "use" && line.1 == value && line.2 != home);
    let dropped = place(&log, |line| *line == ("drop".into(), value, 0));
    let recorded = foreign + place(&log[foreign..dropped], |line| line.0 == "record" && line.2 == log[foreign].2);
    let waited = recorded + place(&log[recorded..dropped], |line| *line == ("wait".into(), log[recorded].1, home));
    assert!(foreign < recorded && recorded < waited && waited < dropped);
}

#[test]
fn the_host_waits_only_where_a_node_reads_on_the_host() {
    let log = asked(&branches("device"), 2, None);
    assert_eq!(count(&log, "synchronize-event"), 0);
    let mut file = branches("host");
    file["graph"]["e"] = json!({ "op": "marked.host", "in": { "x": "d" } });
    let log = asked(&file, 2, None);
    assert_eq!(count(&log, "synchronize-event"), 1);
    let waited = place(&log, |line| line.0 == "synchronize-event");
    let used = place(&log, |line| line.0 == "use" && line.2 == 0);
    let recorded = place(&log, |line| line.0 == "record" && line.1 == log[waited].1);
    assert!(recorded < waited && waited < used);
    // Streams are waited for when modules have been made and when a stage has ended: never between two calls.
    let first = place(&log, |line| line.0 == "make");
    let last = log.len() - 1 - log.iter().rev().position(|line| line.0 == "make").expect("values are made");
    assert_eq!(count(&log[first..last], "synchronize-stream"), 0);
}

#[test]
fn a_module_goes_from_lane_to_lane_in_order() {
    let file = json!({ "voxloom": 1, "modules": { "net": { "op": "marked.weights" } }, "graph": {
        "case": { "op": "plain.count", "params": { "n": 30 } },
        "a": { "op": "marked.device", "in": { "x": "case" } },
        "b": { "op": "marked.device", "in": { "x": "a" } },
        "write": { "call": "net.write", "in": { "x": "b" } }
    } });
    let log = asked(&file, 3, Some(1));
    let writes: Vec<usize> = (0..log.len()).filter(|index| log[*index].0 == "write").collect();
    assert_eq!(writes.len(), 30);
    let mut changes = 0;
    for pair in writes.windows(2) {
        let (before, after) = (log[pair[0]].2, log[pair[1]].2);
        if before != after {
            changes += 1;
            let between = &log[pair[0]..pair[1]];
            let recorded = place(between, |line| line.0 == "record" && line.2 == before);
            assert!(
                between.iter().enumerate().any(|(index, line)| {
                    line.0 == "wait"
                        && line.2 == after
                        && between[..index].iter().any(|other| other.0 == "record" && other.1 == line.1 && other.2 == before)
                }),
                "after {recorded}: {between:#?}"
            );
        }
    }
    assert!(changes > 0, "with delays, writes wander between lanes");
}

#[test]
fn an_operator_that_leaves_another_stream_behind_stops_the_run() {
    let file = json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": 5 } },
        "a": { "op": "marked.device", "in": { "x": "case" }, "params": { "wrong": 2 } }
    } });
    let report = go(&StandIn::new(1), &file, 1, None);
    let message = "device: after node `a`: the lane's stream is not libtorch's current one";
    assert_eq!((report.outcome, report.message.as_deref()), (Outcome::Fatal, Some(message)));
}
