//! Plugins in C and C++ say of what kind a failure is, and the report has it.

use super::{compile, find, folder, plain};
use serde_json::{Value as Json, json};
use std::path::Path;
use voxloom_core::check::{Config, check};
use voxloom_core::load::Plugins;
use voxloom_core::operators::Operators;
use voxloom_core::run::{Event, Kind, Outcome, Report, RunError, RunOptions, run};

/// Runs one node and no other.
fn ran(plugins: &Plugins, node: Json) -> Result<Report, RunError> {
    let file = json!({ "voxloom": 1, "graph": { "only": node } }).to_string();
    let operators: Operators = plugins.operators().values().cloned().collect();
    let checked = check(Path::new("test.json"), file.as_bytes(), &operators, &Config::default());
    let mut pipeline = checked.unwrap_or_else(|faults| panic!("{faults}")).pipeline;
    plugins.load(&mut pipeline).unwrap_or_else(|skipped| panic!("{skipped}"));
    run(&pipeline, &RunOptions { lanes: 1, ..RunOptions::default() }, &mut |_: &Event| {})
}

/// The only failure: its status, kind and message.
fn told(report: &Report) -> (&str, Kind, &str) {
    let [failure] = &report.failures[..] else { panic!("one failure, got {:?}", report.failures) };
    (failure.status.as_str(), failure.kind, failure.cause.as_str())
}

/// What the plain C operator says that returns `status`.
fn in_c(name: &str, status: &str) -> Report {
    let file = folder(name).join("it.so");
    plain(&file, &[&format!("FAILS={status}")]);
    ran(&find(&[file]), json!({ "op": "plain.echo" })).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_plugin_in_c_adds_a_kind_to_its_status() {
    let asked = "it was asked to";
    assert_eq!(told(&in_c("c-full", "(VX_FAILED|VX_FULL)")), ("failed", Kind::Full, asked));
    assert_eq!(told(&in_c("c-gone", "(VX_FAILED|vx_kind_of_errno(ESTALE))")), ("failed", Kind::Unavailable, asked));
    assert_eq!(told(&in_c("c-plain", "VX_FAILED")), ("failed", Kind::Other, asked), "as plugins of ABI 1.0 do");
    let stopped = in_c("c-fatal", "(VX_FATAL|VX_EXHAUSTED)");
    assert_eq!((stopped.outcome, stopped.kind), (Outcome::Fatal, Kind::Exhausted));
}

#[test]
fn a_status_of_a_later_version_fails_its_item_and_no_more() {
    let later = in_c("c-later", "(VX_FAILED|0x4200)");
    assert_eq!(told(&later), ("failed", Kind::Other, "it was asked to"));
    let unknown = in_c("c-unknown", "77");
    assert_eq!(told(&unknown), ("contract", Kind::Other, "returned the unknown status 77: it was asked to"));
    assert_eq!(unknown.outcome, Outcome::Failed);
}

#[test]
fn a_plugin_in_cpp_throws_its_kinds() {
    let file = folder("cpp-kinds").join("it.so");
    compile("c++", "thrown.cpp", &file, &["-std=c++17".into()]);
    let plugins = find(&[file]);
    let run = |how: &str| ran(&plugins, json!({ "op": "thrown.throw", "params": { "how": how } }));
    let thrown = |how: &str| run(how).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(told(&thrown("no answer")), ("failed", Kind::Unavailable, "the server does not answer"));
    assert_eq!(told(&thrown("no room")), ("fatal", Kind::Full, "the log cannot grow"));
    assert_eq!(told(&thrown("memory")).1, Kind::Exhausted);
    assert_eq!(told(&thrown("system")), ("panicked", Kind::Full, "threw: result: No space left on device"));
    assert_eq!(told(&thrown("words")).1, Kind::Other, "words are no fact");
    assert_eq!(run("early").err().map(|error| error.kind()), Some(Kind::Other));
}

#[test]
fn a_report_keeps_its_kinds_as_a_file() {
    let report = in_c("c-report", "(VX_FAILED|VX_FULL)");
    let text = serde_json::to_value(&report).unwrap();
    assert_eq!((&text["failures"][0]["kind"], &text["kind"]), (&json!("full"), &json!("other")));
    let again: Report = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(again.failures, report.failures);
    let mut older = text;
    older["failures"][0].as_object_mut().unwrap().remove("kind");
    let older: Report = serde_json::from_value(older).unwrap();
    assert_eq!(told(&older).1, Kind::Other);
}
