//! Why a candidate is no plugin of this program: one sentence each, naming both sides.

use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// A candidate that was not taken.
#[derive(Clone, Debug, Error)]
#[error("{}: {fault}", file.display())]
pub struct Skipped {
    pub file: PathBuf,
    pub fault: Fault,
}

/// What is wrong with a candidate.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    #[error("no such file or folder")]
    Missing,
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("is not a plugin: not a shared library of this machine ({0})")]
    NotALibrary(String),
    #[error("is not a plugin: it does not export `voxloom_plugin`")]
    NoSymbol,
    #[error("is not a plugin: its `voxloom_plugin` {0}")]
    BadConstant(String),
    #[error("was built for plugin ABI {theirs}, this program has {ours}; rebuild it with this version's SDK or header")]
    Abi { theirs: String, ours: String },
    #[error(
        "was built for libtorch {theirs}, this program has {ours} ({}); rebuild it against that one, or set VOXLOOM_LIBTORCH to a libtorch {theirs}",
        folder.display()
    )]
    Libtorch { theirs: String, ours: String, folder: PathBuf },
    #[error("needs libtorch {theirs}: {why}")]
    NoLibtorch { theirs: String, why: String },
    #[error("cannot be loaded: {0}")]
    Open(String),
    #[error("crashed while it was loaded ({how}){}", last_words(said))]
    Crashed { how: String, said: String },
    #[error("did not finish loading within {} s{}", after.as_secs_f64(), last_words(said))]
    Hung { after: Duration, said: String },
    #[error("the scanning process could not be started: {0}")]
    NoScanner(String),
    #[error("operator {operator}: {what}")]
    BadOperator { operator: String, what: String },
    #[error("there is already a plugin `{name}`, from {}", by.display())]
    Taken { name: String, by: PathBuf },
    #[error("changed after it was scanned; start again")]
    Changed,
    /// Reported by the scanning process in its own words.
    #[error("{0}")]
    Reported(String),
}

/// The last thing that the child said on standard error.
fn last_words(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("; its last words: {text}") }
}
