//! What `voxloom watch` refuses before it begins, what it leaves out, and when it stops by itself.

use crate::stage::voxloom;
use crate::watch::{Place, end, files, objects};

/// Exit code 2, one line, no word of a beginning; the inputs are as they were.
#[track_caller]
fn refused(place: &Place, words: &[&str], says: &str) {
    let before = files(&place.path("in"));
    let (code, lines) = place.once(words);
    assert_eq!((code, lines.len()), (2, 1), "{lines:#?}");
    let text = lines[0]["text"].as_str().unwrap();
    assert!(text.contains(says) && !text.contains('\n'), "{text}");
    assert_eq!(files(&place.path("in")), before);
    assert!(!place.path("in/.voxloom").exists());
}

#[test]
fn what_stops_it_is_said_once() {
    let place = Place::new().called("in", "/proc/nowhere/out", "l.db");
    let (code, lines) = place.once(&[]);
    assert_eq!((code, lines.len()), (4, 1), "{lines:#?}");
    let text = lines[0]["text"].as_str().unwrap();
    assert!(text.contains("the folder for results ") && text.matches("os error").count() == 1, "{text}");
}

#[test]
fn folders_and_ledgers_that_cannot_be_are_refused() {
    let place = Place::new().called("in", "in/done", "l.db");
    place.arrive("a.nii", 1);
    refused(&place, &[], "the watcher's own");
    let place = place.called("in", "in", "l.db");
    refused(&place, &[], "where inputs come from");
    let place = place.called("in", "out", "in/l.db");
    refused(&place, &["--listen", "0"], "--ledger");
    let place = place.called("in", "out", "foreign.db");
    std::fs::write(place.path("foreign.db"), "not a database at all. ".repeat(50)).unwrap();
    refused(&place, &[], "a file of another program");
}

#[test]
fn what_the_watcher_sets_for_each_input_is_not_set_by_hand() {
    let place = Place::new();
    place.arrive("a.nii", 1);
    refused(&place, &["--set", "input=a.nii"], "from what lies in --in");
    refused(&place, &["--set", "n=2", "--set", "output=elsewhere"], "--output-param");
}

#[test]
fn a_ledger_of_other_folders_is_refused_until_they_are_said_to_have_moved() {
    let place = Place::new();
    place.arrive("a.nii", 1);
    assert_eq!(place.once(&[]).0, 0);
    std::fs::remove_dir_all(place.path("in/.voxloom")).unwrap();
    let place = place.called("in", "out 2", "ledger.sqlite");
    refused(&place, &[], "it belongs to inputs in ");
    let words = ["watch", "status", "--in", "in", "--out", "out 2", "--ledger", "ledger.sqlite"];
    let status = voxloom().args(words).current_dir(place.path("")).output().unwrap();
    assert_eq!((status.status.code(), status.stdout.len()), (Some(2), 0));
    std::fs::remove_dir(place.path("out 2")).unwrap();
    std::fs::rename(place.path("out"), place.path("out 2")).unwrap();
    let (code, lines) = place.once(&["--moved"]);
    assert_eq!((code, &lines[lines.len() - 1]["done"]), (0, &0.into()), "{lines:#?}");
    let status = voxloom().args(words).current_dir(place.path("")).output().unwrap();
    assert!(String::from_utf8_lossy(&status.stdout).contains("done 1 "));
}

#[test]
fn a_pipeline_that_lies_beside_its_inputs_is_none_of_them() {
    let pipeline = crate::watch::PIPELINE.replace("\"n\": ", "\"table\": { \"type\": \"path\" },\n    \"n\": ");
    let place = Place::with(&pipeline);
    std::fs::rename(place.path("watch.json"), place.path("in/watch.json")).unwrap();
    std::os::unix::fs::symlink("in/watch.json", place.path("watch.json")).unwrap();
    std::fs::write(place.path("in/table.csv"), "a,b").unwrap();
    place.arrive("a.nii", 1);
    for done in [1, 0] {
        let (code, lines) = place.once(&["--delete", "--set", "table=in/table.csv"]);
        let last = &lines[lines.len() - 1];
        assert_eq!((code, &last["done"], &last["failed"]), (0, &done.into(), &0.into()), "{lines:#?}");
        let warned: Vec<&str> =
            lines.iter().filter(|line| line["event"] == "warning").filter_map(|line| line["text"].as_str()).collect();
        assert!(warned.len() == 1 && warned[0].contains("table.csv, watch.json"), "{lines:#?}");
    }
    assert_eq!(files(&place.path("in")), ["table.csv", "watch.json"]);
}

#[test]
fn a_watcher_whose_ledger_is_taken_away_stops_and_says_so() {
    let place = Place::new();
    let watcher = place.start(&[]);
    place.arrive("a.nii", 1);
    place.wait("out/a.nii/report.json");
    std::fs::remove_file(place.path("ledger.sqlite")).unwrap();
    let (code, text) = end(watcher);
    let lines = objects(&text);
    assert_eq!(code, 4, "{text}");
    let last = lines[lines.len() - 1]["text"].as_str().unwrap();
    assert!(last.contains("it was removed or replaced"), "{text}");
}
