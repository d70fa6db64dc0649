//! Inputs that stay are worked on again when the pipeline changes, when their results are gone, and when that is asked for: each
//! once, and after what has come since.

use crate::stage::{ByPrefix, Stage, Watching, copy, tree};
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use voxloom_watch::content::job_key;
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::mark::Mark;
use voxloom_watch::retire::After;
use voxloom_watch::watcher::{Control, Parts};

/// A pipeline of this name, which writes its name and its input into its result.
struct Pipeline(&'static str);

impl Job for Pipeline {
    fn identity(&self) -> &str {
        self.0
    }

    fn run(&self, work: &Work) -> Result<serde_json::Value, Failure> {
        let mut text = self.0.to_owned();
        for file in &work.files {
            text += &std::fs::read_to_string(file).map_err(|error| Failure::of_io(file, &error))?;
        }
        if text.contains("slow") {
            std::thread::sleep(Duration::from_millis(300));
        }
        if self.0 == "wrong" || text.contains("bad") {
            return Err(Failure::bad("it does not fit"));
        }
        std::fs::write(work.output.join("text"), text).map_err(|error| Failure::of_io(&work.output, &error))?;
        Ok(serde_json::Value::Null)
    }
}

fn text(stage: &Stage, name: &str) -> String {
    std::fs::read_to_string(stage.output(name).join("text")).unwrap_or_else(|error| error.to_string())
}

fn wait_for(watching: &Watching, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{:#?}", watching.heard.lines());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn results_of_another_pipeline_that_another_ledger_knows_stay() {
    let stage = Stage::new();
    stage.put("a", "a");
    stage.once(Pipeline("one "), |_| {});
    let other = |parts: &mut Parts| parts.ledger = stage.folder.path().join("other.sqlite");
    let (summary, heard) = stage.once(Pipeline("two "), other);
    assert_eq!(summary.done, 1);
    assert!(heard.iter().any(|line| line.contains("its result is called a.2")), "{heard:?}");
    // Neither takes the other's result for a loss of its own.
    for pipeline in ["one ", "two ", "one "] {
        let (summary, heard) = stage.once(Pipeline(pipeline), |parts| {
            if pipeline == "two " {
                other(parts)
            }
        });
        assert_eq!((summary.done, summary.same), (0, 0), "{heard:?}");
    }
    assert_eq!((text(&stage, "a"), text(&stage, "a.2")), ("one a".into(), "two a".into()));
    // Each replaces its own.
    stage.put("a", "b");
    stage.once(Pipeline("three "), other);
    assert_eq!((text(&stage, "a"), text(&stage, "a.2")), ("one a".into(), "three b".into()));
}

#[test]
fn another_pipeline_works_on_everything_once() {
    let stage = Stage::new();
    let names: Vec<String> = (0..150).map(|index| format!("{}/case {index}", index % 3)).collect();
    names.iter().for_each(|name| stage.put(name, name));
    stage.once(Pipeline("one "), |_| {});
    for pipeline in ["two ", "three "] {
        let (summary, heard) = stage.once(Pipeline(pipeline), |parts| parts.config.lanes = 2);
        assert_eq!((summary.done, summary.same), (150, 0), "{heard:?}");
        assert!(names.iter().all(|name| text(&stage, name) == format!("{pipeline}{name}")));
        assert!(heard.contains(&"done 0/case 0 1".to_owned()), "its attempts begin anew: {heard:?}");
        let told = heard.iter().filter(|line| line.contains("another pipeline")).count();
        assert_eq!(told, 1, "{heard:?}");
        let (_, heard) = stage.once(Pipeline(pipeline), |_| {});
        assert!(heard.is_empty(), "{heard:?}");
    }
    // Where inputs are put away, nothing is left to work on.
    let (summary, _) = stage.once(Pipeline("three "), |parts| parts.config.after = After::Move);
    let (again, _) = stage.once(Pipeline("four "), |parts| parts.config.after = After::Move);
    assert_eq!((summary.done, again.done), (0, 0));
}

#[test]
fn what_arrives_goes_before_what_is_done_again() {
    let stage = Stage::new();
    (0..30).for_each(|index| stage.put(format!("old {index}"), format!("slow {index}")));
    stage.once(Pipeline("one "), |parts| parts.config.lanes = 30);
    let watching = stage.watch(Pipeline("two "), |_| {});
    watching.wait("started old");
    stage.put("new", "new");
    watching.wait("done new");
    assert!(watching.heard.count("done old") < 10, "{:?}", watching.heard.lines());
}

#[test]
fn a_pipeline_that_was_read_again_works_on_everything_too() {
    let stage = Stage::new();
    ["a", "b", "c slow"].iter().for_each(|name| stage.put(name, name));
    let watching = stage.watch(Pipeline("one "), |parts| {
        parts.reload = Box::new(|| Ok(Arc::new(Pipeline("two "))));
    });
    watching.wait("started c slow");
    // What is at work now is done with the earlier one, and then again.
    watching.control.send(Control::Reload).unwrap();
    wait_for(&watching, || ["a", "b", "c slow"].iter().all(|name| text(&stage, name) == format!("two {name}")));
    assert_eq!(watching.stop().done, 6);
    assert!(stage.once(Pipeline("two "), |_| {}).1.is_empty());
}

#[test]
fn asked_for_it_works_on_everything_that_is_done() {
    let stage = Stage::new();
    ["a", "b"].iter().for_each(|name| stage.put(name, name));
    stage.once(copy(), |_| {});
    let (summary, heard) = stage.once(copy(), |parts| parts.config.again = true);
    assert_eq!((summary.done, summary.same), (2, 0), "{heard:?}");
    // Also with the same content under several names, and where the pipeline is another one.
    stage.put("c", "a");
    stage.once(copy(), |_| {});
    let (summary, heard) = stage.once(Pipeline("other"), |parts| parts.config.again = true);
    assert_eq!((summary.done, summary.same), (3, 0), "{heard:?}");
    assert_eq!(tree(&stage.output("")).keys().filter(|path| path.ends_with("text")).count(), 3, "each result was replaced");
}

#[test]
fn results_that_are_gone_or_emptied_are_made_again_and_others_left_alone() {
    let stage = Stage::new();
    ["gone", "emptied", "without", "corrected", "twin"].iter().for_each(|name| stage.put(name, "x".to_owned() + name));
    stage.put("twin of twin", "xtwin");
    stage.once(copy(), |_| {});
    std::fs::remove_dir_all(stage.output("gone")).unwrap();
    std::fs::write(stage.output("emptied/copy0"), "").unwrap();
    std::fs::remove_file(stage.output("without/copy0")).unwrap();
    std::fs::write(stage.output("corrected/copy0"), "by a radiologist").unwrap();
    std::fs::remove_dir_all(stage.output("twin of twin")).unwrap();
    // Its input is gone, too: nothing is to be made.
    stage.put("no more", "y");
    let (summary, heard) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.same), (4, 1), "{heard:?}");
    let read = |name: &str| std::fs::read_to_string(stage.output(name).join("copy0")).unwrap();
    for name in ["gone", "emptied", "without"] {
        assert_eq!(read(name), "x".to_owned() + name);
        assert!(heard.iter().any(|line| line.contains(&format!("{name}: its result is gone"))), "{heard:?}");
    }
    assert_eq!([read("corrected"), read("twin of twin")], ["by a radiologist", "xtwin"]);
    std::fs::remove_file(stage.input("no more")).unwrap();
    std::fs::remove_dir_all(stage.output("no more")).unwrap();
    assert!(stage.once(copy(), |_| {}).1.is_empty());
}

