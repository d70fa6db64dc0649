//! Modules that stay from one run to the next, so that weights are read once for many runs.

use super::instance::Instance;
use super::options::RunOptions;
use crate::graph::Module;
use std::sync::Arc;
use std::time::SystemTime;

/// Modules of earlier runs. A run takes those that are the same in name, operator, parameters, weights, seed and device;
/// modules that a run may write are never kept. To be used by one run at a time.
#[derive(Default)]
pub struct Stock {
    modules: Vec<(Identity, Arc<Instance>)>,
}

/// What makes two modules the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identity {
    name: String,
    /// Where the operator's table lies: libraries are never unloaded.
    table: usize,
    params: String,
    weights: Option<(std::path::PathBuf, u64, Option<SystemTime>)>,
    seed: u64,
    device: Option<String>,
    threads: u32,
}

impl Identity {
    pub fn of(module: &Module, seed: u64, options: &RunOptions) -> Self {
        let weights = module.weights.as_ref().map(|path| {
            let facts = std::fs::metadata(path).ok();
            (path.clone(), facts.as_ref().map_or(0, std::fs::Metadata::len), facts.and_then(|facts| facts.modified().ok()))
        });
        Self {
            name: module.name.clone(),
            table: std::ptr::from_ref(module.operator.table).addr(),
            params: module.params.to_string(),
            weights,
            seed,
            device: options.device.as_ref().map(|device| device.name().to_owned()),
            threads: options.thread_budget(),
        }
    }
}

impl Stock {
    /// A module that was kept and still takes calls.
    pub(crate) fn find(&self, identity: &Identity) -> Option<Arc<Instance>> {
        let (_, instance) = self.modules.iter().find(|(known, instance)| known == identity && !instance.is_poisoned())?;
        Some(Arc::clone(instance))
    }

    /// Keeps these, and no others.
    pub(crate) fn keep(&mut self, modules: Vec<(Identity, Arc<Instance>)>) {
        self.modules = modules;
    }
}
