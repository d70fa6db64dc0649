//! The job of the watcher: the pipeline, run in this process for each input, with modules that stay loaded.

use super::arguments::Watch;
use super::faults;
use super::log::Log;
use super::scene::Reading;
use crate::arguments::{Global, LogLevel};
use crate::exit::Exit;
use crate::talk::Talk;
use crate::{device, installed};
use anyhow::{Context, Result};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use voxloom_core::check::{Config, Faults, check};
use voxloom_core::graph::Pipeline;
use voxloom_core::load::Plugins;
use voxloom_core::operators::Operators;
use voxloom_core::run::{Device, Event, RunOptions, Stock, run_with};
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::place::Place;

/// Makes jobs from the pipeline file as it is at that moment: at the start, and when the watcher is told to read it again.
pub struct Maker {
    file: PathBuf,
    set: Vec<String>,
    input_param: String,
    output_param: String,
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
            set: arguments.set.values.clone(),
            input_param: arguments.input_param.clone(),
            output_param: arguments.output_param.clone(),
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
        let bytes = std::fs::read(&self.file).map_err(|error| {
            Refused::new(Exit::Usage, format!("error: {}: the file cannot be read: {error}", self.file.display()))
        })?;
        let mut job = PipelineJob {
            bytes,
            file: self.file.clone(),
            set: self.set.clone(),
            names: [self.input_param.clone(), self.output_param.clone()],
            options: self.options.clone(),
            plugins: Arc::clone(&self.plugins),
            operators: Arc::clone(&self.operators),
            identity: String::new(),
            weights: Vec::new(),
            reading: None,
            stocks: (0..self.items).map(|_| Mutex::default()).collect(),
            around: OnceLock::new(),
            given_back: Mutex::new(Instant::now()),
        };
        let (input, output) = (self.input.to_string_lossy(), self.output.to_string_lossy());
        let (mut pipeline, warnings) = job.pipeline(&input, &output).map_err(|faults| self.refused(&faults))?;
        warnings.iter().for_each(|warning| self.talk.line(LogLevel::Warn, warning));
        self.plugins.load(&mut pipeline).map_err(|skipped| Refused::new(Exit::Plugin, format!("error: plugin {skipped}")))?;
        job.options.file_hash = format!("{:x}", Sha256::digest(&job.bytes));
        job.options.plugins = self.plugins.used(&pipeline).into_iter().map(crate::commands::run::facts).collect();
        job.weights = pipeline.modules.iter().filter_map(|module| module.weights.as_deref()).map(Weights::look).collect();
        job.identity = job.identify(&pipeline).map_err(|line| Refused::new(Exit::Usage, format!("error: {line}")))?;
        job.reading = self.is_seen.then(|| Arc::new(Reading::new(pipeline, &job.options, self.items)));
        Ok(job)
    }

    fn refused(&self, faults: &Faults) -> Refused {
        let mut lines: Vec<String> = faults.list().iter().map(ToString::to_string).collect();
        let errors = faults.n_errors();
        lines.push(format!("{errors} error{} in all, nothing was touched", if errors == 1 { "" } else { "s" }));
        let exit = if installed::lacks_libtorch(&self.plugins) { Exit::Plugin } else { Exit::Usage };
        Refused { exit, lines }
    }

    /// What every `error.json` says; `{input}` stands for where the input is then.
    pub fn facts(&self) -> Map<String, Json> {
        let mut words = vec!["voxloom".to_owned(), "run".into(), quoted(&self.file.to_string_lossy())];
        for set in &self.set {
            words.extend(["--set".into(), quoted(set)]);
        }
        words.extend(["--set".into(), format!("{}={{input}}", self.input_param)]);
        words.extend(["--set".into(), format!("{}=again", self.output_param), "--seed".into(), self.options.seed.to_string()]);
        let mut facts = Map::new();
        facts.insert("pipeline".into(), self.file.to_string_lossy().into());
        facts.insert("command".into(), words.join(" ").into());
        facts
    }
}

