//! What the page shows of the pipeline: its graph with what calls took, and what every lane is at.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;
use voxloom_core::draw::{Times, live};
use voxloom_core::graph::Pipeline;
use voxloom_core::run::{Gauge, RunOptions};
use voxloom_watch::web::{Call, Scene, Sight, Step};

/// The pipeline file as it was read once, with what its runs tell while they go on.
pub struct Reading {
    pipeline: Pipeline,
    since: SystemTime,
    cpu_lanes: usize,
    gpu_lanes: usize,
    /// One a worker.
    gauges: Vec<Arc<Gauge>>,
}

impl Reading {
    pub fn new(pipeline: Pipeline, options: &RunOptions, workers: usize) -> Self {
        let gauges = (0..workers).map(|_| Arc::new(Gauge::new(&pipeline, options))).collect();
        Self { since: SystemTime::now(), cpu_lanes: options.cpu_lanes(), gpu_lanes: options.gpu_lanes(), gauges, pipeline }
    }

    /// For the runs of a worker.
    pub fn gauge(&self, worker: usize) -> Option<Arc<Gauge>> {
        self.gauges.get(worker).cloned()
    }

    fn name(&self, graph: &str, node: &str) -> String {
        if self.pipeline.graphs.len() > 1 { format!("{graph}/{node}") } else { node.to_owned() }
    }

    fn calls(&self, worker: usize) -> Vec<Call> {
        let told = |call: voxloom_core::run::Call| Call {
            lane: match call.lane.checked_sub(self.cpu_lanes) {
                None => format!("cpu {}", call.lane),
                Some(lane) if lane < self.gpu_lanes => format!("device {lane}"),
                Some(_) => "gradients".to_owned(),
            },
            step: self.name(&call.graph, &call.node),
            item: call.item.iter().map(u64::to_string).collect::<Vec<_>>().join("."),
            elapsed: call.elapsed,
        };
        self.gauges.get(worker).map_or_else(Vec::new, |gauge| gauge.calls().into_iter().map(told).collect())
    }

    /// Graph and steps.
    fn picture(&self) -> (String, Vec<Step>) {
        let mut times = Times::new();
        let mut running: Vec<(String, String)> = Vec::new();
        for gauge in &self.gauges {
            for (name, time) in gauge.times() {
                let sum = times.entry(name).or_default();
                sum.calls += time.calls;
                sum.total_ms += time.total_ms;
            }
            running.extend(gauge.calls().into_iter().map(|call| (call.graph, call.node)));
        }
        let mut steps = Vec::new();
        for graph in &self.pipeline.graphs {
            for node in &graph.nodes {
                let key = (graph.name.clone(), node.name.clone());
                let time = times.get(&key).copied().unwrap_or_default();
                steps.push(Step {
                    name: self.name(&graph.name, &node.name),
                    what: self.pipeline.target(node),
                    calls: time.calls,
                    total_s: time.total_ms / 1e3,
                    running: running.iter().filter(|other| **other == key).count(),
                });
            }
        }
        (live(&self.pipeline, &times, &BTreeSet::from_iter(running)), steps)
    }
}

/// The reading that is in use, and those before it that a worker still works by.
#[derive(Default)]
pub struct Readings(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    current: Option<Arc<Reading>>,
    before: Vec<Weak<Reading>>,
    refused: Option<String>,
}

impl Readings {
    /// From now on inputs are worked on by this one.
    pub fn take(&self, reading: &Arc<Reading>) {
        let mut inner = self.lock();
        let before = inner.current.replace(Arc::clone(reading));
        inner.before.extend(before.as_ref().map(Arc::downgrade));
        inner.before.retain(|reading| reading.strong_count() > 0);
        inner.refused = None;
    }

    /// The file was read again and is wrong.
    pub fn refuse(&self, why: &str) {
        self.lock().refused = Some(why.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing is half done where somebody panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scene for Readings {
    fn look(&self) -> Sight {
        let (current, before, refused) = {
            let inner = self.lock();
            let before: Vec<Arc<Reading>> = inner.before.iter().filter_map(Weak::upgrade).collect();
            (inner.current.clone(), before, inner.refused.clone())
        };
        let Some(current) = current else { return Sight { refused, ..Sight::default() } };
        let (graph, steps) = current.picture();
        let of_worker = |worker| before.iter().chain([&current]).flat_map(|reading| reading.calls(worker)).collect();
        let workers = (0..current.gauges.len()).map(of_worker).collect();
        Sight { since: Some(current.since), about: current.pipeline.about.clone(), refused, graph, steps, workers }
    }
}
