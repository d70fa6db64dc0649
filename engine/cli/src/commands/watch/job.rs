//! The job of the watcher: the pipeline, run in this process for each input, with modules that stay loaded.

use super::faults;
use super::log::Log;
use super::scene::Reading;
use super::source::Source;
use super::weights::Weights;
use crate::arguments::LogLevel;
use serde_json::{Map, Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use voxloom_core::load::Plugins;
use voxloom_core::run::{Event, RunOptions, Stock, run_with};
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::place::Place;

/// What stays the same as long as the pipeline file does.
pub struct Prepared {
    pub source: Source,
    pub options: RunOptions,
    pub plugins: Arc<Plugins>,
    /// What results depend on besides the input.
    pub identity: String,
    /// Files of weights as they were when their contents went into `identity`.
    pub weights: Vec<Weights>,
    /// Files and folders that it uses whatever the input is.
    pub parts: Vec<PathBuf>,
    /// For those who look on.
    pub reading: Option<Arc<Reading>>,
}

/// A prepared pipeline, and what stays open for it from one input to the next.
pub struct PipelineJob {
    prepared: Prepared,
    /// Modules that stay loaded, one stock a worker.
    stocks: Vec<Mutex<Stock>>,
    around: OnceLock<(Arc<Log>, PathBuf)>,
    /// When freed memory was last given back.
    given_back: Mutex<Instant>,
}

impl PipelineJob {
    /// `workers` work at one time.
    pub fn new(prepared: Prepared, workers: usize) -> Self {
        let stocks = (0..workers).map(|_| Mutex::default()).collect();
        Self { prepared, stocks, around: OnceLock::new(), given_back: Mutex::new(Instant::now()) }
    }

    /// Tells the job where lines go and results will lie.
    pub fn attach(&self, log: &Arc<Log>, place: &Place) {
        // Said once, before the job is used.
        let _ = self.around.set((Arc::clone(log), place.output.clone()));
    }

    /// The file that it was made from.
    pub fn source(&self) -> &Source {
        &self.prepared.source
    }

    /// What is seen of it, where somebody may look on.
    pub fn reading(&self) -> Option<&Arc<Reading>> {
        self.prepared.reading.as_ref()
    }

    fn work(&self, work: &Work) -> Result<Json, Failure> {
        let input = work.input().map_err(|error| Failure::of_io(&work.scratch, &error))?;
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| Failure::bad("the input's name is no UTF-8"));
        let (input, output) = (text(&input)?, text(&work.output)?);
        let Prepared { source, options, plugins, weights, reading, .. } = &self.prepared;
        let (mut pipeline, _) = source
            .pipeline(&input, &output)
            .map_err(|faults| Failure::bad(faults.list().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
        if let Some(changed) = weights.iter().find(|known| known.is_changed()) {
            // A result must not be recorded as that of weights it was not made with.
            let text = format!("weights {} were changed; SIGHUP takes them into use", changed.path.display());
            return Err(Failure::transient(text));
        }
        plugins.load(&mut pipeline).map_err(|skipped| Failure::transient(skipped.to_string()))?;
        let options = RunOptions {
            cancel: Arc::clone(&work.cancel),
            scratch: Some(work.scratch.clone()),
            gauge: reading.as_ref().and_then(|reading| reading.gauge(work.lane)),
            ..options.clone()
        };
        let around = self.around.get();
        let mut hear = |event: &Event| {
            if let (Event::Log { level, node, text, .. }, Some((log, _))) = (event, around) {
                let level = match level {
                    1 => LogLevel::Error,
                    2 => LogLevel::Warn,
                    _ => LogLevel::Debug,
                };
                log.node(level, &work.name, node, text);
            }
        };
        let ran = {
            let stock = self.stocks.get(work.lane).unwrap_or(&self.stocks[0]);
            let mut stock = stock.lock().unwrap_or_else(PoisonError::into_inner);
            run_with(&pipeline, &options, &mut hear, &mut stock)
        };
        let mut report = ran.map_err(|error| faults::of_error(&error))?;
        if let Some(failure) = faults::of_report(&report) {
            return Err(failure);
        }
        if let Some((_, output)) = around {
            // Where the results will lie, not where they were made.
            report.params.insert(source.given.output.clone(), output.join(&work.name).to_string_lossy().into());
        }
        let file = work.output.join("report.json");
        report.write(&file).map_err(|error| Failure::of_io(&file, &error))?;
        let nodes: Map<String, Json> =
            report.nodes.iter().map(|node| (format!("{}/{}", node.graph, node.node), node.self_ms.into())).collect();
        Ok(json!({ "elapsed_s": report.elapsed_s, "items": report.items, "nodes_ms": nodes }))
    }
}

impl Job for PipelineJob {
    fn identity(&self) -> &str {
        &self.prepared.identity
    }

    fn parts(&self) -> Vec<PathBuf> {
        self.prepared.parts.clone()
    }

    fn run(&self, work: &Work) -> Result<Json, Failure> {
        let ran = self.work(work);
        let mut last = self.given_back.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() > GIVE_BACK {
            *last = Instant::now();
            voxloom_core::allocator::give_back_freed_memory();
        }
        ran
    }
}

/// How often freed memory is given back to the system.
const GIVE_BACK: Duration = Duration::from_secs(60);
