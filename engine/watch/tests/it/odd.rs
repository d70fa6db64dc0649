//! Odd names, links, and files that cannot be read, moved or found.

use crate::stage::{Copy, Stage, copy, tree, unprivileged};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use voxloom_watch::grouping::Folders;
use voxloom_watch::job::Failure;
use voxloom_watch::retire::After;

#[test]
fn names_are_only_names() {
    let names: Vec<PathBuf> = ["-rf", "a b", "quote\"'`", "new\nline", "über 脳 🧠", "$(reboot)", "a;b|c", "%s%n", "deep/-x/ y "]
        .iter()
        .map(PathBuf::from)
        .chain([PathBuf::from(OsStr::from_bytes(b"not \xff utf-8"))])
        .collect();
    for after in [After::Keep, After::Move] {
        let stage = Stage::new();
        for (index, name) in names.iter().enumerate() {
            stage.put(name, format!("content {index}"));
        }
        let (summary, heard) = stage.once(copy(), |parts| parts.config.after = after);
        assert_eq!(summary.done as usize, names.len(), "{heard:?}");
        assert!(heard.iter().all(|line| !line.contains('\n')));
        for (index, name) in names.iter().enumerate() {
            let bytes = std::fs::read(stage.output(name).join("copy0")).unwrap();
            assert_eq!(bytes, format!("content {index}").into_bytes());
            let place = if after == After::Keep { stage.input(name) } else { stage.input("done").join(name) };
            assert!(place.is_file(), "{}", place.display());
        }
    }
}

#[test]
fn jobs_that_take_text_are_given_it() {
    let odd = |name: &[u8]| PathBuf::from(OsStr::from_bytes(name));
    let stage = Stage::new();
    stage.put(odd(b"one \xff"), "1");
    for name in [&b"both/a \xfe"[..], b"both/a \xff", b"both/plain"] {
        stage.put(odd(name), "2");
    }
    stage.put("both/.ready", "");
    let job = Copy(|work| {
        let input = work.input().unwrap();
        assert!(input.to_str().is_some());
        let seen = if work.is_group { tree(&input).len() } else { std::fs::read(&input).unwrap().len() };
        assert_eq!(seen, work.files.len(), "all are there");
        Ok(())
    });
    let (summary, heard) = stage.once(job, |parts| parts.grouping = Arc::new(Folders));
    assert_eq!(summary.done, 2, "{heard:?}");
}

#[test]
fn links_are_not_followed() {
    let stage = Stage::new();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "s").unwrap();
    std::os::unix::fs::symlink(outside.path(), stage.input("folder")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), stage.input("file")).unwrap();
    std::os::unix::fs::symlink("nowhere", stage.input("dangling")).unwrap();
    stage.put("a", "x");
    let (summary, heard) = stage.once(copy(), |parts| parts.config.after = After::Delete);
    assert_eq!(summary.done, 1, "{heard:?}");
    assert!(outside.path().join("secret").exists() && stage.input("file").is_symlink());
    assert!(!stage.input("a").exists());
    assert_eq!(tree(&stage.output("")).keys().filter(|path| path.ends_with("copy0")).count(), 1);
}

#[test]
fn a_vanished_input_is_forgotten_or_told_of() {
    let stage = Stage::new();
    stage.put("a", "x");
    stage.put("b", "y");
    let (path, other) = (stage.input("a"), stage.input("b"));
    let job = Copy(move |_| {
        // The one that waits vanishes while the first is worked on, which vanishes, too.
        let _ = std::fs::remove_file(&path);
        let _ = std::fs::remove_file(&other);
        Err(Failure::bad("cannot be read"))
    });
    let (summary, heard) = stage.once(job, |parts| parts.config.retry.first = Duration::from_millis(10));
    assert_eq!((summary.done, summary.failed), (0, 0), "{heard:?}");
    assert!(heard.contains(&"again a 1".to_owned()) && heard.iter().all(|line| !line.contains("started b")), "{heard:?}");
}

#[test]
fn what_cannot_be_moved_stays_and_is_not_tried_for_ever() {
    let stage = Stage::new();
    let job =
        || Copy(|work: &voxloom_watch::job::Work| if work.name == Path::new("bad") { Err(Failure::bad("no")) } else { Ok(()) });
    let watching = stage.watch(job(), |parts| parts.config.after = After::Move);
    // Files come where the folders should be: nothing can be moved there, whoever runs this.
    ["failed", "done", "bad", "good"].iter().for_each(|name| stage.put(name, name));
    watching.wait("good: it is done and stays where it is: `done` in the watched folder is no folder; rename it");
    watching.wait("bad: it failed and cannot be moved to `failed`: `failed` in the watched folder is no folder; rename it");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(watching.heard.count("started"), 2, "{:?}", watching.heard.lines());
    watching.stop();
    assert!(stage.input("bad").exists() && stage.input("good").exists());
    std::fs::remove_file(stage.input("failed")).unwrap();
    std::fs::remove_file(stage.input("done")).unwrap();
    let (summary, heard) = stage.once(job(), |parts| parts.config.after = After::Move);
    assert_eq!((summary.done, summary.failed), (0, 0), "{heard:?}");
    assert!(stage.input("failed/bad/bad").exists() && stage.input("done/good").exists(), "the next start moves them");
}

#[test]
fn an_unreadable_input_fails_in_the_end() {
    let stage = Stage::new();
    stage.put("a", "x");
    stage.put("b", "y");
    let path = stage.input("a");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let ended = std::thread::scope(|scope| {
        let work = || {
            unprivileged();
            assert!(std::fs::File::open(&path).is_err());
            stage.once(copy(), |parts| parts.config.retry.first = Duration::from_millis(5))
        };
        scope.spawn(work).join().unwrap()
    });
    let (summary, heard) = ended;
    assert_eq!((summary.done, summary.failed), (1, 1), "{heard:?}");
    assert_eq!(heard.iter().filter(|line| line.starts_with("again a ")).count(), 4, "it may become readable: {heard:?}");
    let error = std::fs::read_to_string(stage.input("failed/a/error.json")).unwrap();
    assert!(error.contains("Permission denied") && error.contains("\"kind\": \"transient\""), "{error}");
    assert!(stage.input("failed/a/a").exists() && stage.output("b/copy0").exists());
}
