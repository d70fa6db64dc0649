//! What `voxloom watch` says, for programs and for people: names and messages are of whoever fills the folder.

use crate::stage::{running, voxloom};
use crate::watch::Place;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A name that tries to look like lines of the log, and to move the cursor.
const FORGED: &str = "z.nii\n2026-11-23T08:50:00.000Z done fake.nii in 0.10 s, attempt 1: \u{1b}[2J\u{202e}x.nii";

#[test]
fn every_line_for_programs_is_an_object_and_names_are_joined() {
    let place = Place::new();
    ["new\nline.nii", "new\\nline.nii", "plain.nii"].iter().enumerate().for_each(|(at, name)| place.arrive(name, at as u8));
    std::fs::write(place.path("in").join(FORGED), "no volume").unwrap();
    std::fs::write(place.path("in").join(OsStr::from_bytes(b"bad \xff.nii")), "no volume either").unwrap();
    let (code, lines) = place.once(&["--log-level", "debug"]);
    assert_eq!(code, 1, "{lines:#?}");
    let texts = |event: &str, key: &str| -> BTreeSet<String> {
        let lines = lines.iter().filter(|line| line["event"] == event);
        lines.map(|line| line[key].as_str().unwrap().to_owned()).collect()
    };
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!(first["event"], "watching", "{lines:#?}");
    assert!(["in", "out"].iter().all(|key| Path::new(first[key].as_str().unwrap()).is_dir()), "{first}");
    assert_eq!((&last["event"], &last["done"], &last["failed"]), (&"stopped".into(), &2.into(), &3.into()));
    assert!(lines.iter().all(|line| line["at"].is_string() && line["level"].is_string()), "{lines:#?}");

    let done = BTreeSet::from(["new\nline.nii", "plain.nii"].map(str::to_owned));
    assert_eq!((texts("done", "input"), texts("done", "result")), (done.clone(), done));
    // A backslash stays one, and is told from a line's end.
    let failed = [FORGED, "bad \\xff.nii", "new\\nline.nii"];
    assert_eq!(texts("failed", "input"), BTreeSet::from(failed.map(str::to_owned)));
    assert_eq!(texts("failed", "moved"), BTreeSet::from(failed.map(|name| format!("failed/{name}"))));
    assert!(texts("started", "input").is_superset(&texts("done", "input")));
    // Of links that are gone nobody is told.
    assert!(!lines.iter().any(|line| line.to_string().contains("staging")), "{lines:#?}");
}

#[test]
fn what_goes_wrong_before_the_start_is_an_object_too() {
    let place = Place::new();
    std::fs::write(place.path("watch.json"), "{\n\"voxloom\": 1,").unwrap();
    let (code, lines) = place.once(&[]);
    assert!(code == 2 && !lines.is_empty() && lines.iter().all(|line| line["level"] == "error"), "{lines:#?}");
    let place = Place::new();
    std::fs::remove_dir(place.path("in")).unwrap();
    let (code, lines) = place.once(&[]);
    assert_eq!((code, lines.len(), &lines[0]["event"]), (4, 1, &"error".into()), "{lines:#?}");
}

#[test]
fn names_and_messages_make_no_lines_of_their_own() {
    let place = Place::new();
    std::fs::write(place.path("in").join(FORGED), "no volume").unwrap();
    place.arrive("good.nii", 1);
    let words = ["watch", "watch.json", "--in", "in", "--out", "out", "--ledger", "l.db", "--settle", "0.1", "--once"];
    let ran = voxloom().args(words).args(["--min-free", "1", "--device", "cpu"]).current_dir(place.path("")).output().unwrap();
    let text = String::from_utf8(ran.stderr).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // Begun, a warning, done, failed, stopped; each says when.
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines.iter().all(|line| line.starts_with("20") && line.as_bytes()[10] == b'T'), "{text}");
    assert!(lines.iter().any(|line| line.contains("failed z.nii\\n2026-11-23T08:50")), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text}");
    let status = voxloom().args(["watch", "status", "--ledger", "l.db"]).current_dir(place.path("")).output().unwrap();
    let text = String::from_utf8(status.stdout).unwrap();
    assert!(text.lines().count() == 3 && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
}

#[test]
fn the_command_that_repeats_a_failure_does_so_wherever_it_is_typed() {
    let pipeline =
        crate::watch::PIPELINE.replace("\"n\": ", "\"table\": { \"type\": \"path\", \"default\": \"t\" },\n    \"n\": ");
    let place = Place::with(&pipeline);
    let name = "it's $HOME.nii";
    std::fs::write(place.path("in").join(name), "no volume").unwrap();
    let (code, lines) = place.once(&["--set", "table=a b/t.csv", "--set", "n=4"]);
    assert_eq!(code, 1, "{lines:#?}");
    let error = std::fs::read(place.path("in/failed").join(name).join("error.json")).unwrap();
    let error: serde_json::Value = serde_json::from_slice(&error).unwrap();
    let command = error["command"].as_str().unwrap();
    let table = place.path("").canonicalize().unwrap().join("a b/t.csv");
    assert!(command.contains(&format!("--set 'table={}'", table.display())) && command.contains("--set n=4"), "{command}");
    let program = Path::new(env!("CARGO_BIN_EXE_voxloom"));
    let typed = command.replacen("voxloom", &program.to_string_lossy(), 1);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut shell = std::process::Command::new("bash");
    shell
        .args(["-c", &typed])
        .current_dir(&elsewhere)
        .envs(running().get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = shell.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    // A case and four slices: only one of the two scatters says how many items it gives.
    assert!(said.contains("graph: 5 items in "), "{said}");
    // The same words, of the file where it lies now.
    let (_, why) = error["message"].as_str().unwrap().split_once(name).unwrap();
    assert!(said.contains(&format!("failed/{name}/{name}{why}")), "{said}\n{error:#}");
}
