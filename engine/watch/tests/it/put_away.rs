//! Inputs that are put away where others lie already.

use crate::stage::{ByPrefix, Copy, Stage, copy, tree};
use std::path::Path;
use std::sync::Arc;
use voxloom_watch::job::Failure;
use voxloom_watch::mark::Mark;
use voxloom_watch::retire::After;
use voxloom_watch::watcher::Parts;

fn moves(parts: &mut Parts) {
    parts.config.after = After::Move;
}

#[test]
fn a_file_that_was_put_away_is_no_folder_for_others() {
    let stage = Stage::new();
    stage.put("x", "file");
    stage.once(copy(), moves);
    stage.put("x/b/c", "below a folder of that name");
    stage.put("x/d", "beside it");
    let (summary, heard) = stage.once(copy(), moves);
    assert_eq!(summary.done, 2, "{heard:?}");
    assert!(heard.iter().all(|line| !line.contains("Warning")), "{heard:?}");
    let lies: Vec<_> = tree(&stage.input("done")).into_keys().collect();
    assert_eq!(lies, ["x", "x.2/b/c", "x.2/d"].map(Path::new));
}

#[test]
fn failed_inputs_lie_beside_each_other_whatever_they_are_called() {
    let stage = Stage::new();
    let bad = || Copy(|_| Err(Failure::bad("no")));
    let change = |parts: &mut Parts| parts.config.command = Some(["open ".into(), String::new()]);
    // In this order each is in the way of the next.
    for name in ["x", "x/x/b", "x/error.json", "error.json", "error.json/a"] {
        stage.put(name, name);
        let (summary, heard) = stage.once(bad(), change);
        assert_eq!(summary.failed, 1, "{name}: {heard:?}");
        assert!(heard.iter().all(|line| !line.contains("Warning")), "{name}: {heard:?}");
        assert!(!stage.input(name).is_file(), "{name} was put away");
        // Folders that were emptied are in nobody's way.
        let first = Path::new(name).components().next().unwrap();
        let _ = std::fs::remove_dir_all(stage.input(first));
    }
    let mut told = Vec::new();
    for (path, bytes) in tree(&stage.input("failed")) {
        let Ok(error) = serde_json::from_slice::<serde_json::Value>(&bytes) else { continue };
        let lies = error["command"].as_str().unwrap().strip_prefix("open ").unwrap().to_owned();
        assert_eq!(std::fs::read_to_string(&lies).unwrap(), error["input"], "{}", path.display());
        told.push(error["input"].as_str().unwrap().to_owned());
    }
    told.sort();
    assert_eq!(told, ["error.json", "error.json/a", "x", "x/error.json", "x/x/b"]);
}

#[test]
fn a_result_tells_which_files_it_was_made_of_when_they_are_gone() {
    let stage = Stage::new();
    [("g-1", "1"), ("x/g-2", "22")].iter().for_each(|(name, text)| stage.put(name, text));
    let change = |parts: &mut Parts| {
        parts.grouping = Arc::new(ByPrefix);
        parts.config.after = After::Delete;
    };
    let (summary, heard) = stage.once(copy(), change);
    assert_eq!(summary.done, 1, "{heard:?}");
    let result = std::fs::read_dir(stage.output("")).unwrap().find_map(|entry| Mark::read(&entry.unwrap().path())).unwrap();
    let inputs: Vec<(&str, u64)> = result.inputs.iter().map(|(path, size)| (path.as_str(), *size)).collect();
    assert_eq!(inputs, [("g-1", 1), ("x/g-2", 2)]);
}

#[test]
fn the_longest_names_have_numbers_too() {
    let (stage, name) = (Stage::new(), "y".repeat(255));
    for content in ["one", "two", "three"] {
        stage.put(&name, content);
        let (summary, heard) = stage.once(copy(), moves);
        assert_eq!(summary.done, 1, "{heard:?}");
    }
    let cut = &name[..253];
    let names = [format!("{cut}.2"), format!("{cut}.3"), name.clone()];
    let lies: Vec<_> = tree(&stage.input("done")).into_keys().collect();
    assert_eq!(lies, names.each_ref().map(Path::new));
    let told = names.map(|name| std::fs::read_to_string(stage.output(&name).join("copy0")).unwrap());
    assert_eq!(told, ["two", "three", "one"]);
    for content in ["bad", "worse"] {
        stage.put(&name, content);
        let (summary, heard) = stage.once(Copy(|_| Err(Failure::bad("no"))), moves);
        assert_eq!(summary.failed, 1, "{heard:?}");
    }
    assert_eq!(std::fs::read_to_string(stage.input("failed").join(format!("{cut}.2")).join(&name)).unwrap(), "worse");
}

#[test]
fn a_name_that_is_no_text_is_told_so_that_a_shell_finds_it() {
    use std::os::unix::ffi::OsStrExt;
    let stage = Stage::new();
    let name = Path::new(std::ffi::OsStr::from_bytes(b"it's \xff\n.nii"));
    stage.put(name, "x");
    let change = |parts: &mut Parts| parts.config.command = Some(["cat ".into(), String::new()]);
    stage.once(Copy(|_| Err(Failure::bad("no"))), change);
    let error = std::fs::read(stage.input("failed").join(name).join("error.json")).unwrap();
    let error: serde_json::Value = serde_json::from_slice(&error).unwrap();
    assert_eq!(error["input"], "it's \\xff\n.nii");
    let command = error["command"].as_str().unwrap();
    let ran = std::process::Command::new("bash").args(["-c", command]).output().unwrap();
    assert_eq!(ran.stdout, b"x", "{command}");
}

#[test]
fn done_and_failed_may_lie_on_another_file_system() {
    let (stage, elsewhere) = (Stage::new(), tempfile::tempdir_in("/dev/shm").unwrap());
    for name in ["done", "failed"] {
        std::fs::create_dir(elsewhere.path().join(name)).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join(name), stage.input(name)).unwrap();
    }
    let device = |path: &Path| std::os::unix::fs::MetadataExt::dev(&path.metadata().unwrap());
    assert_ne!(device(&stage.input("done")), device(&stage.input("")), "a test for two file systems");
    ["a/good", "a/bad"].iter().for_each(|name| stage.put(name, name));
    let job = Copy(|work| if work.name == Path::new("a/bad") { Err(Failure::bad("no")) } else { Ok(()) });
    let (summary, heard) = stage.once(job, moves);
    assert_eq!((summary.done, summary.failed), (1, 1), "{heard:?}");
    assert!(heard.iter().all(|line| !line.contains("Warning")), "{heard:?}");
    let lies = tree(elsewhere.path());
    assert_eq!((&*lies[Path::new("done/a/good")], &*lies[Path::new("failed/a/bad/bad")]), (&b"a/good"[..], &b"a/bad"[..]));
    assert!(lies.len() == 3 && tree(&stage.input("a")).is_empty(), "{lies:?}");
}