#[test]
fn a_group_is_done_again_as_a_whole() {
    let stage = Stage::new();
    ["x/one-1", "y/one-2", "one-3"].iter().for_each(|name| stage.put(name, name));
    stage.once(Pipeline("one "), |parts| parts.grouping = Arc::new(ByPrefix));
    let (summary, heard) = stage.once(Pipeline("two "), |parts| {
        parts.grouping = Arc::new(ByPrefix);
        parts.config.quiet.groups = Duration::from_secs(3600);
    });
    assert_eq!(summary.done, 1, "{heard:?}");
    assert_eq!(text(&stage, "one"), "two one-3x/one-1y/one-2", "{heard:?}");
}

#[test]
fn a_pipeline_that_fails_on_everything_leaves_nearly_everything_alone() {
    let stage = Stage::new();
    (0..20).for_each(|index| stage.put(format!("{index}"), format!("{index}")));
    stage.once(Pipeline("one "), |_| {});
    let (summary, heard) = stage.once(Pipeline("wrong"), |_| {});
    assert_eq!((summary.failed, summary.done), (3, 0), "{heard:?}");
    assert!(heard.iter().any(|line| line.contains("the others stay as they are")), "{heard:?}");
    let left = tree(&stage.output("")).into_keys().filter(|path| path.ends_with("text") && !path.starts_with(".voxloom")).count();
    assert_eq!(left, 17);
    // The right one brings everything up to date.
    let (summary, _) = stage.once(Pipeline("two "), |_| {});
    assert_eq!(summary.done, 17);
}

