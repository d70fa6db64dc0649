//! Ways in which files arrive: slowly, empty, again, together.

use crate::stage::{ByHand, ByPrefix, Copy, Stage, copy};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use voxloom_watch::events::Hint;
use voxloom_watch::grouping::{Folders, Grouping};
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::retire::After;
use voxloom_watch::watcher::Control;

#[test]
fn a_growing_file_waits_and_an_empty_one_too() {
    let stage = Stage::new();
    stage.put("empty", "");
    stage.put("b.part", "never");
    stage.put(".hidden", "never");
    let watching = stage.watch(copy(), |parts| parts.config.quiet.files = Duration::from_millis(250));
    let mut file = std::fs::File::create(stage.input("slow")).unwrap();
    for _ in 0..10 {
        file.write_all(b"part").unwrap();
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(watching.heard.count("started"), 0);
    }
    watching.wait("done slow");
    assert_eq!(std::fs::read(stage.output("slow/copy0")).unwrap().len(), 40);
    stage.put("empty", "no more");
    watching.wait("done empty");
    assert_eq!(watching.heard.count("started"), 2);
}

#[test]
fn an_input_changed_under_the_job_is_worked_on_anew() {
    let stage = Stage::new();
    stage.put("a", "first");
    let path = stage.input("a");
    let job = Copy(move |_| {
        if std::fs::read(&path).unwrap() == b"first" {
            std::fs::write(&path, "second").unwrap();
        }
        Ok(())
    });
    let (summary, heard) = stage.once(job, |_| {});
    assert_eq!(summary.done, 1, "{heard:?}");
    assert_eq!(std::fs::read(stage.output("a/copy0")).unwrap(), b"second");
    assert!(heard.contains(&"done a 1".to_owned()), "the spoilt attempt does not count: {heard:?}");
}

#[test]
fn an_overwritten_input_replaces_its_result_and_a_second_delivery_does_not() {
    let stage = Stage::new();
    for content in ["one", "two"] {
        stage.put("a", content);
        stage.once(copy(), |_| {});
        assert_eq!(std::fs::read_to_string(stage.output("a/copy0")).unwrap(), content);
    }
    let stage = Stage::new();
    for content in ["one", "two"] {
        stage.put("a", content);
        stage.once(copy(), |parts| parts.config.after = After::Move);
    }
    let read = |path| std::fs::read_to_string(path).unwrap();
    assert_eq!([read(stage.output("a/copy0")), read(stage.output("a.2/copy0"))], ["one", "two"]);
    assert_eq!([read(stage.input("done/a")), read(stage.input("done/a.2"))], ["one", "two"]);
}

#[test]
fn hard_links_are_inputs_of_the_same_content() {
    let stage = Stage::new();
    stage.put("a", "x");
    std::fs::hard_link(stage.input("a"), stage.input("b")).unwrap();
    let (summary, _) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.same), (1, 1));
}

#[test]
fn a_group_starts_when_its_study_is_quiet() {
    let stage = Stage::new();
    let watching = stage.watch(copy(), |parts| {
        parts.grouping = Arc::new(ByPrefix);
        parts.config.quiet.groups = Duration::from_millis(400);
    });
    stage.put("x/one-1", "a");
    stage.put("y/one-2", "b");
    stage.put("no group", "c");
    for index in 0..5 {
        std::thread::sleep(Duration::from_millis(150));
        assert_eq!(watching.heard.count("started"), 0, "another series of the study still grows");
        stage.put(format!("two-{index}"), "d");
    }
    watching.wait("done one");
    watching.wait("done two");
    assert!(stage.output("one/copy1").exists() && stage.output("two/copy4").exists());
    // A slice that comes late: the whole series once more.
    stage.put("x/one-3", "e");
    let began = Instant::now();
    while !stage.output("one/copy2").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", watching.heard.lines());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(watching.stop().done, 3);
}

