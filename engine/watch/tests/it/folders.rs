//! Where folders and the watcher's own files may lie, and that none of them becomes an input.

use crate::stage::{Copy, Stage, copy, tree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use voxloom_watch::error::Error;
use voxloom_watch::events::Native;
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::place::Place;
use voxloom_watch::watcher::{Parts, Watcher};

#[test]
fn folders_that_would_feed_each_other_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(path("in/below")).unwrap();
    std::fs::create_dir(path("put away")).unwrap();
    std::os::unix::fs::symlink(path("put away"), path("in/done")).unwrap();
    std::os::unix::fs::symlink(path("in"), path("link")).unwrap();
    assert!(Place::new(&path("missing"), &path("out")).is_err());
    assert!(Place::new(&path("in"), &path("in")).is_err());
    assert!(Place::new(&path("in/below"), &path("in")).is_err());
    for name in ["in/done", "in/done/x", "put away", "in/failed", "in/failed/a/b", "in/.voxloom", "in/HALT", "link/failed"] {
        let refused = Place::new(&path("in"), &path(name)).unwrap_err();
        assert!(matches!(refused, Error::Layout { .. }) && refused.is_refusal(), "{name}: {refused}");
        assert!(refused.to_string().contains("the watcher's own"), "{refused}");
    }
    let there: BTreeSet<_> = std::fs::read_dir(path("in")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(there.iter().collect::<Vec<_>>(), ["below", "done"], "nothing was made");
    for name in ["done", "failed"] {
        std::fs::create_dir(path("other")).unwrap();
        std::fs::write(path("other").join(name), "an input of this name?").unwrap();
        let refused = Place::new(&path("other"), &path("not made")).unwrap_err();
        assert!(refused.is_refusal() && refused.to_string().contains("rename it"), "{refused}");
        assert!(!path("not made").exists());
        std::fs::remove_dir_all(path("other")).unwrap();
    }
    assert!(Place::new(&path("in"), &path("in/results")).is_ok(), "results below the inputs are not watched");
    assert!(Place::new(&path("in"), &path("made/for/it")).is_ok() && path("made/for/it").is_dir());
}

/// Works on everything that comes, told of by events, and says what had become of it.
fn worked_on(stage: &Stage, output: &Path, job: impl Job + 'static) -> Vec<String> {
    let watching = stage.watch(job, |parts| {
        parts.place = Place::new(&parts.place.input, output).unwrap();
        parts.events = Box::new(Native::default());
    });
    watching.wait("done a ");
    stage.put("b/c", "later");
    watching.wait("done b/c ");
    // Events of what was written then have come by now, and the folder was looked through.
    std::thread::sleep(Duration::from_millis(400));
    let heard = watching.heard.lines();
    watching.stop();
    heard
}

#[test]
fn results_below_the_watched_folder_are_no_inputs() {
    for output in ["results", "b/results", "link"] {
        let stage = Stage::new();
        stage.put("a", "x");
        std::fs::create_dir_all(stage.input("deep/real")).unwrap();
        std::os::unix::fs::symlink(stage.input("deep/real"), stage.input("link")).unwrap();
        let heard = worked_on(&stage, &stage.input(output), copy());
        assert_eq!(heard.iter().filter(|line| line.starts_with("done")).count(), 2, "{output}: {heard:?}");
        assert!(stage.input(output).join("a/copy0").exists() && stage.input(output).join("b/c/copy0").exists());
        assert!(!stage.input("failed").exists(), "{heard:?}");
    }
}

/// A job that is made of these files.
struct MadeOf<J>(J, Vec<PathBuf>);

impl<J: Job> Job for MadeOf<J> {
    fn identity(&self) -> &str {
        self.0.identity()
    }

    fn parts(&self) -> Vec<PathBuf> {
        self.1.clone()
    }

    fn run(&self, work: &Work) -> Result<serde_json::Value, Failure> {
        self.0.run(work)
    }
}

#[test]
fn what_the_job_is_made_of_is_no_input_and_is_told_of_once() {
    let stage = Stage::new();
    ["a", "pipeline.json", "weights/net"].iter().for_each(|name| stage.put(name, name));
    std::os::unix::fs::symlink(stage.input("weights/net"), stage.folder.path().join("net")).unwrap();
    let parts = vec![stage.input("pipeline.json"), stage.folder.path().join("net"), stage.folder.path().join("elsewhere")];
    let job = MadeOf(Copy(|work| if work.name == Path::new("pipeline.json") { Err(Failure::bad("no")) } else { Ok(()) }), parts);
    let heard = worked_on(&stage, &stage.output(""), job);
    let told: Vec<&String> = heard.iter().filter(|line| !line.starts_with("started") && !line.starts_with("done")).collect();
    assert_eq!(told.len(), 1, "{heard:?}");
    assert!(told[0].contains("pipeline.json, weights/net") && !told[0].contains("elsewhere"), "{told:?}");
    assert_eq!(heard.iter().filter(|line| line.starts_with("done")).count(), 2, "{heard:?}");
}

#[test]
fn a_ledger_among_the_inputs_is_refused_before_anything_is_touched() {
    let stage = Stage::new();
    stage.put("a", "x");
    for name in ["in/l.db", "in/deep/er/l.db", "link/l.db"] {
        let _ = std::os::unix::fs::symlink(stage.input(""), stage.folder.path().join("link"));
        let refused = stage.opened(|parts: &mut Parts| parts.ledger = stage.folder.path().join(name));
        let refused = refused.map(|_: Watcher| ()).unwrap_err();
        assert!(refused.is_refusal() && refused.to_string().contains("--ledger"), "{name}: {refused}");
    }
    assert_eq!(tree(&stage.input("")).keys().collect::<Vec<_>>(), [Path::new("a")]);
}
