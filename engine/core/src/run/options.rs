//! How to run: what a person may choose, with a default for everything.

use super::gauge::Gauge;
use super::lane::Device;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Choices of one run. None of them but `seed` (and `resume`) may change a bit of the results.
#[derive(Clone)]
pub struct RunOptions {
    pub seed: u64,
    /// CPU lanes; 0 for one a core, at least 2. Besides several, calls with gradients have one of their own.
    pub lanes: usize,
    /// Intra-op threads that may be busy at one time, over all lanes; 0 for the cores that affinity and cgroup allow.
    pub threads: u32,
    /// Runs the nodes whose operators take any device; `None` runs them on CPU lanes.
    pub device: Option<Arc<dyn Device>>,
    /// Lanes on `device`; 0 for 2.
    pub device_lanes: usize,
    /// Items of one cursor that may be alive at one time; `None` for twice the lanes. Batches may raise it.
    pub in_flight: Option<usize>,
    /// Above so many bytes of live values no further item of the first level begins while another is under way.
    pub memory: Option<u64>,
    /// Stop at the first failure.
    pub strict: bool,
    /// Set by the caller to end the run early and cleanly.
    pub cancel: Arc<AtomicBool>,
    /// For tests: sleep up to 2 ms before each call, drawn from this seed and the lane.
    pub delays: Option<u64>,
    /// Where lanes tell what they are at; for another thread to look at.
    pub gauge: Option<Arc<Gauge>>,
    /// Where to write a trace that Perfetto opens.
    pub trace: Option<PathBuf>,
    /// A folder that a `save` stage left: go on from there.
    pub resume: Option<PathBuf>,
    /// Where scratch folders are made; `None` for the system's folder of temporary files.
    pub scratch: Option<PathBuf>,
    /// For the report: hash of the pipeline file.
    pub file_hash: String,
    /// For the report: the plugins in use.
    pub plugins: Vec<PluginFacts>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            lanes: 0,
            threads: 0,
            device: None,
            device_lanes: 0,
            in_flight: None,
            memory: None,
            strict: false,
            cancel: Arc::new(AtomicBool::new(false)),
            delays: None,
            gauge: None,
            trace: None,
            resume: None,
            scratch: None,
            file_hash: String::new(),
            plugins: Vec::new(),
        }
    }
}

impl RunOptions {
    /// The budget of intra-op threads, with its default.
    pub fn thread_budget(&self) -> u32 {
        match self.threads {
            0 => cores() as u32,
            threads => threads,
        }
    }

    /// The number of CPU lanes, with its default.
    pub fn cpu_lanes(&self) -> usize {
        match self.lanes {
            0 => cores().max(2),
            lanes => lanes,
        }
    }

    /// The number of lanes on the device, with its default; 0 without one.
    pub fn gpu_lanes(&self) -> usize {
        match (&self.device, self.device_lanes) {
            (None, _) => 0,
            (Some(_), 0) => 2,
            (Some(_), lanes) => lanes,
        }
    }
}

/// What the report says of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginFacts {
    pub name: String,
    pub version: String,
    /// Hash of the library's bytes.
    pub hash: String,
    pub file: PathBuf,
    pub libtorch: String,
}

/// Cores that affinity and cgroup allow.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
