//! `voxloom run`: results, reports, exit codes, Ctrl-C.

use crate::stage::{pipeline, running, voxloom};
use serde_json::Value as Json;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Runs the pipeline with overrides; exit code, standard output, standard error, and the report.
fn run(words: &[&str]) -> (i32, String, String, Json) {
    let (folder, file) = pipeline();
    let output = voxloom().arg("run").arg(&file).args(words).current_dir(&folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let report = std::fs::read(folder.path().join("out/report.json")).unwrap_or_default();
    let report = serde_json::from_slice(&report).unwrap_or(Json::Null);
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr), report)
}

#[test]
fn results_are_tables_with_their_means() {
    let (code, stdout, stderr, report) = run(&[]);
    assert_eq!(code, 0, "{stderr}");
    let lines: Vec<Vec<&str>> = stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.contains(&vec!["case", "side", "dice"]), "{stdout}");
    assert!(lines.contains(&vec!["c3", "right", "0.5300"]), "{stdout}");
    assert!(lines.contains(&vec!["mean", "left", "0.5200"]), "{stdout}");
    assert_eq!(report["outcome"], "completed");
    assert_eq!(report["items"]["done"], 6);
    assert!(
        report["plugins"]
            .as_array()
            .unwrap()
            .iter()
            .any(|plugin| plugin["name"] == "probe" && plugin["hash"].as_str().unwrap().len() == 64)
    );
    assert_eq!(report["memory"]["left_values"], 0);
}

#[test]
fn the_report_is_printed_where_json_is_asked_for() {
    let (code, stdout, _, report) = run(&["--json", "--seed", "7", "--quiet"]);
    assert_eq!(code, 0);
    let printed: Json = serde_json::from_str(&stdout).unwrap();
    assert_eq!(printed, report);
    assert_eq!(printed["seed"], 7);
}

#[test]
fn numbers_of_threads_and_memory_are_taken() {
    let (code, _, stderr, report) = run(&["--threads", "3", "--memory", "1GiB", "--log-level", "debug"]);
    assert_eq!((code, &report["threads"]), (0, &Json::from(3)), "{stderr}");
}

#[test]
fn quiet_says_nothing_where_all_went_well() {
    let (code, stdout, stderr, _) = run(&["--quiet"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(!stdout.is_empty());
}

#[test]
fn a_resumed_folder_that_is_none_is_refused() {
    let (code, _, stderr, _) = run(&["--resume", "nowhere"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("nowhere"), "{stderr}");
}

#[test]
fn results_do_not_depend_on_lanes() {
    let results = |lanes| run(&["--lanes", lanes]).3["results"].clone();
    let one = results("1");
    assert_eq!(one.as_array().map(Vec::len), Some(6));
    assert_eq!(one, results("4"));
}

#[test]
fn a_failing_item_leaves_the_others_whole() {
    let (code, stdout, stderr, report) = run(&["--set", "fail_at=2"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("node `score` (probe.work) item 2: item 2 was told to fail"), "{stderr}");
    assert!(stdout.contains("c3") && stdout.contains("c5"), "{stdout}");
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["failures"][0]["node"], "score");
    assert_eq!(report["items"]["failed"], 1);
}

/// What went wrong is told once.
fn errors(stderr: &str) -> usize {
    stderr.lines().filter(|line| line.starts_with("error: ")).count()
}

#[test]
fn strict_stops_at_the_first_failure() {
    let (code, _, stderr, report) = run(&["--set", "fail_at=0", "--strict"]);
    assert_eq!((code, &report["outcome"], errors(&stderr)), (4, &Json::from("stopped"), 1), "{stderr}");
}

#[test]
fn a_fatal_error_stops_the_run() {
    let (code, _, stderr, report) = run(&["--set", "stop_at=1"]);
    assert_eq!((code, &report["outcome"], errors(&stderr)), (4, &Json::from("fatal"), 1), "{stderr}");
}

#[test]
fn a_device_that_is_not_there_is_refused() {
    let (code, _, stderr, report) = run(&["--device", "cuda:77"]);
    assert_eq!((code, report, errors(&stderr)), (3, Json::Null, 1), "{stderr}");
}

#[test]
fn a_trace_has_a_track_a_lane() {
    let (folder, file) = pipeline();
    voxloom().arg("run").arg(&file).args(["--lanes", "2", "--trace", "trace.json"]).current_dir(&folder).assert().code(0);
    let trace: Json = serde_json::from_slice(&std::fs::read(folder.path().join("trace.json")).unwrap()).unwrap();
    let events = trace.get("traceEvents").unwrap_or(&trace).as_array().unwrap();
    assert!(events.iter().any(|event| event["ph"] == "X" && event["dur"].is_number() && event["tid"].is_number()));
}

#[test]
fn one_ctrl_c_ends_cleanly() {
    let (folder, file) = pipeline();
    let mut child = at_work(&folder, &file, "100");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let report: Json = serde_json::from_slice(&std::fs::read(folder.path().join("out/report.json")).unwrap()).unwrap();
    assert_eq!(report["outcome"], "cancelled");
    let done = report["items"]["done"].as_u64().unwrap();
    assert!((1..400).contains(&done), "{done} items are done");
    assert_eq!(report["memory"]["left_values"], 0);
}

#[test]
fn two_ctrl_c_end_at_once() {
    let (folder, file) = pipeline();
    let mut child = at_work(&folder, &file, "60000");
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "one Ctrl-C waits for what is under way");
    let began = Instant::now();
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    assert!(!folder.path().join("out/report.json").exists());
}

/// The program in the middle of a long run.
fn at_work(folder: &tempfile::TempDir, file: &Path, wait_ms: &str) -> Child {
    let mut command = running();
    command.arg("run").arg(file).args(["--set", "n=400", "--lanes", "2", "--set", &format!("wait_ms={wait_ms}")]);
    let mut child = command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut talk = child.stderr.take().unwrap();
    let mut said = Vec::new();
    let mut byte = [0];
    while !said.ends_with(b"graph\n") && talk.read(&mut byte).unwrap() == 1 {
        said.push(byte[0]);
    }
    assert!(said.ends_with(b"graph\n"), "{}", String::from_utf8_lossy(&said));
    // What is said from here on fits into the pipe, which nobody reads.
    std::mem::forget(talk);
    std::thread::sleep(Duration::from_millis(700));
    child
}

fn interrupt(child: &Child) {
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let (folder, file) = pipeline();
    let mut command = running();
    command.arg("run").arg(&file).arg("--json").current_dir(&folder).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(folder.path().join("out/report.json").exists());
}

#[test]
fn a_broken_plugin_is_left_out_and_the_run_goes_on() {
    let (folder, file) = pipeline();
    let broken = folder.path().join("libbroken.so");
    std::fs::write(&broken, "no library").unwrap();
    let output =
        voxloom().arg("run").arg(&file).arg("--plugins").arg(&broken).current_dir(&folder).assert().code(0).get_output().clone();
    assert!(String::from_utf8_lossy(&output.stderr).contains("libbroken.so: is not a plugin"));
}
