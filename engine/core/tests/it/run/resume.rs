//! Saves, and going on from them.

use super::order::training;
use super::{go, lanes, pipeline};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use voxloom_core::run::{Event, ItemResults, Kind, Outcome, RunError, RunOptions, run};

/// Training that saves at the end of every round.
fn file(folder: &Path, rounds: u64) -> Json {
    let mut file = training();
    file["schedule"] = json!([{ "run": "train", "items": 5 }, { "run": "validate" }, { "save": folder }]);
    file["rounds"] = rounds.into();
    file
}

/// All files of a folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries.map(|entry| (entry.file_name().into_string().expect("UTF-8"), std::fs::read(entry.path()).expect("a file"))).collect()
}

fn results_from(results: &[ItemResults], round: u64) -> Vec<ItemResults> {
    results.iter().filter(|result| result.round >= round).cloned().collect()
}

#[test]
fn a_resumed_run_gives_the_bits_of_one_that_was_never_cut() {
    let (whole, cut) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let uninterrupted = go(&file(whole.path(), 4), &lanes(2));
    go(&file(cut.path(), 2), &lanes(4));
    let options = RunOptions { resume: Some(cut.path().into()), delays: Some(1), seed: 999, ..lanes(3) };
    let resumed = go(&file(cut.path(), 4), &options);
    assert_eq!(resumed.seed, uninterrupted.seed, "the seed is the saved one");
    assert_eq!(resumed.results, results_from(&uninterrupted.results, 2));
    assert_eq!(resumed.results.iter().filter(|result| result.graph == "train").count(), 10);
    assert_eq!(contents(&whole.path().join("last")), contents(&cut.path().join("last")));
}

#[test]
fn a_save_in_the_middle_of_a_round_is_a_place_to_go_on_from() {
    let (whole, cut) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let schedule = |folder: &Path, rounds: u64| {
        let mut file = file(folder, rounds);
        file["schedule"] =
            json!([{ "run": "train", "items": 2 }, { "save": folder }, { "run": "train", "items": 3 }, { "run": "validate" }]);
        file
    };
    let uninterrupted = go(&schedule(whole.path(), 2), &lanes(2));
    go(&schedule(cut.path(), 1), &lanes(2));
    let resumed = go(&schedule(cut.path(), 2), &RunOptions { resume: Some(cut.path().into()), ..lanes(2) });
    let rest = |results: &[ItemResults]| {
        results.iter().filter(|result| (result.round, result.stage) > (0, 1)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(resumed.results, rest(&uninterrupted.results));
}

#[test]
fn a_save_that_fails_leaves_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    go(&file(folder.path(), 1), &lanes(2));
    let before = contents(&folder.path().join("last"));
    let mut broken = file(folder.path(), 2);
    broken["modules"]["net"]["params"] = json!({ "fail": true });
    let report = go(&broken, &RunOptions { resume: Some(folder.path().into()), ..lanes(2) });
    assert_eq!(report.outcome, Outcome::Fatal);
    assert_eq!(report.message.as_deref(), Some("save: module `net`: no room"));
    assert_eq!(report.kind, Kind::Full);
    assert_eq!(contents(&folder.path().join("last")), before);
    // What the failed save left beside is no harm to the next.
    let report = go(&file(folder.path(), 2), &RunOptions { resume: Some(folder.path().into()), ..lanes(2) });
    assert_eq!(report.outcome, Outcome::Completed);
    assert_ne!(contents(&folder.path().join("last")), before);
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["last"], "nothing is left beside");
}

#[test]
fn the_best_save_is_kept_and_patience_ends_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = file(folder.path(), 60);
    file["schedule"][2] = json!({ "save": folder.path(), "best": "validate.net.small", "higher": true, "patience": 4 });
    let report = go(&file, &lanes(2));
    assert_eq!(report.outcome, Outcome::Completed);
    let values: Vec<f64> = report.saves.iter().filter_map(|save| save.value).collect();
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        let better = index == 0 || *value > values[best];
        assert_eq!(report.saves[index].best, better);
        best = if better { index } else { best };
    }
    assert_eq!(values.len(), best + 1 + 4, "four saves without a better one: {values:?}");
    let kept: Json =
        serde_json::from_slice(&std::fs::read(folder.path().join("best/net.safetensors")).expect("a file")).expect("JSON");
    let small = (kept.as_i64().expect("a weight") as u64 % 1000) as f64;
    assert!((small - values[best]).abs() < f64::EPSILON);
    // There is nothing left to do for a run that ended so.
    let again = go(&file, &RunOptions { resume: Some(folder.path().into()), ..lanes(2) });
    assert_eq!((again.results.len(), again.saves.len()), (0, 0));
}

#[test]
fn a_best_that_is_no_number_stops_the_run_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = file(folder.path(), 2);
    file["schedule"][2] = json!({ "save": folder.path(), "best": "validate.net.nothing" });
    let report = go(&file, &lanes(2));
    assert_eq!(report.outcome, Outcome::Fatal);
    assert_eq!(report.message.as_deref(), Some("save: best `validate.net.nothing` must be a number, got nothing"));
}

#[test]
fn a_folder_without_a_run_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = RunOptions { resume: Some(folder.path().into()), ..lanes(1) };
    let error = run(&pipeline(&file(folder.path(), 1)), &options, &mut |_: &Event| {}).expect_err("nothing to resume");
    assert!(matches!(error, RunError::Resume { .. }));
    let expected = format!("cannot resume from {}: neither it nor `last` in it holds a run.json", folder.path().display());
    assert_eq!(error.to_string(), expected);
}
