//! What files belong to is found out beside the loop: while that takes long, the watcher goes on with everything else.

use crate::stage::{Stage, copy};
use crossbeam::channel::{Receiver, bounded, unbounded};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use voxloom_watch::grouping::{Belongs, Grouping};
use voxloom_watch::stamp::Stamp;

/// Series by the part of the name before `-`, which only is known when `gate` lets one through; other files need not be read.
struct Slow {
    gate: Receiver<()>,
    asked: AtomicUsize,
    seen: Mutex<Vec<PathBuf>>,
}

impl Slow {
    fn new(gate: Receiver<()>) -> Arc<Self> {
        Arc::new(Self { gate, asked: AtomicUsize::new(0), seen: Mutex::default() })
    }

    fn n_read(&self, path: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| seen.as_path() == Path::new(path)).count()
    }
}

impl Grouping for Slow {
    fn belongs(&self, relative: &Path, _file: &Path, _stamp: &Stamp) -> Belongs {
        let name = relative.file_name().unwrap().to_str().unwrap();
        let Some((series, _)) = name.split_once('-') else { return Belongs::Alone };
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.seen.lock().unwrap().push(relative.into());
        // Where nobody opens the gate any more, all go through.
        let _ = self.gate.recv();
        if series == "odd" { Belongs::Unknown } else { Belongs::To { name: series.into(), quiet_with: "study".into() } }
    }

    fn reads(&self, relative: &Path) -> bool {
        relative.to_str().is_some_and(|name| name.contains('-'))
    }
}

#[test]
fn everything_else_goes_on_while_files_are_read() {
    let stage = Stage::new();
    (0..5000).for_each(|index| stage.put(format!("one-{index}"), "a"));
    stage.put("b", "b");
    let (open, gate) = bounded::<()>(0);
    let slow = Slow::new(gate);
    let watching = stage.watch(copy(), |parts| {
        parts.grouping = Arc::clone(&slow) as Arc<dyn Grouping>;
        parts.config.quiet.groups = Duration::from_millis(10);
    });
    watching.wait("done b ");
    stage.put("HALT", "");
    watching.wait("HALT");
    std::fs::remove_file(stage.input("HALT")).unwrap();
    watching.wait("Resumed");
    stage.put("c", "c");
    watching.wait("done c ");
    assert_eq!(watching.heard.count("started one"), 0, "none of its files could be told");
    assert!(slow.asked.load(Ordering::SeqCst) <= 8, "those that are read at one time are few");
    assert_eq!(watching.stop().left, 0, "nothing that is read keeps it from stopping");
    drop(open);
}

#[test]
fn a_series_waits_for_files_that_are_still_being_read() {
    let stage = Stage::new();
    (0..3).for_each(|index| stage.put(format!("one-{index}"), format!("{index}")));
    let (open, gate) = unbounded::<()>();
    let slow = Slow::new(gate);
    let watching = stage.watch(copy(), |parts| {
        parts.grouping = Arc::clone(&slow) as Arc<dyn Grouping>;
        parts.config.quiet.groups = Duration::from_millis(50);
    });
    (0..2).for_each(|_| open.send(()).unwrap());
    stage.put("b", "b");
    watching.wait("done b ");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(watching.heard.count("started one"), 0, "the third may be of it");
    open.send(()).unwrap();
    watching.wait("done one 1");
    assert!(stage.output("one/copy2").exists());
    assert!((0..3).all(|index| slow.n_read(&format!("one-{index}")) == 1), "each is read once");
    // What changes is read again, the others are not.
    (0..2).for_each(|_| open.send(()).unwrap());
    stage.put("one-1", "changed");
    let began = std::time::Instant::now();
    while watching.heard.count("done one 1") < 2 {
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", watching.heard.lines());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!([0, 1, 2].map(|index| slow.n_read(&format!("one-{index}"))), [1, 2, 1]);
}

#[test]
fn a_series_waits_for_files_that_there_was_no_room_to_read() {
    let stage = Stage::new();
    (0..12).for_each(|index| stage.put(format!("one-{index}"), format!("{index}")));
    let (open, gate) = unbounded::<()>();
    let watching = stage.watch(copy(), |parts| {
        parts.grouping = Slow::new(gate);
        parts.config.queue = 4;
        parts.config.quiet.groups = Duration::from_millis(50);
    });
    for index in 0..12 {
        std::thread::sleep(Duration::from_millis(150));
        assert_eq!(watching.heard.count("started"), 0, "with {index} of 12 files: {:?}", watching.heard.lines());
        open.send(()).unwrap();
    }
    watching.wait("done one 1");
    watching.stop();
    assert!(stage.output("one/copy11").exists());
}

#[test]
fn what_cannot_be_told_is_asked_once_more_and_stands_alone() {
    let stage = Stage::new();
    stage.put("odd-1", "x");
    let (open, gate) = bounded::<()>(0);
    drop(open);
    let slow = Slow::new(gate);
    let (summary, heard) = stage.once(copy(), |parts| parts.grouping = Arc::clone(&slow) as Arc<dyn Grouping>);
    assert_eq!((summary.done, slow.n_read("odd-1")), (1, 2), "{heard:?}");
    assert!(stage.output("odd-1/copy0").exists());
}

#[test]
fn more_files_than_are_read_at_one_time_are_one_series() {
    let stage = Stage::new();
    (0..60).for_each(|index| stage.put(format!("{}/one-{index}", index % 3), format!("{index}")));
    let (open, gate) = bounded::<()>(0);
    drop(open);
    let (summary, heard) = stage.once(copy(), |parts| {
        parts.grouping = Slow::new(gate);
        parts.config.queue = 7;
    });
    assert_eq!(summary.done, 1, "{heard:?}");
    assert!(stage.output("one/copy59").exists());
}