#[test]
fn an_input_that_fails_keeps_no_result_under_its_name() {
    let stage = Stage::new();
    ["a", "b"].iter().for_each(|name| stage.put(name, "good"));
    stage.once(Pipeline("one "), |_| {});
    stage.put("a", "bad");
    let (summary, heard) = stage.once(Pipeline("one "), |_| {});
    assert_eq!(summary.failed, 1, "{heard:?}");
    assert!(!stage.output("a").exists() && stage.output("b").exists());
    let kept = stage.output(".voxloom/earlier/a");
    assert_eq!(std::fs::read_to_string(kept.join("text")).unwrap(), "one good");
    let said = heard.iter().find(|line| line.starts_with("failed a")).unwrap();
    assert!(said.contains("the earlier result under its name now lies in") && said.contains(".voxloom/earlier/a"), "{said}");
    let error: serde_json::Value = serde_json::from_slice(&std::fs::read(stage.input("failed/a/error.json")).unwrap()).unwrap();
    assert_eq!(error["earlier_result"].as_str().map(|path| path.ends_with("out/.voxloom/earlier/a")), Some(true), "{error}");
    // The earlier content once more: it is worked on or copied, not answered with what was hidden.
    stage.put("a", "good");
    stage.once(Pipeline("one "), |_| {});
    assert_eq!(text(&stage, "a"), "one good");
    // Where inputs are put away, an earlier one has its own result.
    let stage = Stage::new();
    for content in ["good", "bad"] {
        stage.put("a", content);
        stage.once(Pipeline("one "), |parts| parts.config.after = After::Move);
    }
    assert!(stage.output("a/text").exists() && stage.input("failed/a/a").exists());
}

#[test]
fn killed_while_it_works_on_everything_again_it_goes_on() {
    for moment in ["Begun", "Ran", "Published", "Recorded"] {
        let (stage, n) = (Stage::new(), 6);
        stage.fill(n);
        assert!(stage.victim("ledger", &[]).wait_with_output().unwrap().status.success());
        let killed = stage.victim("ledger", &["pipeline=2", &format!("die={moment}:3")]).wait_with_output().unwrap();
        assert_eq!(killed.status.signal(), Some(9), "{moment}");
        let ended = stage.victim("ledger", &["pipeline=2", "talk=1"]).wait_with_output().unwrap();
        assert!(ended.status.success(), "{moment}");
        stage.assert_all_done(n);
        for index in 0..n {
            let mark = Mark::read(&stage.output(format!("{}/case {index}.nii", index % 7))).unwrap();
            assert_eq!(mark.job, job_key(&mark.content, "copies 2"), "{moment}");
        }
    }
}

#[test]
fn a_second_watcher_takes_over_what_the_first_has_done_again() {
    let (stage, n) = (Stage::new(), 40);
    stage.fill(n);
    for ledger in ["one", "two"] {
        assert!(stage.victim(ledger, &[]).wait_with_output().unwrap().status.success());
    }
    let is_there = AtomicBool::new(true);
    let watchers = ["one", "two"].map(|ledger| stage.victim(ledger, &["pipeline=2", "talk=1"]));
    let mut done = 0;
    for watcher in watchers {
        let output = watcher.wait_with_output().unwrap();
        is_there.fetch_and(output.status.success(), Ordering::SeqCst);
        done += String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with("Done")).count();
    }
    assert!(is_there.into_inner());
    assert_eq!(done, n, "each input is worked on by one of them");
    stage.assert_all_done(n);
}
