//! What lies beside the files of a series: damaged, empty, or still being written. A series is not done as if it were none of it.

use crate::stage::{Copy, Stage, copy};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use voxloom_watch::grouping::{Belongs, Grouping};
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::live::Live;
use voxloom_watch::stamp::Stamp;
use voxloom_watch::watcher::Parts;

/// Series by the part of the name before `-`, of the study that the folder is called after; `slice` cannot be told, and other
/// files stand alone.
struct Slices;

impl Grouping for Slices {
    fn belongs(&self, relative: &Path, _file: &Path, _stamp: &Stamp) -> Belongs {
        let name = relative.file_name().unwrap().to_str().unwrap();
        let study = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        match name.split_once('-') {
            Some((series, _)) => Belongs::To { name: series.into(), quiet_with: study.into() },
            None if name.starts_with("slice") => Belongs::Unknown,
            None => Belongs::Alone,
        }
    }
}

fn by_slices(parts: &mut Parts) {
    parts.grouping = Arc::new(Slices);
}

/// A job that refuses what something may be missing from, and notes what that is.
fn careful() -> (impl Job, Arc<Mutex<Vec<String>>>) {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let tell = Arc::clone(&told);
    let job = Copy(move |work: &Work| {
        let beside: Vec<_> = work.beside.iter().map(|path| path.strip_prefix(&work.folder).unwrap().to_str().unwrap()).collect();
        tell.lock().unwrap().push(format!("{}: {}", work.name.display(), beside.join(" ")));
        if beside.is_empty() { Ok(()) } else { Err(Failure::bad("a slice is missing")) }
    });
    (job, told)
}

/// Nobody has touched it for two hours.
fn age(path: &Path) {
    let file = std::fs::File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(7200)).unwrap();
}

#[test]
fn every_series_in_the_folder_of_a_damaged_file_is_told_of_it_and_then_it_stands_alone() {
    let stage = Stage::new();
    ["a/one-1", "a/one-2", "a/two-1", "a/slice", "a/b/three-1", "c/four-1"].iter().for_each(|name| stage.put(name, name));
    let (job, told) = careful();
    let (summary, heard) = stage.once(job, |parts| {
        by_slices(parts);
        parts.config.lanes = 3;
    });
    let told = told.lock().unwrap();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, ["a/slice: ", "four: ", "one: a/slice", "three: ", "two: a/slice"], "{heard:#?}");
    assert_eq!(told.last().unwrap(), "a/slice: ", "it stays until the others are over");
    assert_eq!((summary.done, summary.failed), (3, 2));
    assert!(stage.input("failed/one/a/one-1").exists() && stage.input("failed/two/a/two-1").exists());
}

#[test]
fn a_damaged_file_that_comes_first_waits_for_its_series() {
    let stage = Stage::new();
    let (job, told) = careful();
    let watching = stage.watch(job, |parts| {
        by_slices(parts);
        parts.config.quiet.groups = Duration::from_secs(1);
    });
    stage.put("elsewhere", "x");
    std::fs::create_dir(stage.input("a")).unwrap();
    std::fs::rename(stage.input("elsewhere"), stage.input("a/slice")).unwrap();
    for index in 0..6 {
        std::thread::sleep(Duration::from_millis(250));
        stage.put(format!("a/one-{index}"), format!("{index}"));
    }
    watching.wait("done a/slice");
    watching.stop();
    assert_eq!(*told.lock().unwrap(), ["one: a/slice", "a/slice: "]);
}

