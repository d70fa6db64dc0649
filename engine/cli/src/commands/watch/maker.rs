//! From the command line and the pipeline file to the watcher's job, or to why there is none.

use super::arguments::Watch;
use super::job::{PipelineJob, Prepared};
use super::repeat::Repeat;
use super::scene::Reading;
use super::source::{Given, Source};
use super::weights::{Weights, hash};
use crate::arguments::{Global, LogLevel};
use crate::exit::Exit;
use crate::talk::Talk;
use crate::{device, installed};
use anyhow::{Context, Result};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use voxloom_core::check::Faults;
use voxloom_core::graph::Pipeline;
use voxloom_core::load::Plugins;
use voxloom_core::operators::Operators;
use voxloom_core::run::{Device, Kind as Cause, RunError, RunOptions, Stock};

/// Makes jobs from the pipeline file as it is at that moment: at the start, and when the watcher is told to read it again.
pub struct Maker {
    file: PathBuf,
    given: Given,
    output: PathBuf,
    input: PathBuf,
    options: RunOptions,
    items: usize,
    /// Somebody may look on.
    is_seen: bool,
    plugins: Arc<Plugins>,
    operators: Arc<Operators>,
    talk: Talk,
}

/// Why there is no job.
pub struct Refused {
    pub exit: Exit,
    /// One a fault.
    pub lines: Vec<String>,
}

impl Refused {
    fn new(exit: Exit, line: String) -> Self {
        Self { exit, lines: vec![line] }
    }

    pub fn tell(&self, talk: &Talk) {
        self.lines.iter().for_each(|line| talk.plain(line));
    }
}

impl Maker {
    /// Finds plugins and the device, which stay the same as long as the watcher runs.
    pub fn new(arguments: &Watch, global: &Global, talk: &Talk) -> Result<Result<Self, Exit>> {
        let plugins = installed::find(global, talk)?;
        let operators = installed::operators(&plugins);
        let device: Option<Arc<dyn Device>> = match device::choose(arguments.device, talk) {
            Ok(device) => device,
            Err(message) => {
                talk.error(&message);
                return Ok(Err(Exit::Plugin));
            }
        };
        let (input, output) = super::setup::folders(&arguments.folders)?;
        let lanes = arguments.lanes.unwrap_or(0) as usize;
        let items = arguments.items as usize;
        // Several inputs at one time share the cores.
        let shared = if items > 1 { (RunOptions::default().thread_budget() / arguments.items).max(1) } else { 0 };
        let options = RunOptions {
            seed: arguments.seed,
            lanes,
            device_lanes: lanes,
            device,
            threads: arguments.threads.unwrap_or(shared),
            memory: arguments.memory,
            ..RunOptions::default()
        };
        Ok(Ok(Self {
            file: arguments.pipeline.clone().context("a pipeline file is needed")?,
            given: Given {
                set: arguments.set.values.clone(),
                input: arguments.input_param.clone(),
                output: arguments.output_param.clone(),
            },
            input: input.to_owned(),
            output: output.to_owned(),
            options,
            items,
            is_seen: arguments.listen.is_some(),
            plugins: Arc::new(plugins),
            operators: Arc::new(operators),
            talk: talk.clone(),
        }))
    }

    /// Reads and checks the file, and opens what it needs.
    pub fn make(&self) -> Result<PipelineJob, Refused> {
        let source = Source::read(&self.file, self.given.clone(), Arc::clone(&self.operators)).map_err(|error| {
            Refused::new(Exit::Usage, format!("error: {}: the file cannot be read: {error}", self.file.display()))
        })?;
        let (input, output) = (self.input.to_string_lossy(), self.output.to_string_lossy());
        let (mut pipeline, warnings) = source.pipeline(&input, &output).map_err(|faults| self.refused(&faults))?;
        warnings.iter().for_each(|warning| self.talk.line(LogLevel::Warn, warning));
        self.plugins.load(&mut pipeline).map_err(|skipped| Refused::new(Exit::Plugin, format!("error: plugin {skipped}")))?;
        let options = RunOptions {
            file_hash: source.hash(),
            plugins: self.plugins.used(&pipeline).into_iter().map(crate::commands::run::facts).collect(),
            ..self.options.clone()
        };
        let weights: Vec<_> = pipeline.modules.iter().filter_map(|module| module.weights.as_deref()).map(Weights::look).collect();
        let identity = self.identify(&pipeline, &options);
        let identity = identity.map_err(|line| Refused::new(Exit::Usage, format!("error: {line}")))?;
        let parts = self.parts(&source, &pipeline);
        let stocks = self.stocks(&pipeline, &options, &weights)?;
        let reading = self.is_seen.then(|| Arc::new(Reading::new(pipeline, &options, self.items)));
        let prepared = Prepared { source, options, plugins: Arc::clone(&self.plugins), identity, weights, parts, reading };
        Ok(PipelineJob::new(prepared, stocks))
    }

