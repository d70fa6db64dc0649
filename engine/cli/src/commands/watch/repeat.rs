//! What `error.json` says of the pipeline, and the command that repeats a failure, wherever it is typed.

use super::source::Source;
use serde_json::{Map, Value as Json};
use std::path::{Path, PathBuf};
use voxloom_watch::words::{plain, quoted};

/// What the command needs besides the input and what the pipeline file says.
pub struct Repeat {
    pub file: PathBuf,
    /// Folders of plugins that were named.
    pub plugins: Vec<PathBuf>,
    pub seed: u64,
}

impl Repeat {
    pub fn facts(&self) -> Map<String, Json> {
        Map::from_iter([("pipeline".to_owned(), plain(&absolute(&self.file)).into())])
    }

    /// What stands before the input's path, and after it. Paths are absolute: who reads it stands elsewhere.
    pub fn command(&self, source: &Source) -> [String; 2] {
        let mut words = vec!["voxloom".to_owned(), "run".into(), quoted(absolute(&self.file))];
        for folder in &self.plugins {
            words.extend(["--plugins".into(), quoted(absolute(folder))]);
        }
        let paths = source.paths();
        for set in &source.given.set {
            let path = set.split_once('=').filter(|(name, _)| paths.iter().any(|path| path == name));
            let word = match path {
                Some((name, path)) => quoted(format!("{name}={}", absolute(Path::new(path)).display())),
                None => quoted(set),
            };
            words.extend(["--set".into(), word]);
        }
        words.push(format!("--set {}=", quoted(&source.given.input)));
        let after = format!(" --set {}=again --seed {}", quoted(&source.given.output), self.seed);
        [words.join(" "), after]
    }
}

fn absolute(path: &Path) -> PathBuf {
    // It fails only where the folder that the watcher was started in is gone.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
