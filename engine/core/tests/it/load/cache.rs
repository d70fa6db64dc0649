//! What is remembered of a library, and for how long.

use super::{folder, plain, scanner};
use std::path::{Path, PathBuf};
use voxloom_abi::{Sink, Status, Str, status};
use voxloom_core::load::{Config, Plugins};

fn cached(folder: &Path, file: &Path) -> Plugins {
    find(folder, file, scanner())
}

/// With a scanner that always fails: whatever is found comes from the cache.
fn from_cache(folder: &Path, file: &Path) -> Plugins {
    find(folder, file, vec!["false".into()])
}

fn find(folder: &Path, file: &Path, scanner: Vec<std::ffi::OsString>) -> Plugins {
    Plugins::find(&Config { cache: Some(folder.join("cache")), ..Config::only(vec![file.to_owned()], scanner) })
}

fn check(plugins: &Plugins, params: &str) -> (Status, String) {
    let mut error = String::new();
    // SAFETY: a complete table, and texts that outlive the call.
    let verdict = unsafe { (plugins.operators()["plain.echo"].table.check)(u32::MAX, Str::lend(params), &Sink::to(&mut error)) };
    (verdict, error)
}

fn one(name: &str, macros: &[&str]) -> (PathBuf, PathBuf) {
    let folder = folder(name);
    let file = folder.join("it.so");
    plain(&file, macros);
    (folder, file)
}

#[test]
fn a_library_is_scanned_once() {
    let (folder, file) = one("once", &[]);
    assert!(from_cache(&folder, &file).operators().is_empty());
    let first = cached(&folder, &file);
    let second = from_cache(&folder, &file);
    assert_eq!(first.libraries()[0].sha256, second.libraries()[0].sha256);
    assert_eq!(second.libraries()[0].sha256.len(), 64);
    assert_eq!(second.operators()["plain.echo"].description.entries[0].inputs[0].name, "value");
}

#[test]
fn a_moved_library_is_known_by_its_content() {
    let (folder, file) = one("moved", &[]);
    cached(&folder, &file);
    let moved = folder.join("elsewhere.so");
    std::fs::rename(&file, &moved).unwrap();
    assert!(from_cache(&folder, &moved).skipped().is_empty());
}

#[test]
fn a_changed_library_is_scanned_again() {
    let (folder, file) = one("changed", &[]);
    cached(&folder, &file);
    std::fs::remove_file(&file).unwrap();
    plain(&file, &["ABOUT=\"Changed.\""]);
    assert_eq!(from_cache(&folder, &file).skipped().len(), 1);
    assert_eq!(cached(&folder, &file).operators()["plain.echo"].description.about, "Changed.");
}

#[test]
fn a_damaged_cache_counts_as_empty() {
    let (folder, file) = one("damaged", &[]);
    cached(&folder, &file);
    let kept = std::fs::read_dir(folder.join("cache")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&kept, "{ \"files\": [").unwrap();
    assert_eq!(from_cache(&folder, &file).skipped().len(), 1);
    assert!(cached(&folder, &file).skipped().is_empty());
    assert!(from_cache(&folder, &file).skipped().is_empty());
}

#[test]
fn parameters_that_passed_once_do_not_open_the_library_again() {
    let (folder, file) = one("verdicts", &[]);
    let first = cached(&folder, &file);
    assert!(!first.libraries()[0].is_open());
    assert_eq!(check(&first, r#"{"times":1}"#), (status::OK, String::new()));
    assert!(first.libraries()[0].is_open());

    let second = from_cache(&folder, &file);
    assert_eq!(check(&second, r#"{"times":1}"#), (status::OK, String::new()));
    assert!(!second.libraries()[0].is_open());
    assert_eq!(check(&second, r#"{"times":13}"#), (status::INVALID, "times\tmust not be 13".into()));
    assert!(second.libraries()[0].is_open());
    assert_eq!(check(&from_cache(&folder, &file), r#"{"times":13}"#).0, status::INVALID, "a refusal is not remembered");
}

#[test]
fn a_library_that_is_replaced_after_the_scan_is_not_run() {
    let (folder, file) = one("replaced", &[]);
    let plugins = cached(&folder, &file);
    std::fs::remove_file(&file).unwrap();
    plain(&file, &["OPERATOR=\"plain.other\""]);
    let error = plugins.loaded("plain.echo").expect("found").err().expect("refused");
    assert!(error.to_string().ends_with("changed after it was scanned; start again"), "{error}");
}

#[test]
fn a_table_that_is_not_open_says_what_is_missing() {
    let (folder, file) = one("unopened", &[]);
    let plugins = cached(&folder, &file);
    let table = plugins.operators()["plain.echo"].table;
    let (mut instance, mut error) = (std::ptr::null_mut(), String::new());
    // SAFETY: the function of an unopened table looks at the sink only.
    let verdict = unsafe { (table.create)(std::ptr::null(), Str::lend("{}"), &raw mut instance, &Sink::to(&mut error)) };
    assert_eq!((verdict, error.as_str()), (status::FATAL, "the plugin is not loaded: Plugins::load comes before a run"));
}
