//! What never becomes an input, or cannot be seen, is told of; and a watched folder that goes and comes again.

use crate::stage::{Stage, Wall, copy, unprivileged};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use voxloom_watch::job::Failure;
use voxloom_watch::status::Looker;

#[test]
fn an_upload_that_broke_is_counted_and_after_an_hour_there_is_a_warning() {
    let stage = Stage::new();
    ["broken", "whole"].iter().for_each(|name| stage.put(name, if *name == "whole" { "x" } else { "" }));
    let (summary, _) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.n_incomplete), (1, 1));
    let (wall, mut ledger) = (Arc::new(Wall::default()), None);
    let watching = stage.watch(copy(), |parts| {
        parts.clock = wall.clone();
        ledger = Some(parts.ledger.clone());
    });
    stage.put("next", "y");
    watching.wait("done next");
    assert_eq!(watching.heard.lines().iter().filter(|line| line.contains("broken")).count(), 0);
    wall.offset_s.store(3700, Ordering::SeqCst);
    let heard = watching.heard.clone();
    assert_eq!(watching.stop().n_incomplete, 1);
    assert!(heard.lines().iter().any(|line| line.contains("broken: it is not complete after an hour")), "{:?}", heard.lines());
    let status = Looker::open(&ledger.unwrap()).and_then(|looker| looker.look(0.0, 5)).unwrap();
    assert_eq!((status.not_complete, status.oldest_not_complete.as_deref()), (1, Some("broken")));
}

#[test]
fn one_look_ends_beside_a_folder_that_may_not_be_read_and_says_so() {
    let stage = Stage::new();
    ["locked/a", "b"].iter().for_each(|name| stage.put(name, name));
    let locked = stage.input("locked");
    std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o000)).unwrap();
    let work = || {
        unprivileged();
        stage.once(copy(), |_| {})
    };
    let (summary, heard) = std::thread::scope(|scope| scope.spawn(work).join().unwrap());
    std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!((summary.done, summary.n_unseen), (1, 1), "{heard:?}");
    assert_eq!(heard.iter().filter(|line| line.contains("locked cannot be looked at")).count(), 1, "{heard:?}");
}

#[test]
fn a_watched_folder_that_goes_makes_a_pause_and_one_made_anew_is_watched() {
    let stage = Stage::new();
    stage.put("a", "1");
    let watching = stage.watch(copy(), |_| {});
    watching.wait("done a");
    std::fs::remove_dir_all(stage.input(".voxloom")).unwrap();
    stage.put("b", "2");
    watching.wait("was gone, and is made again");
    watching.wait("done b");
    std::fs::rename(stage.input(""), stage.folder.path().join("elsewhere")).unwrap();
    watching.wait("cannot be read");
    std::fs::create_dir(stage.input("")).unwrap();
    stage.put("c", "3");
    watching.wait("done c");
    assert_eq!(watching.stop().done, 3);
}

#[test]
fn what_failed_and_is_moved_back_as_it_lies_is_tried_without_the_reason() {
    let stage = Stage::new();
    stage.put("a", "1");
    let (summary, _) = stage.once(crate::stage::Copy(|_: &voxloom_watch::job::Work| Err(Failure::bad("no"))), |_| {});
    assert_eq!(summary.failed, 1);
    std::fs::rename(stage.input("failed/a"), stage.input("back")).unwrap();
    // One of somebody else's is an input.
    stage.put("error.json", r#"{"input": "mine"}"#);
    let (summary, heard) = stage.once(copy(), |parts| parts.config.quiet.files = Duration::from_millis(50));
    assert_eq!((summary.done, summary.failed), (2, 0), "{heard:?}");
    assert!(stage.output("back/a").exists() && !stage.output("back/error.json").exists());
}