#[test]
fn what_is_put_right_in_time_is_a_slice_like_the_others() {
    struct Later(Arc<Mutex<bool>>);
    impl Grouping for Later {
        fn belongs(&self, relative: &Path, file: &Path, stamp: &Stamp) -> Belongs {
            let is_slice = relative.ends_with("slice") && *self.0.lock().unwrap();
            if is_slice {
                Belongs::To { name: "one".into(), quiet_with: "a".into() }
            } else {
                Slices.belongs(relative, file, stamp)
            }
        }
    }
    let stage = Stage::new();
    ["a/one-1", "a/slice"].iter().for_each(|name| stage.put(name, name));
    let is_whole = Arc::<Mutex<bool>>::default();
    let (job, told) = careful();
    let watching = stage.watch(job, |parts| {
        parts.grouping = Arc::new(Later(Arc::clone(&is_whole)));
        parts.config.quiet.groups = Duration::from_secs(2);
    });
    std::thread::sleep(Duration::from_millis(300));
    *is_whole.lock().unwrap() = true;
    stage.put("a/slice", "sound");
    watching.wait("done one 1");
    watching.stop();
    assert_eq!(*told.lock().unwrap(), ["one: "]);
    assert!(stage.output("one/copy1").exists());
}

#[test]
fn a_sent_again_series_is_not_answered_where_something_may_be_missing() {
    let stage = Stage::new();
    stage.put("a/one-1", "same");
    stage.once(copy(), |parts| {
        by_slices(parts);
        parts.config.after = voxloom_watch::retire::After::Move;
    });
    stage.put("b/one-1", "same");
    stage.put("b/slice", "damaged");
    let (job, told) = careful();
    let (summary, heard) = stage.once(job, by_slices);
    assert_eq!((summary.same, summary.failed), (0, 1), "{heard:?}");
    assert_eq!(*told.lock().unwrap(), ["one: b/slice", "b/slice: "]);
}

#[test]
fn a_file_that_is_being_written_holds_its_study_for_a_while() {
    let stage = Stage::new();
    ["a/one-1", "a/deep/two-1", "b/three-1"].iter().for_each(|name| stage.put(name, name));
    for (unfinished, name) in [("a/one-2.part", "a/one-2"), ("a/deep/.two-2.TMP", "a/deep/two-2")] {
        stage.put(unfinished, "half");
        let (summary, heard) = stage.once(copy(), by_slices);
        let waits = format!("waits: {unfinished} is still being written");
        assert!(heard.iter().any(|line| line.contains(&waits)), "{heard:?}");
        assert!(!stage.output("one").exists() && !stage.output("two").exists(), "{heard:?}");
        assert_eq!(summary.failed, 0);
        std::fs::rename(stage.input(unfinished), stage.input(name)).unwrap();
    }
    assert!(stage.output("three/copy0").exists(), "another study");
    // Left by something that broke.
    stage.put("a/one-3.part", "half");
    age(&stage.input("a/one-3.part"));
    let (summary, heard) = stage.once(copy(), by_slices);
    assert_eq!(summary.done, 2, "{heard:?}");
    assert!(stage.output("one/copy1").exists() && stage.output("two/copy1").exists());
    assert!(heard.iter().any(|line| line.contains("one no longer waits for a/one-3.part")), "{heard:?}");
}

