//! Modules that stay from one run to the next, so that weights are read once for many runs.

use super::error::RunError;
use super::ground::Ground;
use super::instance::Instance;
use super::options::RunOptions;
use super::plan::Target;
use super::prepare;
use crate::graph::{Module, Pipeline};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// Modules of earlier runs. A run takes those that are the same in name, operator, parameters, weights, seed and device;
/// modules that a run may write are never kept. To be used by one run at a time.
#[derive(Default)]
pub struct Stock {
    modules: Vec<(Identity, Arc<Instance>)>,
    is_pinned: bool,
}

/// What makes two modules the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identity {
    name: String,
    /// Where the operator's table lies: libraries are never unloaded.
    table: usize,
    params: String,
    weights: Option<PathBuf>,
    /// Size and time of the weights.
    facts: (u64, Option<SystemTime>),
    seed: u64,
    device: Option<String>,
    threads: u32,
}

impl Identity {
    pub fn of(module: &Module, seed: u64, options: &RunOptions) -> Self {
        let facts = module.weights.as_ref().and_then(|path| std::fs::metadata(path).ok());
        Self {
            name: module.name.clone(),
            table: std::ptr::from_ref(module.operator.table).addr(),
            params: module.params.to_string(),
            weights: module.weights.clone(),
            facts: facts.map_or((0, None), |facts| (facts.len(), facts.modified().ok())),
            seed,
            device: options.device.as_ref().map(|device| device.name().to_owned()),
            threads: options.thread_budget(),
        }
    }

    fn is_but_for_facts(&self, other: &Self) -> bool {
        *self == Self { facts: self.facts, ..other.clone() }
    }
}

impl Stock {
    /// One whose modules stay what they are when their files of weights are changed or removed afterwards.
    pub fn pinned() -> Self {
        Self { is_pinned: true, ..Self::default() }
    }

    /// Makes the modules of a pipeline, with their weights, as a run would at its beginning, and keeps them as after it. So what
    /// keeps every run from beginning is known before the first. True where runs of this pipeline need to make no more.
    ///
    /// # Errors
    /// As [`super::run`], but for nodes, which are not made.
    pub fn fill(&mut self, pipeline: &Pipeline, options: &RunOptions) -> Result<bool, RunError> {
        let target = Target { device: options.device.is_some(), budget: options.thread_budget() };
        let plans = prepare::plans(pipeline, target)?;
        Ground::new(pipeline, options, &plans, options.seed, false, self)?.synchronize()?;
        Ok(self.has(pipeline, options))
    }

    /// True where a run of this pipeline would make no module, and read no weights.
    pub fn has(&self, pipeline: &Pipeline, options: &RunOptions) -> bool {
        pipeline.modules.iter().all(|module| self.find(&Identity::of(module, options.seed, options)).is_some())
    }

    /// A module that was kept and still takes calls.
    pub(crate) fn find(&self, identity: &Identity) -> Option<Arc<Instance>> {
        let is_same = |known: &Identity| known == identity || self.is_pinned && known.is_but_for_facts(identity);
        let (_, instance) = self.modules.iter().find(|(known, instance)| is_same(known) && !instance.is_poisoned())?;
        Some(Arc::clone(instance))
    }

    /// Keeps these, and no others.
    pub(crate) fn keep(&mut self, modules: Vec<(Identity, Arc<Instance>)>) {
        self.modules = modules;
    }
}
