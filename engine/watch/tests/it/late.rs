//! Groups with names that are theirs for ever: the same files again, under whatever names, and files that come late.

use crate::stage::{ByPrefix, Stage, copy};
use std::path::Path;
use std::sync::Arc;
use voxloom_watch::grouping::{Belongs, Grouping};
use voxloom_watch::retire::After;
use voxloom_watch::stamp::Stamp;

/// As [`ByPrefix`], of series.
struct Unique;

impl Grouping for Unique {
    fn belongs(&self, relative: &Path, file: &Path, stamp: &Stamp) -> Belongs {
        ByPrefix.belongs(relative, file, stamp)
    }

    fn names_count(&self) -> bool {
        false
    }

    fn is_unique(&self, _group: &Path) -> bool {
        true
    }
}

/// Everything that waits is done; what was said.
fn once(stage: &Stage, after: After) -> Vec<String> {
    let (_, heard) = stage.once(copy(), |parts| {
        parts.grouping = Arc::new(Unique);
        parts.config.after = after;
    });
    heard.into_iter().filter(|line| !line.starts_with("started")).collect()
}

fn n_copies(stage: &Stage, result: &str) -> usize {
    (0..).take_while(|index| stage.output(result).join(format!("copy{index}")).exists()).count()
}

fn refused(heard: &[String], what: &str) {
    assert!(heard.len() == 1 && heard[0].starts_with("failed one 1 1 file came late") && heard[0].contains(what), "{heard:?}");
}

#[test]
fn the_same_series_under_other_names_is_known() {
    let stage = Stage::new();
    [("x/one-1", "a"), ("x/one-2", "b")].iter().for_each(|(name, text)| stage.put(name, text));
    assert_eq!(once(&stage, After::Delete), ["done one 1"]);
    [("z/y/one-b", "a"), ("one-a", "b"), ("twice/one-a", "b")].iter().for_each(|(name, text)| stage.put(name, text));
    assert_eq!(once(&stage, After::Delete), ["same one one"]);
    assert!(!stage.output("one.2").exists());
}

#[test]
fn files_that_are_the_same_are_worked_on_once_and_move_together() {
    let stage = Stage::new();
    [("x/one-1", "a"), ("x/one-2", "b"), ("y/one-1", "a")].iter().for_each(|(name, text)| stage.put(name, text));
    assert_eq!(once(&stage, After::Move), ["done one 1"]);
    assert_eq!(n_copies(&stage, "one"), 2);
    assert!(["x/one-1", "x/one-2", "y/one-1"].iter().all(|name| stage.input("done").join(name).exists()));
}

#[test]
fn a_late_file_beside_files_that_stay_is_one_series_with_them() {
    let stage = Stage::new();
    [("x/one-1", "a"), ("x/one-2", "b")].iter().for_each(|(name, text)| stage.put(name, text));
    assert_eq!(once(&stage, After::Keep), ["done one 1"]);
    stage.put("late/one-3", "c");
    assert_eq!(once(&stage, After::Keep), ["done one 1"]);
    assert!(n_copies(&stage, "one") == 3 && !stage.output("one.2").exists());
    // Overwritten as a whole, where it lies.
    ["x/one-1", "x/one-2", "late/one-3"].iter().for_each(|name| stage.put(name, format!("anew {name}")));
    assert_eq!(once(&stage, After::Keep), ["done one 1"]);
    // Someone has removed what was done; the rest of it comes late.
    ["x", "late"].iter().for_each(|name| std::fs::remove_dir_all(stage.input(name)).unwrap());
    stage.put("x/one-4", "d");
    refused(&once(&stage, After::Keep), "no longer there");
}

