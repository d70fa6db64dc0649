//! Loading: what is refused and how, what is remembered, what is found first.

mod cache;
mod kinds;
mod refused;
mod search;
mod thrown;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use voxloom_core::load::{Config, Plugins, scan};

/// Also the scanning process of the other tests: started with a file as its last word, it scans that file.
#[test]
fn a_scan_answers_in_one_line() {
    let last = std::env::args().next_back().map(PathBuf::from).filter(|path| path.is_absolute() && path.extension().is_some());
    let answer = scan(&last.unwrap_or_else(|| "no/such/file.so".into()));
    println!("{answer}");
    assert!(answer.trim_start().starts_with("voxloom-answer: {") && !answer.trim().contains('\n'), "{answer}");
}

/// The command that scans with this very binary.
fn scanner() -> Vec<OsString> {
    let me = std::env::current_exe().expect("a running test has a path");
    [me.into_os_string(), "--exact".into(), "load::a_scan_answers_in_one_line".into(), "--nocapture".into()].into()
}

fn find(asked: &[PathBuf]) -> Plugins {
    Plugins::find(&Config { timeout: Duration::from_secs(30), ..Config::only(asked.to_vec(), scanner()) })
}

/// Why the only candidate was skipped, without its path.
fn refusal(file: &Path) -> String {
    let plugins = find(&[file.to_owned()]);
    assert!(plugins.operators().is_empty(), "{} gave operators", file.display());
    assert_eq!(plugins.skipped().len(), 1, "one fault, one message");
    let message = plugins.skipped()[0].to_string();
    let path = format!("{}: ", file.canonicalize().unwrap_or(file.to_owned()).display());
    message.strip_prefix(&path).unwrap_or_else(|| panic!("{message} begins with {path}")).to_owned()
}

/// A new folder of this test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// Compiles `plain.c` with `macros` to `file`.
fn plain(file: &Path, macros: &[&str]) {
    let flags: Vec<String> = macros.iter().map(|name| format!("-D{name}")).collect();
    compile("cc", "plain.c", file, &flags);
}

fn compile(compiler: &str, source: &str, file: &Path, flags: &[String]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(compiler)
        .args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(root.join("../abi/include"))
        .arg(root.join("tests/it/load").join(source))
        .args(flags)
        .arg("-o")
        .arg(file)
        .output()
        .expect("a C and C++ compiler is installed");
    assert!(output.status.success(), "{source} {flags:?}: {}", String::from_utf8_lossy(&output.stderr));
}
