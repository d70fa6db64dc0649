//! Running: `Pipeline -> Plan -> Report`.
//!
//! - `plan` cuts a graph into units; `state` knows what is ready; `board` is where lanes meet; `work` makes the calls;
//! - `schedule` goes through the stages, `save` and `position` keep them, `report` and `trace` tell of them;
//! - `lane` is what a device must offer, `observer` what the caller hears, `gauge` what others see meanwhile.

mod board;
mod error;
mod fault;
mod gauge;
mod ground;
mod host;
mod instance;
mod lane;
mod meter;
mod observer;
mod options;
mod plan;
mod position;
mod prepare;
mod report;
mod save;
mod schedule;
mod seed;
mod state;
mod stats;
mod stock;
mod trace;
mod value;
mod work;

pub use error::RunError;
pub use gauge::{Call, Gauge};
pub use lane::{Device, Lane, Moment, StreamEvent};
pub use observer::{Event, Observer};
pub use options::{PluginFacts, RunOptions};
pub use report::{Counts, Failure, ItemResults, Memory, NodeTimes, Outcome, Report, Saved, write_atomically};
pub use stock::Stock;
pub use voxloom_abi::Kind;

use crate::graph::Pipeline;
use board::Board;
use crossbeam::sync::Parker;
use ground::Ground;
use host::Caller;
use meter::Meter;
use plan::Target;
use position::Position;
use prepare::Bound;
use schedule::{Conductor, Tale};
use state::{Seat, Stop};
use stats::Times;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use trace::Trace;
use value::Tally;
use work::{Wants, Worker};

/// Runs a pipeline to its end, or to the end that a failure, a device or the caller sets. Blocks; `observer` hears on this thread.
///
/// A node that fails, a fatal node and a cancelled run all give a report: its `outcome` says which.
///
/// # Errors
/// What keeps the run from beginning: a graph without a sure order, a module that cannot be made or restored, a device
/// without lanes, a file that cannot be written.
pub fn run(pipeline: &Pipeline, options: &RunOptions, observer: &mut dyn Observer) -> Result<Report, RunError> {
    run_with(pipeline, options, observer, &mut Stock::default())
}

/// As [`run`]; modules that `stock` has from an earlier run are not made anew, and those of this run are kept in it,
/// unless the run may write them.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    pipeline: &Pipeline,
    options: &RunOptions,
    observer: &mut dyn Observer,
    stock: &mut Stock,
) -> Result<Report, RunError> {
    let (began, started) = (Instant::now(), SystemTime::now());
    let base = Tally::here();
    let target = Target { device: options.device.is_some(), budget: options.thread_budget() };
    let plans = prepare::plans(pipeline, target)?;
    let (mut position, folder) = match &options.resume {
        Some(folder) => Position::read(folder, pipeline).map(|(position, folder)| (position, Some(folder)))?,
        None => (Position { seed: options.seed, ..Position::default() }, None),
    };
    if folder.is_some() && position.file_hash != options.file_hash {
        let text = "the pipeline file is not the one that was saved: the resumed run may differ".into();
        observer.event(&Event::Log { level: 2, node: String::new(), item: Vec::new(), text });
    }
    position.voxloom = env!("CARGO_PKG_VERSION").into();
    position.abi = format!("{}.{}", voxloom_abi::ABI_MAJOR, voxloom_abi::ABI_MINOR);
    position.file_hash.clone_from(&options.file_hash);

    let mut ground = Ground::new(pipeline, options, &plans, position.seed, folder.is_some(), stock)?;
    if let Some(folder) = &folder {
        prepare::restore(&ground.modules, &mut ground.callers, &position, folder, target.budget)?;
    }
    let graphs = prepare::bind(pipeline, plans, &ground.modules, &mut ground.callers, position.seed)?;
    ground.synchronize()?;
    let Ground { lanes, seats, house, sender, messages, mut callers, modules, .. } = ground;
    let meter = Arc::new(Meter::new(lanes.len() + 1));

    let names = gauge::names(pipeline);
    let trace = match &options.trace {
        Some(path) => Some(Trace::create(path, began, &tracks(&lanes, &seats), names.clone()).map_err(error::file(path))?),
        None => None,
    };
    let spans = trace.is_some() || observer.wants_nodes();
    let gauge = options.gauge.clone().filter(|gauge| gauge.fits(&names, options.cpu_lanes() + options.gpu_lanes()));
    let wants = Wants { nodes: names.len(), spans, gauge, delays: options.delays };
    let bell = Parker::new();
    let wants_nodes = observer.wants_nodes();
    let board = Board::new(Arc::clone(&house), sender.clone(), bell.unparker().clone(), lanes.len(), names, wants_nodes);
    let mut conductor = Conductor {
        pipeline,
        options,
        board: &board,
        house: Arc::clone(&house),
        messages: &messages,
        bell: &bell,
        observer,
        trace,
        graphs: &graphs,
        modules: &modules,
        lanes: Arc::clone(&lanes),
        meter: Arc::clone(&meter),
        base,
        callers: &mut callers,
        position,
        began,
        tale: Tale::default(),
    };
    let times = std::thread::scope(|scope| {
        for (index, (lane, seat)) in lanes.iter().zip(seats).enumerate() {
            let wants = wants.clone();
            let (lane, house, meter, board, sender) = (Arc::clone(lane), Arc::clone(&house), Arc::clone(&meter), &board, &sender);
            let spawned = std::thread::Builder::new().name(format!("lane {index}")).spawn_scoped(scope, move || {
                let life = AssertUnwindSafe(|| {
                    if let Err(message) = lane.enter() {
                        board.halt(Stop::Device(message));
                    }
                    let caller = Caller::new(index as u32, &*lane, Arc::clone(&house), sender.clone());
                    let mut worker = Worker::new(index, lane, house, meter, caller, wants);
                    board.lane(&mut worker, seat);
                });
                if std::panic::catch_unwind(life).is_err() {
                    board.halt(Stop::Bug(format!("lane {index} panicked")));
                    board.stage_done();
                }
            });
            if let Err(source) = spawned {
                board.close();
                return Err(RunError::Device { message: format!("no thread for lane {index}: {source}") });
            }
        }
        conductor.conduct();
        Ok(board.close())
    });
    let Conductor { tale, trace, position, .. } = conductor;
    let times = times?;
    if let (Some(trace), Some(path)) = (trace, &options.trace) {
        trace.close().map_err(error::file(path))?;
    }
    let mut report = report(pipeline, options, tale, &graphs, &times, position.seed);
    drop((graphs, modules));
    meter.publish(lanes.len(), base);
    let peak = meter.peak();
    report.memory =
        Memory { peak_values: peak.values.max(0) as u64, peak_bytes: peak.bytes.max(0) as u64, left_values: meter.live().values };
    report.started = started.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    report.elapsed_s = began.elapsed().as_secs_f64();
    Ok(report)
}

