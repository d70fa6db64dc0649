//! The log: lines and events, and a resume that takes back what came after the save.

use crate::host::{Instance, value};
use serde_json::json;
use std::path::Path;
use voxloom_sdk::Json;
use voxloom_train::Log;

fn log(folder: &Path) -> Instance {
    Instance::module::<Log>(json!({ "folder": folder })).unwrap()
}

fn write(log: &Instance, params: Json, values: Json) {
    log.bind("write", params, &[]).run(&[value(values)]).unwrap();
}

fn lines(folder: &Path, name: &str) -> Vec<(String, u64, Json)> {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let line = |line: &str| {
        let json: Json = serde_json::from_str(line).unwrap();
        (json["tag"].as_str().unwrap().to_owned(), json["step"].as_u64().unwrap(), json["values"].clone())
    };
    text.lines().map(line).collect()
}

fn event_files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().contains("tfevents"));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn writes_lines_and_events_at_the_step_of_the_values() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    write(&log, json!({"tag": "train"}), json!({"step": 4, "loss": 0.5}));
    write(&log, json!({"tag": "validate"}), json!({"mean": {"dice": 0.75}}));
    write(&log, json!({"tag": "train", "every": 5}), json!({"step": 9, "loss": 0.25}));
    let expected =
        [("train".to_owned(), 4, json!({"step": 4, "loss": 0.5})), ("validate".to_owned(), 4, json!({"mean": {"dice": 0.75}}))];
    assert_eq!(lines(folder.path(), "scalars.jsonl"), expected);
    let events = event_files(folder.path());
    let holds = |text: &str| events[0].windows(text.len()).any(|window| window == text.as_bytes());
    assert!(events.len() == 1 && holds("train/loss") && holds("validate/mean/dice") && !holds("train/step"));
}

#[test]
fn a_resume_takes_back_what_came_after_the_save() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = state.path().join("log");
    let first = log(folder.path());
    for step in 1..=3 {
        write(&first, json!({}), json!({ "step": step }));
        if step == 2 {
            first.save(&file).unwrap();
        }
    }
    let second = log(folder.path());
    second.load(&file).unwrap();
    write(&second, json!({}), json!({"step": 3, "again": true}));
    let steps: Vec<u64> = lines(folder.path(), "scalars.jsonl").iter().map(|(_, step, _)| *step).collect();
    assert_eq!(steps, [1, 2, 3]);
    assert_eq!(lines(folder.path(), "scalars.jsonl")[2].2["again"], true);
    // The new event file begins with a session's start at step 3, on which TensorBoard drops the old file's step 3.
    let events = event_files(folder.path());
    let start = [0x10, 3, 0x3a, 2, 8, 1];
    assert!(events.len() == 2 && events[1].windows(start.len()).any(|window| window == start));
}

#[test]
fn a_new_run_leaves_the_old_lines_alone() {
    let folder = tempfile::tempdir().unwrap();
    write(&log(folder.path()), json!({}), json!({"step": 1}));
    write(&log(folder.path()), json!({}), json!({"step": 2}));
    assert_eq!(lines(folder.path(), "scalars.jsonl").len(), 1);
    assert_eq!(lines(folder.path(), "scalars-2.jsonl").len(), 1);
}

#[test]
fn a_saved_name_cannot_leave_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let file = folder.path().join("state");
    let metadata = json!({"step": 1, "lines": {"name": "../scalars.jsonl", "length": 0}}).to_string();
    voxloom_weights::write_safetensors(&file, &[], &[("voxloom.extra".to_owned(), metadata)].into()).unwrap();
    let text = log.load(&file).unwrap_err().1;
    assert_eq!(text, "the log's saved state names `../scalars.jsonl`, which is not a file's name");
}