/// One pipeline file as it was read.
pub struct PipelineJob {
    bytes: Vec<u8>,
    file: PathBuf,
    set: Vec<String>,
    /// Of the parameters for input and output.
    names: [String; 2],
    options: RunOptions,
    plugins: Arc<Plugins>,
    operators: Arc<Operators>,
    identity: String,
    /// Files of weights as they were when their contents went into `identity`.
    weights: Vec<Weights>,
    /// For those who look on.
    reading: Option<Arc<Reading>>,
    /// Modules that stay loaded, one stock a worker.
    stocks: Vec<Mutex<Stock>>,
    around: OnceLock<(Arc<Log>, PathBuf)>,
    /// When freed memory was last given back.
    given_back: Mutex<Instant>,
}

impl PipelineJob {
    /// Tells the job where lines go and results will lie.
    pub fn attach(&self, log: &Arc<Log>, place: &Place) {
        // Said once, before the job is used.
        let _ = self.around.set((Arc::clone(log), place.output.clone()));
    }

    /// What is seen of it, where somebody may look on.
    pub fn reading(&self) -> Option<&Arc<Reading>> {
        self.reading.as_ref()
    }

    fn pipeline(&self, input: &str, output: &str) -> Result<(Pipeline, Vec<String>), Faults> {
        let mut set = self.set.clone();
        set.extend([format!("{}={input}", self.names[0]), format!("{}={output}", self.names[1])]);
        let checked = check(&self.file, &self.bytes, &self.operators, &Config { set, open: false })?;
        Ok((checked.pipeline, checked.warnings.iter().map(ToString::to_string).collect()))
    }

    /// File, parameters, plugins, contents of weights, seed: what results depend on besides the input.
    fn identify(&self, pipeline: &Pipeline) -> Result<String, String> {
        let params: BTreeMap<&String, &Json> = pipeline.params.iter().filter(|(name, _)| !self.names.contains(name)).collect();
        let plugins: Vec<&str> = self.options.plugins.iter().map(|plugin| plugin.hash.as_str()).collect();
        let mut weights = BTreeMap::new();
        for module in &pipeline.modules {
            if let Some(path) = &module.weights {
                let hash = hash(path).map_err(|error| format!("weights {}: {error}", path.display()))?;
                weights.insert(&module.name, hash);
            }
        }
        let (file, seed) = (&self.options.file_hash, self.options.seed);
        Ok(json!({ "file": file, "params": params, "plugins": plugins, "weights": weights, "seed": seed }).to_string())
    }

    fn work(&self, work: &Work) -> Result<Json, Failure> {
        let input = work.input().map_err(|error| Failure::of_io(&work.scratch, &error))?;
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| Failure::bad("the input's name is no UTF-8"));
        let (input, output) = (text(&input)?, text(&work.output)?);
        let (mut pipeline, _) = self
            .pipeline(&input, &output)
            .map_err(|faults| Failure::bad(faults.list().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
        if let Some(changed) = self.weights.iter().find(|known| Weights::look(&known.path) != **known) {
            // A result must not be recorded as that of weights it was not made with.
            let text = format!("weights {} were changed; SIGHUP takes them into use", changed.path.display());
            return Err(Failure::transient(text));
        }
        self.plugins.load(&mut pipeline).map_err(|skipped| Failure::transient(skipped.to_string()))?;
        let options = RunOptions {
            cancel: Arc::clone(&work.cancel),
            scratch: Some(work.scratch.clone()),
            gauge: self.reading.as_ref().and_then(|reading| reading.gauge(work.lane)),
            ..self.options.clone()
        };
        let around = self.around.get();
        let name = work.name.to_string_lossy();
        let mut hear = |event: &Event| {
            if let (Event::Log { level, node, text, .. }, Some((log, _))) = (event, around) {
                let level = match level {
                    1 => LogLevel::Error,
                    2 => LogLevel::Warn,
                    _ => LogLevel::Debug,
                };
                log.node(level, &name, node, text);
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
            report.params.insert(self.names[1].clone(), output.join(&work.name).to_string_lossy().into());
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
        &self.identity
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

/// What the file system says of a file of weights.
#[derive(Clone, Debug, PartialEq)]
struct Weights {
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

impl Weights {
    fn look(path: &Path) -> Self {
        let facts = std::fs::metadata(path).ok();
        let size = facts.as_ref().map_or(0, std::fs::Metadata::len);
        Self { path: path.into(), size, modified: facts.and_then(|facts| facts.modified().ok()) }
    }
}

fn hash(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(format!("{:x}", hasher.finalize()))
}

/// For a shell.
fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,+@%".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