fn tracks(lanes: &[Arc<dyn Lane>], seats: &[Seat]) -> Vec<String> {
    let name = |(index, (lane, seat)): (usize, (&Arc<dyn Lane>, &Seat))| match seat.free {
        true => format!("lane {index} ({})", lane.device()),
        false => format!("gradients ({})", lane.device()),
    };
    lanes.iter().zip(seats).enumerate().map(name).collect()
}

fn report(pipeline: &Pipeline, options: &RunOptions, tale: Tale, graphs: &[Bound], times: &[Times], seed: u64) -> Report {
    let (outcome, early) = tale.outcome();
    let (kind, message) = early.map_or((Kind::Other, None), |(kind, message)| (kind, Some(message)));
    let millis = |nanos: u64| nanos as f64 / 1e6;
    let nodes = graphs.iter().zip(&pipeline.graphs).flat_map(|(bound, graph)| {
        bound.tasks.iter().zip(&times[bound.first_node..]).map(|(task, times)| NodeTimes {
            graph: graph.name.clone(),
            node: task.name.clone(),
            operator: task.operator.description.name.clone(),
            plugin: task.operator.plugin.to_string(),
            calls: times.calls,
            total_ms: millis(times.total),
            self_ms: millis(times.own),
            min_ms: if times.calls == 0 { 0.0 } else { millis(times.min) },
            max_ms: millis(times.max),
        })
    });
    Report {
        voxloom: env!("CARGO_PKG_VERSION").into(),
        abi: format!("{}.{}", voxloom_abi::ABI_MAJOR, voxloom_abi::ABI_MINOR),
        file: pipeline.file.clone(),
        file_hash: options.file_hash.clone(),
        plugins: options.plugins.clone(),
        params: pipeline.params.clone(),
        seed,
        lanes: options.cpu_lanes(),
        threads: options.thread_budget(),
        device: options.device.as_ref().map(|device| device.name().to_owned()),
        device_lanes: options.gpu_lanes(),
        outcome,
        message,
        kind,
        started: 0.0,
        elapsed_s: 0.0,
        rounds: pipeline.rounds,
        items: tale.counts,
        nodes: nodes.collect(),
        results: tale.results,
        failures: tale.failures,
        memory: Memory::default(),
        saves: tale.saves,
    }
}
