//! Every operator of the tutorial passes every case, and hardly any case is left out.

use super::{gain, rust};
use std::path::{Path, PathBuf};
use voxloom_testkit::{Case, Outcome, harness};

/// The cases that did not pass; fails where one failed.
fn left_out(file: &Path, others: &[PathBuf]) -> Vec<(String, String)> {
    let report = harness::conformance(file, others).unwrap_or_else(|message| panic!("{message}"));
    let lines: Vec<String> = report.cases.iter().map(ToString::to_string).collect();
    assert!(report.passed(), "{}", lines.join("\n"));
    let left = |case: Case| match case.outcome {
        Outcome::NotExercised(reason) => Some((case.subject, reason)),
        _ => None,
    };
    report.cases.into_iter().filter_map(left).collect()
}

#[test]
fn the_rust_plugin_passes_all_cases() {
    let no_parameter = ("template.stack".to_owned(), "it has no parameter that could be wrong".to_owned());
    assert_eq!(left_out(&rust()[0], &rust()), [no_parameter]);
}

#[test]
fn the_plugin_of_synthetic_values_passes_all_cases() {
    assert_eq!(left_out(&rust()[1], &[]), []);
}

#[test]
fn the_cpp_plugin_passes_all_cases() {
    assert_eq!(left_out(&gain(), &rust()), []);
}

#[test]
fn without_synthetic_values_it_is_said_what_is_missing() {
    let reason = "input `tensor`: tensors and modules come from the plugin `synthetic`, which is not beside the other plugins";
    let left = left_out(&gain(), &[]);
    assert_eq!(left.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>(), [reason; 2]);
}
