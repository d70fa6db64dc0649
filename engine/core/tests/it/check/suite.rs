//! Files of `tests/suite/pipelines` beside the exact text of all that is found: `wrong` ones are refused, `warned` ones pass.
//!
//! `name.json` is the file, `name.expected` the text, `name.set` overrides, one a line. `VOXLOOM_BLESS=1` writes the
//! texts anew; read what changed before it is committed.

use super::operators::{operators, suite};
use std::path::{Path, PathBuf};
use voxloom_core::check::{Checked, Config, Faults, check};

#[test]
fn every_wrong_file_is_refused_with_the_exact_text() {
    let n_files = compare("wrong", |result| result.err().map(|faults| faults.to_string()));
    assert!(n_files >= 60, "the suite has {n_files} files");
}

#[test]
fn every_warned_file_passes_with_the_exact_text() {
    let text = |checked: Checked| checked.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(compare("warned", |result| result.ok().map(text)) > 0);
}

/// Compares every file of a folder and lists all that differ; gives the number of files. `text` says nothing where the
/// result is of the other kind.
fn compare(folder: &str, text: impl Fn(Result<Checked, Faults>) -> Option<String>) -> usize {
    let operators = operators();
    let bless = std::env::var_os("VOXLOOM_BLESS").is_some();
    let mut mismatches = Vec::new();
    let files = files(folder);
    for file in &files {
        let name = file.file_name().expect("a file has a name");
        let bytes = std::fs::read(file).expect("the file was listed");
        let set = std::fs::read_to_string(file.with_extension("set")).unwrap_or_default();
        let config = Config { set: set.lines().map(str::to_owned).collect(), open: false };
        let Some(found) = text(check(Path::new(name), &bytes, &operators, &config)) else {
            mismatches.push(format!("{}: passes where it should be refused, or the other way round", file.display()));
            continue;
        };
        let found = format!("{found}\n");
        let expected = file.with_extension("expected");
        if bless {
            std::fs::write(&expected, &found).expect("the suite can be written");
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if found != wanted {
            mismatches.push(format!("{}:\n--- expected\n{wanted}--- found\n{found}", file.display()));
        }
    }
    assert!(mismatches.is_empty(), "{} of {} differ\n{}", mismatches.len(), files.len(), mismatches.join("\n"));
    files.len()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(suite().join(folder)).expect("the suite has the folder");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("a readable folder").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}
