//! Conformance finds what is broken, and says where.

use std::path::Path;
use std::process::Command;
use voxloom_testkit::{Case, Outcome, Report, harness};

#[test]
fn serves_the_other_tests() {
    harness::serve();
}

fn report(source: &str) -> Result<Report, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source).with_extension("so");
    let compiled = Command::new(if source.ends_with(".c") { "cc" } else { "c++" })
        .args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(root.join("../abi/include"))
        .arg(root.join("tests/it").join(source))
        .arg("-o")
        .arg(&file)
        .output()
        .expect("a C and C++ compiler is installed");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    harness::conformance(&file, &[])
}

fn failures<'a>(report: &'a Report, operator: &str) -> Vec<(&'a str, &'a str)> {
    let of_operator = report.cases.iter().filter(|case| case.subject == operator);
    let failed = |case: &'a Case| match &case.outcome {
        Outcome::Failed(reason) => Some((case.claim.as_str(), reason.as_str())),
        _ => None,
    };
    of_operator.filter_map(failed).collect()
}

#[test]
fn a_careful_plugin_passes() {
    let report = report("careful.cpp").unwrap();
    assert!(report.passed(), "{:?}", failures(&report, "careful.scale"));
    let not_exercised: Vec<&Case> = report.cases.iter().filter(|case| matches!(case.outcome, Outcome::NotExercised(_))).collect();
    assert_eq!(report.counts(), [7, 0, 0], "{not_exercised:?}");
}

#[test]
fn each_kind_of_carelessness_is_told() {
    let report = report("careless.cpp").unwrap();
    let outputs = "its outputs fit their ports, and repeat";
    let inputs = "wrong inputs are refused by the port's name";
    let repeats = "a second call with the same inputs and seed gave other bits; make it repeat, or declare it not deterministic";
    assert!(!report.passed());
    assert_eq!(failures(&report, "careless.count")[0], (outputs, repeats));
    let thread = "a call at the same time, on another thread, gave other bits; make it repeat, or declare it not deterministic";
    assert_eq!(failures(&report, "careless.thread"), [("two calls at once give the same", thread)]);
    assert_eq!(
        failures(&report, "careless.deaf"),
        [(inputs, "it takes nothing for `value`; declare the input optional, or look at it")]
    );
    let mute = "with nothing for `value` it does not name the port: failed: something is wrong";
    assert_eq!(failures(&report, "careless.mute"), [(inputs, mute)]);
    assert_eq!(failures(&report, "careless.throws")[0], (inputs, "with nothing for `value` it panicked: threw: not caught"));
    assert_eq!(failures(&report, "careless.liar"), [(outputs, "output `value` is a `json`, declared as `tensor`")]);
    let vague = "parameter `factor` has no description; parameter `factor`: its default -1 is out of its range";
    assert_eq!(failures(&report, "careless.vague"), [("its description is complete", vague)]);
    let fickle = failures(&report, "careless.fickle");
    assert_eq!(fickle, [("its description is the same every time", "two calls of `describe` wrote different texts")]);
}

#[test]
fn a_crash_names_its_case() {
    let message = report("crash.cpp").unwrap_err();
    let claim = "crash.crash: its outputs fit their ports, and repeat";
    assert!(message.ends_with(&format!("crash.so: crashed at `{claim}` (signal 11, SIGSEGV)")), "{message}");
}

#[test]
fn a_file_that_is_no_plugin_is_told() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("text.so");
    std::fs::write(&file, "text").unwrap();
    let message = harness::conformance(&file, &[]).unwrap_err();
    assert!(message.contains("text.so: is not a plugin: not a shared library of this machine"), "{message}");
}
