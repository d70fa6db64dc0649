//! What a person may choose, with a default for everything.

use crate::retire::After;
use crate::retry::Retry;
use crate::settle::Quiet;
use serde_json::{Map, Value as Json};
use std::time::Duration;

/// Choices of one watcher.
#[derive(Clone, Debug)]
pub struct Config {
    pub quiet: Quiet,
    /// Inputs worked on at one time.
    pub lanes: usize,
    /// Inputs kept in memory at one time; the others wait in the folder until there is room.
    pub queue: usize,
    /// How often the folder is looked through although events are there.
    pub rescan: Duration,
    /// How often it is looked through where there are no events, or not those of other machines.
    pub poll: Duration,
    /// Do not ask for events.
    pub only_poll: bool,
    /// Work also on what the ledger answers.
    pub again: bool,
    pub after: After,
    pub retry: Retry,
    /// A claim that was not renewed for so long is that of a dead watcher.
    pub lease: Duration,
    /// How long running work may take to end when the watcher is stopped.
    pub grace: Duration,
    /// Nothing starts where the disk of the results has fewer bytes free.
    pub min_free: u64,
    /// Pause before the first look whether a full disk has room again; it doubles up to six times.
    pub full_pause: Duration,
    /// Stop when nothing is left to do.
    pub once: bool,
    /// The ledger was made for these folders when they had other names.
    pub moved: bool,
    /// Said in every `error.json`.
    pub facts: Map<String, Json>,
    /// The command that repeats the work, for a shell: what stands before the path of the input, and after it.
    pub command: Option<[String; 2]>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            quiet: Quiet { files: Duration::from_secs(5), groups: Duration::from_secs(60) },
            lanes: 1,
            queue: 10_000,
            rescan: Duration::from_secs(60),
            poll: Duration::from_secs(2),
            only_poll: false,
            again: false,
            after: After::Keep,
            retry: Retry::default(),
            lease: Duration::from_secs(30),
            grace: Duration::from_secs(60),
            min_free: 256 << 20,
            full_pause: Duration::from_secs(5),
            once: false,
            moved: false,
            facts: Map::new(),
            command: None,
        }
    }
}
