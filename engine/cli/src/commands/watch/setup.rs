//! From words on the command line to the watcher's configuration.

use super::arguments::{Folders, Watch};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use voxloom_watch::config::Config;
use voxloom_watch::retire::After;
use voxloom_watch::retry::Retry;
use voxloom_watch::settle::Quiet;

/// Both folders; clap has seen to it that they are given.
pub fn folders(folders: &Folders) -> Result<(&Path, &Path)> {
    match (&folders.input, &folders.output) {
        (Some(input), Some(output)) => Ok((input, output)),
        _ => bail!("--in and --out are needed"),
    }
}

/// What is wrong with a `--set` of a parameter that the watcher itself sets, for every input anew.
pub fn set_twice(arguments: &Watch) -> Option<String> {
    let own = [(&arguments.input_param, "--in", "--input-param"), (&arguments.output_param, "--out", "--output-param")];
    own.into_iter().find_map(|(name, folder, option)| {
        arguments.set.values.iter().find(|set| set.split_once('=').is_some_and(|(set, _)| set == name))?;
        Some(format!(
            "--set {name}: `{name}` is set by the watcher for each input, from what lies in {folder}; leave it out, or name another parameter with {option}"
        ))
    })
}

pub fn config(arguments: &Watch, facts: Map<String, Json>, command: [String; 2]) -> Config {
    Config {
        quiet: Quiet { files: arguments.settle, groups: arguments.settle_groups },
        lanes: arguments.items as usize,
        queue: arguments.queue as usize,
        rescan: arguments.rescan,
        poll: arguments.poll.unwrap_or(Config::default().poll),
        only_poll: arguments.poll.is_some(),
        again: arguments.again,
        after: match (arguments.done, arguments.delete) {
            (true, _) => After::Move,
            (_, true) => After::Delete,
            _ => After::Keep,
        },
        retry: Retry { attempts: arguments.attempts, first: arguments.pause, ..Retry::default() },
        lease: arguments.lease,
        grace: arguments.grace,
        min_free: arguments.min_free,
        once: arguments.once,
        moved: arguments.moved,
        facts,
        command: Some(command),
        ..Config::default()
    }
}

/// The ledger that was asked for, or the one of this pair of folders in the user's state folder.
///
/// # Errors
/// There is no such folder.
pub fn ledger(given: Option<&Path>, input: &Path, output: &Path) -> Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let full = |path: &Path| path.canonicalize().with_context(|| format!("{} cannot be found", path.display()));
    let mut hasher = Sha256::new();
    hasher.update(full(input)?.as_os_str().as_bytes());
    hasher.update([0]);
    hasher.update(full(output)?.as_os_str().as_bytes());
    let name = format!("{:x}", hasher.finalize());
    Ok(state()?.join("voxloom/watch").join(format!("{}.sqlite", &name[..16])))
}

/// systemd's folder for the service, else the user's by the XDG rules.
fn state() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".local/state"));
    let found = set("STATE_DIRECTORY").or_else(|| set("XDG_STATE_HOME")).or_else(home);
    found.context("no folder for the ledger: give one with --ledger, or set XDG_STATE_HOME")
}
