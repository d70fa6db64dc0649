//! The operating system's events (inotify on Linux), through `notify`.

use super::{Events, Hint, Sink};
use crate::names::OWN;
use notify::event::{ModifyKind, RenameMode};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::Path;

/// Watches a folder and all below it.
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
        watcher.watch(folder, RecursiveMode::Recursive).map_err(|error| error.to_string())?;
        self.watcher = Some(watcher);
        Ok(())
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
