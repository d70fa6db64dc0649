//! Events that are dropped, doubled, late or wrong; and clocks that jump.

use crate::stage::{ByHand, Stage, Wall, copy, unprivileged};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use voxloom_watch::events::{Events, Hint, Native, Sink};

#[test]
fn without_any_event_the_folder_is_looked_through() {
    let stage = Stage::new();
    let watching = stage.watch(copy(), |_| {});
    stage.put("late", "x");
    watching.wait("done late");
}

#[test]
fn doubled_late_and_wrong_events_change_nothing() {
    let stage = Stage::new();
    let hand = Arc::new(Mutex::new(None));
    let watching = stage.watch(copy(), |parts| {
        parts.events = Box::new(ByHand(Arc::clone(&hand)));
        parts.config.rescan = Duration::from_secs(3600);
    });
    let began = std::time::Instant::now();
    let sink: Sink = loop {
        if let Some(sink) = hand.lock().unwrap().clone() {
            break sink;
        }
        assert!(began.elapsed() < Duration::from_secs(60));
    };
    stage.put("sub/a", "x");
    for _ in 0..50 {
        sink.send(Hint::Changed(stage.input("sub/a")));
        sink.send(Hint::Changed(stage.input("never was")));
        sink.send(Hint::Changed("/elsewhere".into()));
        sink.send(Hint::Changed(stage.input("")));
    }
    watching.wait("done sub/a");
    for _ in 0..50 {
        sink.send(Hint::Changed(stage.input("sub/a")));
        sink.send(Hint::Changed(stage.input("sub")));
    }
    // An event of a folder finds what is below it; a flag without a path finds everything.
    stage.put("sub/b", "y");
    sink.send(Hint::Changed(stage.input("sub")));
    watching.wait("done sub/b");
    stage.put("c", "z");
    sink.send(Hint::Rescan);
    watching.wait("done c");
    assert_eq!(watching.heard.count("started"), 3);
    assert_eq!(watching.stop().done, 3);
}

#[test]
fn more_events_than_fit_become_one_look() {
    let (sender, receiver) = crossbeam::channel::bounded(2);
    let sink = Sink::new(sender);
    (0..5).for_each(|_| sink.send(Hint::Changed("x".into())));
    assert!(sink.take_lost() && !sink.take_lost());
    assert_eq!(receiver.len(), 2);
}

#[test]
fn events_that_cannot_be_had_become_polling() {
    struct Broken;
    impl Events for Broken {
        fn start(&mut self, _folder: &std::path::Path, _sink: Sink) -> Result<(), String> {
            Err("too many watches".into())
        }
    }
    let stage = Stage::new();
    let watching = stage.watch(copy(), |parts| {
        parts.events = Box::new(Broken);
        parts.config.rescan = Duration::from_secs(3600);
    });
    watching.wait("too many watches");
    stage.put("a", "x");
    watching.wait("done a");
}

#[test]
fn a_wall_clock_that_jumps_makes_nothing_complete_and_holds_nothing_up() {
    let stage = Stage::new();
    let wall = Arc::new(Wall::default());
    let watching = stage.watch(copy(), |parts| {
        parts.clock = wall.clone();
        parts.config.quiet.files = Duration::from_millis(400);
    });
    stage.put("a", "x");
    std::thread::sleep(Duration::from_millis(150));
    wall.offset_s.store(86_400 * 365, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(watching.heard.count("started"), 0, "a year on the wall is no quiet");
    wall.offset_s.store(-86_400 * 365, Ordering::SeqCst);
    watching.wait("done a");
}

#[test]
fn what_is_renamed_into_place_starts_at_once() {
    let stage = Stage::new();
    let watching = stage.watch(copy(), |parts| {
        parts.events = Box::new(Native::default());
        parts.config.quiet.files = Duration::from_secs(3600);
        parts.config.rescan = Duration::from_secs(3600);
    });
    // The watch must stand before the file comes.
    std::thread::sleep(Duration::from_millis(300));
    stage.put(".a.part", "whole");
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(watching.heard.count("started"), 0);
    std::fs::rename(stage.input(".a.part"), stage.input("a")).unwrap();
    watching.wait("done a");
    // From outside, and a whole folder.
    let outside = tempfile::tempdir_in(stage.folder.path()).unwrap();
    std::fs::create_dir(outside.path().join("deep")).unwrap();
    std::fs::write(outside.path().join("deep/b"), "b").unwrap();
    std::fs::rename(outside.path().join("deep"), stage.input("deep")).unwrap();
    watching.wait("done deep/b");
    // A folder that is marked, with a file that was copied.
    stage.put("study/c", "c");
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(watching.heard.count("started"), 2);
    stage.put("study/.ready", "");
    watching.wait("done study/c");
}

#[test]
fn a_folder_that_may_not_be_read_leaves_the_others_their_events() {
    let stage = Stage::new();
    ["a/first/x", "a/locked/y", "a/zuletzt/z"].iter().for_each(|name| stage.put(name, "there before"));
    let locked = stage.input("a/locked");
    std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o000)).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            unprivileged();
            assert!(std::fs::read_dir(&locked).is_err());
            let watching = stage.watch(copy(), |parts| {
                parts.events = Box::new(Native::default());
                parts.config.quiet.files = Duration::from_millis(300);
                parts.config.rescan = Duration::from_secs(3600);
            });
            watching.wait("a/locked cannot be looked at");
            // Nothing looks through the folder any more: what comes now is told of.
            for name in ["a/first", "a/zuletzt", "a", "a/zuletzt/made later"] {
                stage.put(format!("{name}/new"), name);
                watching.wait(&format!("done {name}/new"));
            }
            assert_eq!(watching.heard.count("no events"), 0, "{:?}", watching.heard.lines());
            watching.stop();
        });
    });
    std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o700)).unwrap();
}