#[test]
fn a_file_that_grows_is_not_left_over_however_old_it_says_it_is() {
    let stage = Stage::new();
    stage.put("a/one-1", "1");
    stage.put("a/one-2.part", "");
    let live = Arc::<Live>::default();
    let watching = stage.watch(copy(), |parts| {
        by_slices(parts);
        parts.live = Arc::clone(&live);
        // Left after three seconds.
        parts.config.quiet.groups = Duration::from_millis(50);
    });
    watching.wait("waits: a/one-2.part");
    for index in 0..40 {
        stage.put("a/one-2.part", "x".repeat(index));
        age(&stage.input("a/one-2.part"));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(watching.heard.count("started"), 0, "{:?}", watching.heard.lines());
    assert_eq!(live.now().held, [("one".to_owned(), "a/one-2.part is still being written".to_owned())]);
    // Now nobody writes it any more.
    watching.wait("one no longer waits for a/one-2.part");
    watching.wait("done one 1");
    watching.stop();
    assert!(live.now().held.is_empty());
}

#[test]
fn an_empty_file_holds_the_series_in_its_folder_and_counts_as_damaged_in_the_end() {
    let stage = Stage::new();
    ["a/one-1", "a/b/two-1"].iter().for_each(|name| stage.put(name, name));
    ["a/slice", "a/b/note"].iter().for_each(|name| stage.put(name, ""));
    let (job, told) = careful();
    let (_, heard) = stage.once(job, by_slices);
    assert!(heard.iter().any(|line| line.contains("one waits: a/slice is empty")), "{heard:?}");
    assert_eq!(*told.lock().unwrap(), [""; 0], "neither a series of the study nor the empty files");
    age(&stage.input("a/slice"));
    let (job, told) = careful();
    stage.once(job, by_slices);
    let mut told = told.lock().unwrap().clone();
    told.sort();
    assert_eq!(told, ["one: a/slice", "two: "]);
    assert!(stage.input("a/slice").exists() && stage.input("failed/one/a/one-1").exists());
}

#[test]
fn a_mark_says_that_nothing_more_comes() {
    let stage = Stage::new();
    ["a/one-1", "a/one-2.part", "b/two-1", "b/slice"].iter().for_each(|name| stage.put(name, name));
    ["b/slice7", "a/.ready", "b/.ready"].iter().for_each(|name| stage.put(name, ""));
    let (job, told) = careful();
    let (summary, heard) = stage.once(job, |parts| {
        by_slices(parts);
        parts.config.quiet.groups = Duration::from_secs(3600);
    });
    let mut told = told.lock().unwrap().clone();
    told.sort();
    assert_eq!(told, ["b/slice: ", "one: ", "two: b/slice b/slice7"], "{heard:?}");
    assert_eq!((summary.done, summary.failed), (2, 1));
}

#[test]
fn a_name_in_two_studies_waits_for_both() {
    let stage = Stage::new();
    let watching = stage.watch(copy(), |parts| {
        by_slices(parts);
        parts.config.quiet.groups = Duration::from_millis(700);
    });
    ["b/one-1", "a/one-2", "b/one-3"].iter().for_each(|name| stage.put(name, name));
    // The other study goes on, with other series.
    for index in 0..6 {
        std::thread::sleep(Duration::from_millis(250));
        stage.put(format!("a/two-{index}"), "x");
        assert_eq!(watching.heard.count("started"), 0, "{:?}", watching.heard.lines());
    }
    watching.wait("done one 1");
    watching.stop();
    assert!(stage.output("one/copy2").exists());
}

#[test]
fn a_folder_where_something_is_always_being_written_holds_nobody_for_ever() {
    let stage = Stage::new();
    stage.put("a/one-1", "1");
    let watching = stage.watch(copy(), by_slices);
    let began = Instant::now();
    for index in 0.. {
        // The next begins before this one ends.
        stage.put(format!("a/other{index}.part"), "half");
        if index > 0 {
            std::fs::remove_file(stage.input(format!("a/other{}.part", index - 1))).unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
        if watching.heard.count("done one") == 1 {
            break;
        }
        // It would be left over after nine.
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", watching.heard.lines());
    }
    let waited = watching.heard.lines().iter().any(|line| line.contains("one waits: a/other"));
    assert!(waited, "for the first that it saw: {:?}", watching.heard.lines());
    watching.stop();
}

#[test]
fn an_empty_file_from_long_before_stands_in_nobodys_way() {
    let stage = Stage::new();
    stage.put("slice", "");
    // Left over after 1.2 seconds.
    let short = |parts: &mut Parts| {
        by_slices(parts);
        parts.config.quiet.groups = Duration::from_millis(20);
    };
    std::thread::sleep(Duration::from_millis(1600));
    stage.put("one-1", "1");
    let (job, told) = careful();
    let (summary, heard) = stage.once(job, short);
    assert_eq!((summary.done, told.lock().unwrap().as_slice()), (1, &["one: ".to_owned()][..]), "{heard:?}");
    assert!(stage.input("slice").exists());
}