#[test]
fn a_late_file_is_no_series_where_the_others_are_done_until_they_come_back_together() {
    let stage = Stage::new();
    [("x/one-1", "a"), ("x/one-2", "b")].iter().for_each(|(name, text)| stage.put(name, text));
    assert_eq!(once(&stage, After::Move), ["done one 1"]);
    stage.put("x/one-3", "c");
    refused(&once(&stage, After::Move), "lie below done/x: move them");
    // Another one that comes late is no more a series than the first.
    stage.put("x/one-4", "d");
    refused(&once(&stage, After::Move), "lie below done/x: move them");
    assert!(!stage.output("one.2").exists() && n_copies(&stage, "one") == 2);
    let back = |from: &str, name: &str| std::fs::rename(stage.input(from).join(name), stage.input(name)).unwrap();
    ["x/one-1", "x/one-2"].iter().for_each(|name| back("done", name));
    ["x/one-3", "x/one-4"].iter().for_each(|name| back("failed/one", name));
    assert_eq!(once(&stage, After::Move), ["done one 1"]);
    assert_eq!((n_copies(&stage, "one"), n_copies(&stage, "one.2")), (2, 4));
}

#[test]
fn a_late_file_is_no_series_where_the_others_were_deleted_unless_someone_says_so() {
    let stage = Stage::new();
    [("x/one-1", "a"), ("x/one-2", "b")].iter().for_each(|(name, text)| stage.put(name, text));
    assert_eq!(once(&stage, After::Delete), ["done one 1"]);
    stage.put("x/one-3", "c");
    refused(&once(&stage, After::Delete), "have the whole series sent again");
    // The whole series, with the late file: it is worked on.
    [("1/one-1", "a"), ("1/one-2", "b"), ("1/one-3", "c")].iter().for_each(|(name, text)| stage.put(name, text));
    assert_eq!(once(&stage, After::Delete), ["done one 1"]);
    assert_eq!(n_copies(&stage, "one.2"), 3);
    // Corrected at its source: nobody can tell that from a part, but whoever moves it back.
    [("1/one-1", "A"), ("1/one-2", "B"), ("1/one-3", "C")].iter().for_each(|(name, text)| stage.put(name, text));
    let heard = once(&stage, After::Delete);
    assert!(heard.len() == 1 && heard[0].starts_with("failed one 1 3 files came late"), "{heard:?}");
    let lies = if stage.input("failed/one.2").exists() { "failed/one.2/1" } else { "failed/one/1" };
    std::fs::rename(stage.input(lies), stage.input("1")).unwrap();
    assert_eq!(once(&stage, After::Delete), ["done one 1"]);
    assert_eq!(n_copies(&stage, "one.3"), 3);
}

#[test]
fn a_late_file_of_a_series_that_failed_waits_beside_it() {
    for after in [After::Keep, After::Move, After::Delete] {
        let stage = Stage::new();
        [("x/one-1", "a"), ("x/one-3", "c")].iter().for_each(|(name, text)| stage.put(name, text));
        let whole = || {
            crate::stage::Copy(|work: &voxloom_watch::job::Work| match work.files.len() {
                3 => Ok(()),
                _ => Err(voxloom_watch::job::Failure::bad("a slice is missing")),
            })
        };
        let once = || {
            let (_, heard) = stage.once(whole(), |parts| {
                parts.grouping = Arc::new(Unique);
                parts.config.after = after;
            });
            heard.into_iter().filter(|line| !line.starts_with("started")).collect::<Vec<_>>()
        };
        assert_eq!(once(), ["failed one 1 a slice is missing"]);
        stage.put("x/one-2", "b");
        refused(&once(), "lie in failed/one: move all of them back");
        let error = std::fs::read_to_string(stage.input("failed/one/error.json")).unwrap();
        assert!(error.contains("\"late_files\": 1") && error.contains("had failed at"), "{error}");
        std::fs::rename(stage.input("failed/one/x"), stage.input("x")).unwrap();
        assert_eq!(once(), ["done one 1"]);
    }
}

#[test]
fn a_name_that_may_be_used_again_is_another_input() {
    let stage = Stage::new();
    stage.put("x/one-1", "a");
    let once = || {
        stage.once(copy(), |parts| {
            parts.grouping = Arc::new(ByPrefix);
            parts.config.after = After::Move;
        })
    };
    assert_eq!(once().0.done, 1);
    stage.put("x/one-2", "b");
    assert_eq!(once().0.done, 1);
    assert!(stage.output("one.2/copy0").exists());
}
