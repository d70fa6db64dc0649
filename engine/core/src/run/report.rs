//! What a run leaves: versions, parameters, times, results, failures.

use super::options::PluginFacts;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::io::Write;
use std::path::{Path, PathBuf};
use voxloom_abi::Kind;

/// All that is known of a run when it has ended, however it ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The engine's version.
    pub voxloom: String,
    /// Major.minor of the plugin contract.
    pub abi: String,
    pub file: PathBuf,
    pub file_hash: String,
    pub plugins: Vec<PluginFacts>,
    pub params: Map<String, Json>,
    pub seed: u64,
    /// CPU lanes.
    pub lanes: usize,
    pub threads: u32,
    pub device: Option<String>,
    pub device_lanes: usize,
    pub outcome: Outcome,
    /// Why the run ended early.
    pub message: Option<String>,
    /// Of what kind that is; `other` where the run did not end early.
    #[serde(with = "kind", default)]
    pub kind: Kind,
    /// Seconds since 1970.
    pub started: f64,
    pub elapsed_s: f64,
    pub rounds: u64,
    /// Items of the first level that went through, and that did not.
    pub items: Counts,
    pub nodes: Vec<NodeTimes>,
    /// JSON outputs that nobody consumed, one entry an item that has some.
    pub results: Vec<ItemResults>,
    pub failures: Vec<Failure>,
    pub memory: Memory,
    pub saves: Vec<Saved>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything went through.
    Completed,
    /// It went to its end, and some items failed.
    Failed,
    /// `strict` stopped it at the first failure.
    Stopped,
    /// A node asked for the run to stop.
    Fatal,
    /// The caller cancelled it.
    Cancelled,
}

/// Items by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub done: u64,
    pub failed: u64,
}

/// Where the time went, one entry a node, summed over rounds and items.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeTimes {
    pub graph: String,
    pub node: String,
    pub operator: String,
    pub plugin: String,
    pub calls: u64,
    /// With what the engine did for the call alone: joining and splitting a batch, waiting for a device.
    pub total_ms: f64,
    /// In the operator.
    pub self_ms: f64,
    pub min_ms: f64,
    pub max_ms: f64,
}

/// What one item left: `results.<node>.<port>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemResults {
    pub round: u64,
    pub stage: usize,
    pub graph: String,
    pub item: Vec<u64>,
    pub results: Map<String, Json>,
}

/// One failure of one node at one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub round: u64,
    pub stage: usize,
    pub graph: String,
    pub node: String,
    pub operator: String,
    pub plugin: String,
    pub item: Vec<u64>,
    /// `failed`, `invalid`, `fatal`, `cancelled`, `panicked`, `poisoned`, `contract`, or `lost` for a gather that lost an item.
    pub status: String,
    /// Whether another try may go well: `unavailable` (a file, share or device is not to be had now), `exhausted` (memory),
    /// `full` (a disk), or `other` (bad data, a mistake).
    #[serde(with = "kind", default)]
    pub kind: Kind,
    pub cause: String,
    /// Seconds since the run began.
    pub elapsed_s: f64,
}

/// Live values, measured after every call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    pub peak_values: u64,
    pub peak_bytes: u64,
    /// Values that were not released when the run ended; 0 unless the engine has a fault.
    pub left_values: i64,
}

/// One save stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    pub round: u64,
    pub stage: usize,
    pub folder: PathBuf,
    /// The number that decides which save is best.
    pub value: Option<f64>,
    pub best: bool,
}

impl Failure {
    /// True where this is no consequence of another failure, nor of leaving early.
    pub fn is_cause(&self) -> bool {
        self.status != "lost" && self.status != "cancelled"
    }
}

impl Report {
    /// The failure to tell where only one is told: the first that is a cause, else the first.
    pub fn first_cause(&self) -> Option<&Failure> {
        self.failures.iter().find(|failure| failure.is_cause()).or(self.failures.first())
    }

    /// Writes the report as JSON, all of it or nothing.
    ///
    /// # Errors
    /// Of the file system.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        write_atomically(path, &text)
    }
}

/// Writes a file beside its place, flushes it to the disk and moves it there.
///
/// # Errors
/// Of the file system; the file that was there before is then still there.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = (|| {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        // SMB moves no file that is open.
        drop(file);
        std::fs::rename(&beside, path)
    })();
    if written.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// The kind of a failure as text, by the names that the contract gives.
mod kind {
    use serde::{Deserialize, Deserializer, Serializer};
    use voxloom_abi::Kind;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub fn serialize<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.name())
    }

    /// A name of a later version is no known kind.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = [Kind::Unavailable, Kind::Exhausted, Kind::Full].into_iter().find(|kind| kind.name() == name);
        Ok(known.unwrap_or_default())
    }
}
