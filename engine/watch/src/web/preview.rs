//! Pictures that the pipeline left among its results. Only those of the last inputs are given, by number, never by path.

use super::View;
use crate::status::{Entry, Status};
use std::path::{Path, PathBuf};

/// No picture is larger.
const LIMIT: u64 = 16 << 20;

/// A name for what became of an input, for addresses; another one when it is worked on again.
pub fn id(entry: &Entry) -> String {
    let result = entry.result.as_deref().unwrap_or_default();
    blake3::hash(format!("{}\0{result}\0{:?}", entry.name, entry.ended).as_bytes()).to_hex()[..16].to_owned()
}

/// The pictures of an entry's result, sorted by name.
pub fn files(view: &View, entry: &Entry) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Some(result) = &entry.result {
        below(&view.output.join(result), 3, &mut found);
    }
    found.sort();
    found
}

/// The picture that `<id>/<number>` names, of one of the inputs that the page shows.
pub fn read(view: &View, status: &Status, rest: &str) -> Option<Vec<u8>> {
    let (wanted, number) = rest.split_once('/')?;
    let number: usize = number.parse().ok()?;
    let entry = status.last.iter().find(|entry| entry.result.is_some() && id(entry) == wanted)?;
    std::fs::read(files(view, entry).get(number)?).ok()
}

fn below(folder: &Path, depth: u32, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if kind.is_dir() && depth > 0 {
            below(&path, depth - 1, found);
        } else if kind.is_file()
            && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"))
            && entry.metadata().is_ok_and(|facts| facts.len() <= LIMIT)
        {
            found.push(path);
        }
    }
}
