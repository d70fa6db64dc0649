//! The operating system's events (inotify on Linux), through `notify`.

use super::{Events, Hint, Sink};
use crate::names::OWN;
use notify::event::{ModifyKind, RenameMode};
use notify::{Config, ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::io;
use std::path::Path;

/// Watches a folder and all below it, but for folders that may not be read: what is in them is found by looking alone.
#[derive(Default)]
pub struct Native {
    watcher: Option<RecommendedWatcher>,
}

impl Events for Native {
    fn start(&mut self, folder: &Path, sink: Sink) -> Result<(), String> {
        let own = folder.join(OWN);
        let handler = move |event: notify::Result<Event>| match event {
            // Claims come and go: nothing there is an input.
            Ok(event) if event.paths.first().is_some_and(|path| path.starts_with(&own)) => {}
            Ok(event) => pass_on(event, &sink),
            Err(_) => sink.send(Hint::Rescan),
        };
        let config = Config::default().with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(handler, config).map_err(|error| error.to_string())?;
        watch(&mut watcher, folder).map_err(|error| error.to_string())?;
        self.watcher = Some(watcher);
        Ok(())
    }
}

/// Watches a folder and all below it that can be watched.
///
/// # Errors
/// The folder itself cannot be watched, or no more folders can.
fn watch(watcher: &mut RecommendedWatcher, folder: &Path) -> notify::Result<()> {
    match watcher.watch(folder, RecursiveMode::Recursive) {
        // The first that cannot be watched ends it, and folders are watched before what is in them: go on with those one by one.
        Err(error) if is_of_one(&error) && error.paths.iter().all(|path| path != folder) => {
            for below in std::fs::read_dir(folder)?.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
                match watch(watcher, &below.path()) {
                    Err(error) if is_of_one(&error) => {}
                    other => other?,
                }
            }
            Ok(())
        }
        other => other,
    }
}

/// True where one folder is the cause, which may not be read or is gone by now.
fn is_of_one(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound),
        _ => false,
    }
}

fn pass_on(event: Event, sink: &Sink) {
    if event.need_rescan() || (event.paths.is_empty() && !matches!(event.kind, EventKind::Access(_))) {
        sink.send(Hint::Rescan);
        return;
    }
    match event.kind {
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => {
            event.paths.into_iter().for_each(|path| sink.send(Hint::Renamed(path)));
        }
        // Both names: the second is the new one, and was told of already.
        EventKind::Modify(ModifyKind::Name(_)) | EventKind::Remove(_) => {
            event.paths.into_iter().take(1).for_each(|path| sink.send(Hint::Changed(path)));
        }
        // Reading changes nothing; closing after writing may end a change.
        EventKind::Access(notify::event::AccessKind::Close(notify::event::AccessMode::Write)) => {
            event.paths.into_iter().for_each(|path| sink.send(Hint::Changed(path)));
        }
        EventKind::Access(_) => {}
        _ => event.paths.into_iter().for_each(|path| sink.send(Hint::Changed(path))),
    }
}
