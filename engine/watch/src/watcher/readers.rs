//! Threads that find out what files belong to, so that the main loop never waits for a disk to give the head of a file.

use crate::error::Error;
use crate::grouping::{Belongs, Grouping};
use crate::stamp::Stamp;
use crossbeam::channel::{Receiver, Sender, unbounded};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Threads, because a network drive answers each of several at the same time.
const READERS: usize = 4;

/// What a file belongs to, as it was when it was asked about.
pub struct Answer {
    /// Below the watched folder.
    pub path: PathBuf,
    pub stamp: Stamp,
    pub belongs: Belongs,
}

/// The threads. They end when this is dropped and the file that each of them is at is read; nobody waits for that.
pub struct Readers {
    questions: Sender<(PathBuf, Stamp)>,
    pub answers: Receiver<Answer>,
}

impl Readers {
    /// For files below `folder`. How many questions are under way at one time is for those to bound who ask.
    ///
    /// # Errors
    /// The operating system refuses to start threads.
    pub fn start(folder: &Path, grouping: &Arc<dyn Grouping>) -> Result<Self, Error> {
        let (questions, asked) = unbounded::<(PathBuf, Stamp)>();
        let (tell, answers) = unbounded();
        for index in 0..READERS {
            let (folder, grouping, asked, tell) = (folder.to_owned(), Arc::clone(grouping), asked.clone(), tell.clone());
            let read = move || {
                for (path, stamp) in asked {
                    let ask = || grouping.belongs(&path, &folder.join(&path), &stamp);
                    // A file that makes the caller panic is told of when it is worked on.
                    let belongs = std::panic::catch_unwind(AssertUnwindSafe(ask)).unwrap_or(Belongs::Unknown);
                    if tell.send(Answer { path, stamp, belongs }).is_err() {
                        return;
                    }
                }
            };
            std::thread::Builder::new().name(format!("reader {index}")).spawn(read).map_err(Error::Thread)?;
        }
        Ok(Self { questions, answers })
    }

    pub fn ask(&self, path: &Path, stamp: Stamp) {
        // The threads take as long as this lives.
        let _ = self.questions.send((path.into(), stamp));
    }
}
