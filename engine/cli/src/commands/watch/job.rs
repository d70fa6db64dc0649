//! The job of the watcher: the pipeline, run in this process for each input, with modules that stay loaded.

use super::faults;
use super::log::Log;
use super::scene::Reading;
use super::source::Source;
use super::weights::Weights;
use crate::arguments::LogLevel;
use serde_json::{Map, Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use voxloom_core::load::Plugins;
use voxloom_core::run::{Event, RunOptions, Stock, run_with};
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::notice::{Notice, Observer};
use voxloom_watch::place::Place;
use voxloom_watch::words::{plain, shown};

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
    /// One a worker.
    seats: Vec<Seat>,
    has_warned: AtomicBool,
    around: OnceLock<(Arc<Log>, PathBuf)>,
    /// When freed memory was last given back.
    given_back: Mutex<Instant>,
}

/// What a worker has to itself.
struct Seat {
    /// Modules that stay loaded.
    stock: Mutex<Stock>,
    /// Its last input needed files of weights again: the pipeline writes them, or a call has spoiled a module.
    lacks: AtomicBool,
}

impl PipelineJob {
    /// With the modules of each worker.
    pub fn new(prepared: Prepared, stocks: Vec<Stock>) -> Self {
        let seats = stocks.into_iter().map(|stock| Seat { stock: Mutex::new(stock), lacks: AtomicBool::new(false) }).collect();
        let has_warned = AtomicBool::new(false);
        Self { prepared, seats, has_warned, around: OnceLock::new(), given_back: Mutex::new(Instant::now()) }
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

    /// What is wrong with files of weights: they are not what they were when they were loaded.
    fn weights(&self) -> Option<String> {
        let changed = self.prepared.weights.iter().find(|weights| weights.is_changed())?;
        Some(format!("weights {} were changed or removed", shown(&changed.path)))
    }

    fn work(&self, work: &Work) -> Result<Json, Failure> {
        let input = work.input().map_err(|error| Failure::of_io(&work.scratch, &error))?;
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| Failure::bad("the input's name is no UTF-8"));
        let (input, output) = (text(&input)?, text(&work.output)?);
        let Prepared { source, options, plugins, reading, .. } = &self.prepared;
        let (mut pipeline, _) = source
            .pipeline(&input, &output)
            .map_err(|faults| Failure::bad(faults.list().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
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
                log.node(level, &work.name, node, &as_it_lies(text, work));
            }
        };
        let seat = self.seats.get(work.lane).unwrap_or(&self.seats[0]);
        let mut stock = seat.stock.lock().unwrap_or_else(PoisonError::into_inner);
        let reads = !stock.has(&pipeline, &options);
        seat.lacks.store(reads, Ordering::SeqCst);
        // Where weights are read for this input, before and after they must be those of the job's identity.
        let as_known = || if reads { self.weights().map_or(Ok(()), |why| Err(held(&why))) } else { Ok(()) };
        as_known()?;
        let ran = run_with(&pipeline, &options, &mut hear, &mut stock);
        as_known()?;
        drop(stock);
        let mut report = ran.map_err(|error| faults::of_error(&error))?;
        if let Some(failure) = faults::of_report(&report) {
            return Err(failure);
        }
        // Where the input lay and the results will lie, not where links were put and results made.
        report.params.insert(source.given.input.clone(), plain(work.origin()).into());
        if let Some((_, output)) = around {
            report.params.insert(source.given.output.clone(), plain(&output.join(&work.name)).into());
        }
        let file = work.output.join("report.json");
        report.write(&file).map_err(|error| Failure::of_io(&file, &error))?;
        let nodes: Map<String, Json> =
            report.nodes.iter().map(|node| (format!("{}/{}", node.graph, node.node), node.self_ms.into())).collect();
        Ok(json!({ "elapsed_s": report.elapsed_s, "items": report.items, "nodes_ms": nodes }))
    }
}

/// What is said of the links that the pipeline was given, said of the files: links are gone when somebody reads it.
fn as_it_lies(text: &str, work: &Work) -> String {
    let view = work.scratch.join("input");
    let Some(view) = view.to_str().filter(|view| text.contains(view)) else { return text.to_owned() };
    text.replace(&format!("{view}/"), "").replace(view, &plain(work.origin()))
}

/// The attempt does not count: the watcher asks for the obstacle before it gives out the next input.
fn held(why: &str) -> Failure {
    Failure { message: why.into(), ..Failure::cancelled() }
}

impl Job for PipelineJob {
    fn identity(&self) -> &str {
        &self.prepared.identity
    }

    fn parts(&self) -> Vec<PathBuf> {
        self.prepared.parts.clone()
    }

    fn obstacle(&self) -> Option<String> {
        let why = self.weights()?;
        if self.seats.iter().any(|seat| seat.lacks.load(Ordering::SeqCst)) {
            return Some(format!("{why}; SIGHUP takes them into use"));
        }
        if let Some((log, _)) = self.around.get()
            && !self.has_warned.swap(true, Ordering::SeqCst)
        {
            log.notice(&Notice::Warning { text: &format!("{why}; those that are loaded stay in use until SIGHUP") });
        }
        None
    }

    fn run(&self, work: &Work) -> Result<Json, Failure> {
        let ran = self.work(work).map_err(|failure| Failure { message: as_it_lies(&failure.message, work), ..failure });
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
