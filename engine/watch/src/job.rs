//! What is done with an input. The watcher gives files and an empty folder; the job fills the folder or says why not.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Work on one input, done in a folder that nobody sees until it is whole.
pub trait Job: Send + Sync {
    /// Text that changes when results could: pipeline, parameters, plugins, weights. With the input's content it is the job's key.
    fn identity(&self) -> &str;

    /// Files and folders that the job itself is made of: where they lie in the watched folder, they are no inputs.
    fn parts(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Why it can work on nothing at this moment: then the watcher pauses. Asked often, from the main loop.
    fn obstacle(&self) -> Option<String> {
        None
    }

    /// Works on `work.files`, leaves results in `work.output`, and returns what is to be kept of it in the ledger.
    ///
    /// Called from one thread a lane; blocks. It should end early with [`Failure::cancelled`] when `work.cancel` is set.
    ///
    /// # Errors
    /// Why there is no result, and whether trying again may help.
    fn run(&self, work: &Work) -> Result<Json, Failure>;
}

/// One call of a job.
#[derive(Clone, Debug)]
pub struct Work {
    /// Number of the worker, from 0.
    pub lane: usize,
    /// Of the input: relative, as the result's folder will be called.
    pub name: PathBuf,
    /// The watched folder.
    pub folder: PathBuf,
    /// Where the files lie; one unless `is_group`.
    pub files: Vec<PathBuf>,
    pub is_group: bool,
    /// Files of a group's folders that are empty or damaged, so that nobody can tell whether they are of it. A job that puts
    /// together what belongs together refuses to do so without them.
    pub beside: Vec<PathBuf>,
    /// An empty folder for results.
    pub output: PathBuf,
    /// An empty folder on this machine's own disk for anything else; it is removed afterwards.
    pub scratch: PathBuf,
    /// Counts from 1.
    pub attempt: u32,
    /// Set when the watcher cannot wait any longer.
    pub cancel: Arc<AtomicBool>,
}

impl Work {
    /// A path for jobs that take one: the file itself, or a folder of links to the files of a group, with their paths below the
    /// folder that they share. Always UTF-8: a file whose name is not is linked under one that is.
    ///
    /// # Errors
    /// Of the file system.
    pub fn input(&self) -> std::io::Result<PathBuf> {
        let view = self.scratch.join("input");
        if let (false, [file]) = (self.is_group, &self.files[..]) {
            let odd = file.file_name().filter(|_| file.to_str().is_none());
            return odd.map_or_else(|| Ok(file.clone()), |name| link(file, &view, Path::new(&*name.to_string_lossy()), 0));
        }
        let shared = shared_folder(self.files.iter().map(PathBuf::as_path));
        for (index, file) in self.files.iter().enumerate() {
            link(file, &view, file.strip_prefix(&shared).unwrap_or(file), index)?;
        }
        Ok(view)
    }
}

impl Work {
    /// Where the input lay: the file, or, of a group, the watched folder. Folders below it may be called after patients.
    pub fn origin(&self) -> &Path {
        match &self.files[..] {
            [file] if !self.is_group => file,
            _ => &self.folder,
        }
    }
}

/// Links to a file below `view`, and says where. A name that is no UTF-8 gets `index` before it, so that two stay two.
fn link(file: &Path, view: &Path, relative: &Path, index: usize) -> std::io::Result<PathBuf> {
    let link = match relative.to_str() {
        Some(_) => view.join(relative),
        None => view.join(format!("{index} {}", relative.to_string_lossy().replace('/', " "))),
    };
    std::fs::create_dir_all(link.parent().unwrap_or(view))?;
    std::os::unix::fs::symlink(file, &link)?;
    Ok(link)
}

/// The deepest folder that holds all files.
pub(crate) fn shared_folder<'a>(files: impl Iterator<Item = &'a Path>) -> PathBuf {
    let mut folders = files.map(|file| file.parent().unwrap_or(Path::new("")));
    let first = folders.next().unwrap_or(Path::new(""));
    let both = |shared: &Path, folder: &Path| {
        shared.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    };
    folders.fold(first.to_owned(), |shared: PathBuf, folder| both(&shared, folder))
}

/// Why an attempt gave no result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub kind: Kind,
    /// Where in the job, such as a node's name.
    pub place: Option<String>,
    pub message: String,
    /// Anything else that `error.json` should tell.
    #[serde(default)]
    pub facts: Box<Map<String, Json>>,
}

/// Failures by what follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The data is bad: trying again gives the same. Set aside at once.
    Bad,
    /// May go well later: tried again after a pause, a bounded number of times.
    Transient,
    /// The disk is full: everything pauses, and the attempt does not count.
    Full,
    /// The process died while the input was worked on.
    Crash,
    /// The watcher is stopping; the input waits for the next start.
    Cancelled,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Transient => "transient",
            Self::Full => "full",
            Self::Crash => "crash",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Failure {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, place: None, message: message.into(), facts: Box::default() }
    }

    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(Kind::Bad, message)
    }

    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(Kind::Transient, message)
    }

    pub fn full(message: impl Into<String>) -> Self {
        Self::new(Kind::Full, message)
    }

    pub fn crash(message: impl Into<String>) -> Self {
        Self::new(Kind::Crash, message)
    }

    pub fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "the watcher was stopped")
    }

    /// Names the place, such as a node.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// What an error of the file system means for an attempt: every kind but a full disk may pass.
    pub fn of_io(path: &Path, error: &std::io::Error) -> Self {
        let message = format!("{}: {error}", path.display());
        if crate::error::is_full(error) { Self::full(message) } else { Self::transient(message) }
    }
}
