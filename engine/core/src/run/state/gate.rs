//! Turns: the oldest item that still owes an access, or may still give birth to one that does, goes first.

use super::{Path, Todo};
use std::collections::{BTreeMap, BTreeSet};

/// Who may pass.
#[derive(Default)]
pub(crate) struct Gate {
    /// Items that owe an access; and for each cursor on the way the item it would draw next.
    owing: BTreeSet<Path>,
    waiting: BTreeMap<Path, Vec<Todo>>,
}

impl Gate {
    pub fn owe(&mut self, path: Path) {
        self.owing.insert(path);
    }

    /// Takes a path away and returns what may go on because of it.
    pub fn settle(&mut self, path: &[u64]) -> Vec<Todo> {
        self.owing.remove(path);
        match self.owing.first() {
            Some(first) => self.waiting.remove(first).unwrap_or_default(),
            None => Vec::new(),
        }
    }

    pub fn turn(&self, path: &[u64]) -> bool {
        self.owing.first().is_none_or(|first| **first == *path)
    }

    pub fn wait(&mut self, path: Path, todo: Todo) {
        self.waiting.entry(path).or_default().push(todo);
    }

    /// The item whose turn it is, and those that wait.
    pub fn describe(&self) -> Option<(&Path, Vec<&Path>)> {
        let waiting: Vec<&Path> = self.waiting.keys().collect();
        self.owing.first().filter(|_| !waiting.is_empty()).map(|first| (first, waiting))
    }
}