#[test]
fn one_file_renamed_into_place_does_not_start_its_group_and_the_whole_folder_does() {
    let stage = Stage::new();
    let sink = Arc::default();
    let grouped = |stage: &Stage, by: Arc<dyn Grouping>, quiet| {
        stage.watch(copy(), |parts| {
            parts.grouping = by;
            parts.events = Box::new(ByHand(Arc::clone(&sink)));
            parts.config.quiet.groups = Duration::from_secs(quiet);
            parts.config.rescan = Duration::from_secs(3600);
        })
    };
    let renamed = |path| loop {
        match sink.lock().unwrap().as_ref() {
            Some(sink) => break sink.send(Hint::Renamed(path)),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let watching = grouped(&stage, Arc::new(ByPrefix), 1);
    for index in 0..4 {
        stage.put(format!("x/one-{index}"), "a");
        renamed(stage.input(format!("x/one-{index}")));
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(watching.heard.count("started"), 0, "a receiver renames slice by slice");
    }
    watching.wait("done one");
    assert!(stage.output("one/copy3").exists());
    drop(watching);

    let stage = Stage::new();
    *sink.lock().unwrap() = None;
    let watching = grouped(&stage, Arc::new(Folders), 3600);
    stage.put("case/a", "a");
    stage.put("case/b", "b");
    renamed(stage.input("case"));
    watching.wait("done case");
    assert!(stage.output("case/copy1").exists());
}

#[test]
fn a_study_is_waited_for_even_where_memory_is_full() {
    let stage = Stage::new();
    stage.put("a-1", "a");
    let watching = stage.watch(copy(), |parts| {
        parts.grouping = Arc::new(ByPrefix);
        parts.config.quiet.groups = Duration::from_millis(400);
        parts.config.queue = 1;
    });
    for index in 0..6 {
        std::thread::sleep(Duration::from_millis(120));
        stage.put(format!("b-{index}"), "b");
        assert_eq!(watching.heard.count("started"), 0, "another series of the study grows, though there is no room for it");
    }
    watching.wait("done a");
    watching.wait("done b");
    assert!(stage.output("b/copy5").exists());
}

#[test]
fn a_slice_that_comes_late_to_a_marked_folder_starts_at_once() {
    let stage = Stage::new();
    stage.put("x/one-1", "a");
    stage.put("x/.ready", "");
    let watching = stage.watch(copy(), |parts| {
        parts.grouping = Arc::new(ByPrefix);
        parts.config.quiet.groups = Duration::from_secs(3600);
    });
    watching.wait("done one");
    stage.put("x/one-2", "b");
    let began = Instant::now();
    while !stage.output("one/copy1").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", watching.heard.lines());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_marked_folder_is_one_input_and_moves_as_one() {
    let stage = Stage::new();
    stage.put("case 1/t1.nii", "a");
    stage.put("case 1/deep/t2.nii", "b");
    stage.put("case 1/.ready", "");
    let job = Copy(|work| {
        let view = work.input().unwrap();
        let is_there = |name: &str| view.join(name).exists();
        assert!(is_there("t1.nii") && is_there("deep/t2.nii"), "jobs that take one path get a folder of links");
        Ok(())
    });
    let (summary, heard) = stage.once(job, |parts| {
        parts.grouping = Arc::new(Folders);
        parts.config.quiet.groups = Duration::from_secs(3600);
        parts.config.after = After::Move;
    });
    assert_eq!(summary.done, 1, "{heard:?}");
    assert!(stage.input("done/case 1/deep/t2.nii").exists() && !stage.input("case 1").exists());
}

#[test]
fn more_inputs_than_fit_into_memory_are_all_done() {
    let stage = Stage::new();
    stage.fill(60);
    let (summary, _) = stage.once(copy(), |parts| parts.config.queue = 7);
    assert_eq!(summary.done, 60);
}

/// A job that cannot work so long as it is told so, and finds out in the middle of its first attempt.
struct Held(Arc<AtomicBool>);

impl Job for Held {
    fn identity(&self) -> &str {
        "held"
    }

    fn obstacle(&self) -> Option<String> {
        self.0.load(Ordering::SeqCst).then(|| "its tools are gone".into())
    }

    fn run(&self, work: &Work) -> Result<serde_json::Value, Failure> {
        if work.attempt == 1 && !work.output.parent().unwrap().join("been").exists() {
            std::fs::write(work.output.parent().unwrap().join("been"), "").unwrap();
            self.0.store(true, Ordering::SeqCst);
            return Err(Failure::cancelled());
        }
        copy().run(work)
    }
}

#[test]
fn what_keeps_the_job_from_working_pauses_and_is_no_attempt_of_the_input() {
    let stage = Stage::new();
    stage.put("a", "a");
    let held = Arc::<AtomicBool>::default();
    let watching = stage.watch(Held(Arc::clone(&held)), |parts| parts.config.retry.attempts = 1);
    watching.wait("its tools are gone");
    assert_eq!(watching.heard.count("started"), 1);
    held.store(false, Ordering::SeqCst);
    watching.wait("done a 1");
    assert_eq!(watching.stop().failed, 0);
}

#[test]
fn halt_pauses_and_stop_finishes_what_runs() {
    let stage = Stage::new();
    stage.put("HALT", "");
    stage.put("a", "a");
    let job = Copy(|_| {
        std::thread::sleep(Duration::from_millis(300));
        Ok(())
    });
    let watching = stage.watch(job, |_| {});
    watching.wait("HALT");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(watching.heard.count("started"), 0);
    std::fs::remove_file(stage.input("HALT")).unwrap();
    stage.put("b", "b");
    watching.wait("started a");
    assert_eq!(watching.stop().done, 1, "the first is finished, the second not begun");
    assert!(stage.output("a/copy0").exists() && !stage.output("b").exists());
    let (summary, _) = stage.once(copy(), |_| {});
    assert_eq!(summary.done, 1);
}

#[test]
fn work_that_does_not_end_is_left_without_blame() {
    let stage = Stage::new();
    stage.put("a", "a");
    let job = Copy(|work| {
        while !work.cancel.load(std::sync::atomic::Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(voxloom_watch::job::Failure::cancelled())
    });
    let watching = stage.watch(job, |parts| parts.config.grace = Duration::from_millis(100));
    watching.wait("started a");
    assert_eq!(watching.stop().left, 0, "it was cancelled");
    let (summary, heard) = stage.once(copy(), |_| {});
    assert_eq!(summary.done, 1);
    assert!(heard.contains(&"done a 1".to_owned()), "it counts as no attempt: {heard:?}");
}

#[test]
fn a_job_is_changed_between_inputs() {
    let stage = Stage::new();
    let mut good = false;
    let watching = stage.watch(copy(), |parts| {
        parts.reload = Box::new(move || {
            good = !good;
            if good { Err("line 3: no such node".into()) } else { Ok(Arc::new(copy())) }
        });
    });
    watching.control.send(Control::Reload).unwrap();
    watching.wait("Kept { why: \"line 3: no such node\" }");
    watching.control.send(Control::Reload).unwrap();
    watching.wait("Reloaded");
    stage.put("a", "a");
    watching.wait("done a");
}
