//! `voxloom check`: right and wrong files.

use crate::stage::{pipeline, voxloom};
use serde_json::Value as Json;

#[test]
fn a_right_file_passes() {
    let (_folder, file) = pipeline();
    let output = voxloom().arg("check").arg(&file).assert().code(0).get_output().clone();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{}: ok\n", file.display()));
}

#[test]
fn every_fault_is_told_and_nothing_runs() {
    let (folder, file) = pipeline();
    let text = std::fs::read_to_string(&file)
        .unwrap()
        .replace("template.slices", "template.slice")
        .replace("\"index\": \"slice.index\"", "\"indx\": \"slice.index\"");
    std::fs::write(&file, text).unwrap();
    for command in ["check", "run"] {
        let output = voxloom().arg(command).arg(&file).current_dir(&folder).assert().code(2).get_output().clone();
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.stdout.is_empty(), "{command} printed a result");
        assert!(talk.contains("did you mean `template.slices`?"), "{talk}");
        assert!(talk.contains(":13:"), "{talk}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn an_override_is_typed() {
    let (_folder, file) = pipeline();
    let talk = voxloom().args(["check", "--set", "n=many"]).arg(&file).assert().code(2).get_output().stderr.clone();
    assert!(String::from_utf8_lossy(&talk).contains("--set n=many: `n` must be a whole number, got \"many\""));
}

#[test]
fn faults_are_json_where_asked_for() {
    let (_folder, file) = pipeline();
    let output = voxloom().args(["check", "--json", "--set", "m=1"]).arg(&file).assert().code(2).get_output().clone();
    let verdicts: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdicts[0]["ok"], false);
    assert_eq!(verdicts[0]["faults"][0]["override"], "m=1");
}

#[test]
fn a_wrong_command_line_is_told_apart() {
    voxloom().arg("check").assert().code(2);
    voxloom().args(["run", "--lanes", "0", "x.json"]).assert().code(2);
    voxloom().args(["run", "--memory", "much", "x.json"]).assert().code(2);
    voxloom().arg("--version").assert().code(0);
}
