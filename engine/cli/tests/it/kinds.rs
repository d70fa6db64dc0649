//! Failures of the system end in the report as what they are, and the watched folder acts on that and not on words.

use crate::stage::voxloom;
use crate::watch::{Place, signal};
use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

/// Copies the volumes of a list.
const COPY: &str = r#"{
  "voxloom": 1,
  "params": { "input": { "type": "path" }, "output": { "type": "path" } },
  "graph": {
    "case":   { "op": "imaging.cases", "params": { "path": "${input}" } },
    "volume": { "op": "imaging.read", "in": { "case": "case" } },
    "file":   { "op": "imaging.write", "in": { "volume": "volume", "case": "case" }, "params": { "folder": "${output}" } }
  }
}
"#;

/// Runs the copy of `input` into `output`: what standard error says, and the report.
fn copy(place: &Place, input: &str, output: &Path) -> (String, Json) {
    let report = place.path("report.json");
    let output = format!("output={}", output.display());
    let words = ["run", "watch.json", "--device", "cpu", "--set", &format!("input={input}"), "--set", &output, "--report"];
    let ran = voxloom().args(words).arg(&report).current_dir(place.path("")).output().unwrap();
    let text = String::from_utf8_lossy(&ran.stderr).into_owned();
    let report = std::fs::read(&report).unwrap_or_else(|error| panic!("{error}: {text}"));
    (text, serde_json::from_slice(&report).unwrap())
}

/// Node and kind of the only failure.
fn failure(report: &Json) -> (&str, &str) {
    let failures = report["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 1, "{report:#}");
    (failures[0]["node"].as_str().unwrap(), failures[0]["kind"].as_str().unwrap())
}

#[test]
fn files_that_are_not_there_are_unavailable_and_broken_ones_are_not() {
    let place = Place::with(COPY);
    let out = place.path("out");
    std::fs::write(place.path("list.txt"), "gone.nii\n").unwrap();
    assert_eq!(failure(&copy(&place, "list.txt", &out).1), ("volume", "unavailable"));
    std::fs::write(place.path("list.txt"), "gone.png\n").unwrap();
    assert_eq!(failure(&copy(&place, "list.txt", &out).1), ("volume", "unavailable"));
    std::fs::write(place.path("list.txt"), "gone.dcm\n").unwrap();
    assert_eq!(failure(&copy(&place, "list.txt", &out).1), ("volume", "unavailable"));
    let (_, report) = copy(&place, "no-list.txt", &out);
    assert_eq!(failure(&report), ("case", "unavailable"));
    assert_eq!((&report["outcome"], &report["kind"]), (&"fatal".into(), &"unavailable".into()));
    std::fs::write(place.path("broken.nii"), "no space left on device").unwrap();
    assert_eq!(failure(&copy(&place, "broken.nii", &out).1), ("volume", "other"));
    // A folder for results that a file stands in the way of: nothing that passes.
    place.arrive("a.nii", 1);
    std::fs::write(place.path("taken"), "").unwrap();
    assert_eq!(failure(&copy(&place, "in/a.nii", &place.path("taken")).1), ("file", "other"));
}

#[test]
fn a_disk_without_room_is_full_and_the_program_says_what_to_do() {
    let place = Place::with(COPY);
    let disk = place.path("disk");
    std::fs::create_dir(&disk).unwrap();
    // Not every user may mount; the kind itself is asked for in the tests of the contract, too.
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16k", "none"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return;
    }
    std::fs::write(disk.join("ballast"), [0; 16 << 10]).unwrap();
    place.arrive("a.nii", 1);
    let (text, report) = copy(&place, "in/a.nii", &disk);
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
    assert_eq!(failure(&report), ("file", "full"));
    assert!(text.contains("hint: a disk has no room left"), "{text}");
}

#[test]
fn bad_data_is_not_tried_again_whatever_it_is_called() {
    let place = Place::with(COPY);
    let name = "a: permission denied (os error 13).nii";
    std::fs::write(place.path("in").join(name), "no volume: no space left on device").unwrap();
    let (code, lines) = place.once(&["--attempts", "3", "--pause", "0.1"]);
    assert_eq!(code, 1, "{lines:#?}");
    let error = place.path("in/failed").join(name).join("error.json");
    let error: Json = serde_json::from_slice(&std::fs::read(error).unwrap()).unwrap();
    assert_eq!((&error["kind"], &error["attempts"]), (&"bad".into(), &1.into()), "{error:#}");
}

/// Writes a copy of a second file, which comes late.
const LATE: &str = r#"{
  "voxloom": 1,
  "params": { "input": { "type": "path" }, "output": { "type": "path" }, "second": { "type": "path", "default": "second.nii" } },
  "graph": {
    "case":   { "op": "imaging.cases", "params": { "path": "${input}" } },
    "late":   { "op": "imaging.cases", "params": { "path": "${second}" } },
    "volume": { "op": "imaging.read", "in": { "case": "late" } },
    "file":   { "op": "imaging.write", "in": { "volume": "volume", "case": "late" }, "params": { "folder": "${output}" } }
  }
}
"#;

#[test]
fn what_may_pass_is_tried_again_until_it_has() {
    let place = Place::with(LATE);
    let mut watcher = place.start(&["--attempts", "9", "--pause", "0.2"]);
    let told = BufReader::new(watcher.stderr.take().unwrap()).lines();
    let mut told = told.filter_map(|line| serde_json::from_str::<Json>(&line.unwrap()).ok());
    let mut next = || told.find(|line| ["again", "done", "failed"].iter().any(|event| line["event"] == *event)).unwrap();
    place.arrive("a.nii", 1);
    let first = next();
    assert_eq!((&first["event"], &first["kind"], &first["node"]), (&"again".into(), &"transient".into(), &"late".into()));
    std::fs::copy(place.path("in/a.nii"), place.path("second.nii")).unwrap();
    let last = std::iter::repeat_with(&mut next).find(|line| line["event"] != "again").unwrap();
    assert_eq!(last["event"], "done", "{last}");
    assert!(last["attempt"].as_u64().unwrap() > 1, "{last}");
    signal(&watcher, "TERM");
    assert!(watcher.wait().unwrap().success());
    assert!(place.path("out/a.nii/second.nii.gz").exists());
}
