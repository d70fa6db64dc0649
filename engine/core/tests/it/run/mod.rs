//! Running, with plain operators: no tensor library.

mod bag;
mod batch;
mod failures;
mod gradients;
mod learning;
mod operators;
mod order;
mod overlap;
#[allow(dead_code, reason = "shared with the tests of CUDA lanes")]
mod plain;
mod probe;
mod resume;
mod stock;
mod tape;
mod told;
mod turns;

use serde_json::Value as Json;
use std::path::Path;
use voxloom_core::check::{Config, check};
use voxloom_core::graph::Pipeline;
use voxloom_core::run::{Event, Report, RunOptions, run};

/// The pipeline of a file's text.
pub fn pipeline(file: &Json) -> Pipeline {
    let checked = check(Path::new("test.json"), file.to_string().as_bytes(), &operators::all(), &Config::default());
    checked.unwrap_or_else(|faults| panic!("{faults}")).pipeline
}

/// Runs a file.
pub fn go(file: &Json, options: &RunOptions) -> Report {
    let report = run(&pipeline(file), options, &mut |_: &Event| {}).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.memory.left_values, 0, "every value is released");
    report
}

/// Options with so many lanes, each with a thread of its own.
pub fn lanes(lanes: usize) -> RunOptions {
    RunOptions { lanes, threads: 8, seed: 17, ..RunOptions::default() }
}
