//! A test binary as its own scanning and conformance process, so that a plugin's tests need no program beside them.
//!
//! ```no_run
//! #[test]
//! fn serves_the_other_tests() {
//!     voxloom_testkit::harness::serve();
//! }
//! ```

use crate::{Report, conform};
use serde_json::Value as Json;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use voxloom_core::check;
use voxloom_core::load::{Config, Plugins, scan};
use voxloom_core::operators::Operators;
use voxloom_core::run::{self, RunOptions};

/// Name of the test that calls [`serve`], at the root of the binary.
const TEST: &str = "serves_the_other_tests";
/// What the child does: `scan` or `conform`.
const PART: &str = "VOXLOOM_HARNESS";
/// The other plugins of a conformance run, as a list of paths.
const OTHERS: &str = "VOXLOOM_HARNESS_OTHERS";

/// The child's part, where the binary was started as one; otherwise scans a file that is not there, to see that the answer is one line.
///
/// # Panics
/// Where the answer is not one line.
pub fn serve() {
    let file = std::env::args_os().next_back().map(PathBuf::from).unwrap_or_default();
    let answer = match std::env::var(PART).as_deref() {
        Ok("scan") => scan(&file),
        Ok("conform") => {
            let others = std::env::var_os(OTHERS).unwrap_or_default();
            let asked = [file.clone()].into_iter().chain(std::env::split_paths(&others)).collect();
            conform(&file, &Config::only(asked, command("scan", &[])), &mut say)
        }
        _ => scan(Path::new("no/such/file.so")),
    };
    // This is a test binary's own output, which the parent process reads.
    let _ = writeln!(std::io::stdout(), "{answer}");
    assert!(answer.trim_start().starts_with("voxloom-answer: {") && !answer.trim().contains('\n'), "{answer}");
}

/// After a crash the parent looks here for the case.
fn say(case: &str) {
    let _ = writeln!(std::io::stderr(), "{case}");
}

/// The plugins of these files and folders.
pub fn plugins(asked: Vec<PathBuf>) -> Plugins {
    Plugins::find(&Config::only(asked, command("scan", &[])))
}

/// The conformance cases of the plugin in `file`, with `others` at hand.
///
/// # Errors
/// Where it is no plugin, or crashed.
pub fn conformance(file: &Path, others: &[PathBuf]) -> Result<Report, String> {
    crate::check(&command("conform", others), file, Duration::from_secs(300))
}

/// Every operator of the plugin that cargo built as `name` keeps the contract, with synthetic values at hand; more than `cases` cases were made.
///
/// # Panics
/// Where that does not hold.
#[track_caller]
pub fn conforms(name: &str, cases: usize) {
    let [plugin, synthetic] = [name, "voxloom_synthetic"].map(|name| built(name).expect("cargo builds it for this test"));
    let report = conformance(&plugin, &[synthetic]).unwrap_or_else(|message| panic!("{message}"));
    let lines: Vec<String> = report.cases.iter().map(ToString::to_string).collect();
    assert!(report.passed() && report.cases.len() > cases, "{}", lines.join("\n"));
}

/// Checks and runs a pipeline file over plugins that cargo built for this test, without a watcher.
///
/// # Errors
/// What the check, the loading of the plugins or the run said.
pub fn go(names: &[&str], file: &Json, options: &RunOptions) -> Result<run::Report, String> {
    let plugins = plugins(names.iter().map(|name| built(name).expect("cargo builds it for this test")).collect());
    let operators: Operators = plugins.operators().values().cloned().collect();
    let checked = check::check(Path::new("test.json"), file.to_string().as_bytes(), &operators, &check::Config::default());
    let mut pipeline = checked.map_err(|faults| faults.to_string())?.pipeline;
    plugins.load(&mut pipeline).map_err(|skipped| skipped.to_string())?;
    run::run(&pipeline, options, &mut |_: &run::Event| {}).map_err(|error| error.to_string())
}

/// A shared library that cargo built for this test: a plugin among the dependencies, or an example of the package.
pub fn built(name: &str) -> Option<PathBuf> {
    let deps = std::env::current_exe().ok()?.parent()?.to_owned();
    let file = format!("lib{name}.so");
    [deps.join(&file), deps.parent()?.join("examples").join(&file)].into_iter().find(|path| path.is_file())
}

fn command(part: &str, others: &[PathBuf]) -> Vec<OsString> {
    let mut others_of: OsString = format!("{OTHERS}=").into();
    others_of.push(std::env::join_paths(others).unwrap_or_default());
    let me = std::env::current_exe().unwrap_or_default().into_os_string();
    ["env".into(), format!("{PART}={part}").into(), others_of, me, "--exact".into(), TEST.into(), "--nocapture".into()].into()
}