    /// Modules with their weights, one stock a worker: what cannot be loaded is said now, and not of every input.
    fn stocks(&self, pipeline: &Pipeline, options: &RunOptions, weights: &[Weights]) -> Result<Vec<Stock>, Refused> {
        let mut stocks = Vec::new();
        for _ in 0..self.items {
            let mut stock = Stock::pinned();
            let is_kept = stock.fill(pipeline, options).map_err(|error| {
                let exit = match (&error, error.kind()) {
                    (RunError::Device { .. }, _) => Exit::Plugin,
                    (_, Cause::Other) => Exit::Usage,
                    _ => Exit::Stopped,
                };
                Refused::new(exit, format!("error: {error}; nothing was touched"))
            })?;
            stocks.push(stock);
            if !is_kept {
                // Every input needs its own: now it is known that they can be had.
                stocks.resize_with(self.items, Stock::pinned);
            }
            if stocks.len() == self.items {
                break;
            }
        }
        match weights.iter().find(|weights| weights.is_changed()) {
            Some(changed) => {
                let text = format!("error: weights {} were changed while they were read; try again", changed.path.display());
                Err(Refused::new(Exit::Stopped, text))
            }
            None => Ok(stocks),
        }
    }

    /// File, parameters, plugins, contents of weights, seed: what the results depend on besides the input.
    fn identify(&self, pipeline: &Pipeline, options: &RunOptions) -> Result<String, String> {
        let names = [&self.given.input, &self.given.output];
        let params: BTreeMap<&String, &Json> = pipeline.params.iter().filter(|(name, _)| !names.contains(name)).collect();
        let plugins: Vec<&str> = options.plugins.iter().map(|plugin| plugin.hash.as_str()).collect();
        let mut weights = BTreeMap::new();
        for module in &pipeline.modules {
            if let Some(path) = &module.weights {
                let hash = hash(path).map_err(|error| format!("weights {}: {error}", path.display()))?;
                weights.insert(&module.name, hash);
            }
        }
        let (file, seed) = (&options.file_hash, options.seed);
        Ok(json!({ "file": file, "params": params, "plugins": plugins, "weights": weights, "seed": seed }).to_string())
    }

    fn refused(&self, faults: &Faults) -> Refused {
        let mut lines: Vec<String> = faults.list().iter().map(ToString::to_string).collect();
        let errors = faults.n_errors();
        lines.push(format!("{errors} error{} in all, nothing was touched", if errors == 1 { "" } else { "s" }));
        let exit = if installed::lacks_libtorch(&self.plugins) { Exit::Plugin } else { Exit::Usage };
        Refused { exit, lines }
    }

    /// For the `error.json` of every input.
    pub fn repeat(&self, plugins: &[PathBuf]) -> Repeat {
        Repeat { file: self.file.clone(), plugins: plugins.to_owned(), seed: self.options.seed }
    }

    /// Files and folders that the pipeline uses whatever the input is.
    fn parts(&self, source: &Source, pipeline: &Pipeline) -> Vec<PathBuf> {
        let given = [&self.given.input, &self.given.output];
        let named = source.paths().into_iter().filter(|name| !given.contains(&name));
        let named = named.filter_map(|name| pipeline.params.get(&name)?.as_str().map(PathBuf::from));
        let weights = pipeline.modules.iter().filter_map(|module| module.weights.clone());
        let plugins = self.plugins.used(pipeline).into_iter().map(|library| library.file.clone());
        [self.file.clone()].into_iter().chain(named).chain(weights).chain(plugins).collect()
    }
}
