//! The schedule: rounds of stages, and what happens between them, when nothing is in flight.

use super::board::{Board, Message};
use super::fault::Fault;
use super::host::{Callers, House};
use super::instance::Instance;
use super::lane::Lane;
use super::meter::Meter;
use super::observer::{Event, Observer};
use super::options::RunOptions;
use super::position::{BestSoFar, Position};
use super::prepare::Bound;
use super::report::{Counts, Failure, ItemResults, Outcome, Saved};
use super::state::{Limits, ModuleStreams, Stage, State, Stop, Surroundings};
use super::stats::Kept;
use super::trace::Trace;
use super::value::Tally;
use crate::graph::{Pipeline, Save, Stage as Planned};
use crossbeam::channel::Receiver;
use crossbeam::sync::Parker;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use voxloom_abi::Kind;

/// How often the caller's thread looks for events, and whether it was asked to cancel.
const LOOK: Duration = Duration::from_millis(10);

/// The thread that called `run`, with all it needs while lanes work.
pub(crate) struct Conductor<'r> {
    pub pipeline: &'r Pipeline,
    pub options: &'r RunOptions,
    pub board: &'r Board,
    pub house: Arc<House>,
    pub messages: &'r Receiver<Message>,
    /// Rung at the end of a stage.
    pub bell: &'r Parker,
    pub observer: &'r mut dyn Observer,
    pub trace: Option<Trace>,
    pub graphs: &'r [Bound],
    pub modules: &'r [Arc<Instance>],
    pub lanes: Arc<[Arc<dyn Lane>]>,
    pub meter: Arc<Meter>,
    pub base: Tally,
    pub callers: &'r mut Callers,
    pub position: Position,
    pub began: Instant,
    pub tale: Tale,
}

/// What the report will tell.
#[derive(Default)]
pub(crate) struct Tale {
    pub counts: Counts,
    pub failures: Vec<Failure>,
    pub results: Vec<ItemResults>,
    pub saves: Vec<Saved>,
    /// By graph and node: the last first output of a level-0 node.
    numbers: BTreeMap<(usize, usize), Json>,
    pub stop: Option<Stop>,
}

impl Tale {
    /// How the run ended; where it did so early, why, and of what kind that is.
    pub fn outcome(&self) -> (Outcome, Option<(Kind, String)>) {
        let other = |message: String| Some((Kind::Other, message));
        match &self.stop {
            None if self.failures.is_empty() => (Outcome::Completed, None),
            None => (Outcome::Failed, None),
            Some(Stop::Cancelled) => (Outcome::Cancelled, other("cancelled".into())),
            Some(Stop::Strict) => (Outcome::Stopped, other("stopped at the first failure".into())),
            Some(Stop::Fatal(kind, message)) => (Outcome::Fatal, Some((*kind, message.clone()))),
            Some(Stop::Device(message)) => (Outcome::Fatal, Some((Kind::Unavailable, format!("device: {message}")))),
            Some(Stop::Stalled(waits)) => (Outcome::Fatal, other(format!("stuck, and work remains: {waits}"))),
            Some(Stop::Bug(message)) => (Outcome::Fatal, other(format!("the engine broke, please report this: {message}"))),
        }
    }
}

impl Conductor<'_> {
    /// Goes through the schedule from the position on.
    pub fn conduct(&mut self) {
        while self.position.round < self.pipeline.rounds && !self.position.over && self.tale.stop.is_none() {
            if self.house.cancelled() {
                self.tale.stop = Some(Stop::Cancelled);
                return;
            }
            let (round, index) = (self.position.round, self.position.stage);
            match &self.pipeline.schedule[index] {
                Planned::Run { graph, items } => self.stage(*graph, *items, round, index),
                Planned::Save(save) => {
                    // What a save keeps is the position behind it.
                    self.position.advance(self.pipeline.schedule.len());
                    if let Err(fault) = self.save(save, round, index) {
                        self.tale.stop = Some(Stop::Fatal(fault.kind, format!("save: {}", fault.message)));
                    }
                    continue;
                }
            }
            self.position.advance(self.pipeline.schedule.len());
        }
    }

    fn stage(&mut self, graph: usize, items: Option<u64>, round: u64, index: usize) {
        let (name, begun) = (self.pipeline.graphs[graph].name.clone(), Instant::now());
        let rounds = self.pipeline.rounds;
        self.observer.event(&Event::Stage { round, rounds, stage: index, graph: name.clone(), items });
        let bound = &self.graphs[graph];
        let stage = Stage {
            graph: name.clone(),
            round,
            index,
            plan: Arc::clone(&bound.plan),
            tasks: Arc::clone(&bound.tasks),
            first_node: bound.first_node,
            limits: Limits {
                in_flight: self.options.in_flight.unwrap_or(2 * (self.options.cpu_lanes() + self.options.gpu_lanes())).max(2)
                    as u64,
                memory: self.options.memory,
                items,
                base: self.base(graph),
                threads: self.options.thread_budget(),
            },
            strict: self.options.strict,
            began: self.began,
        };
        let around = Surroundings {
            meter: Arc::clone(&self.meter),
            lanes: Arc::clone(&self.lanes),
            modules: ModuleStreams::new(self.modules.len()),
            house: Arc::clone(&self.house),
        };
        self.board.begin(State::new(Arc::new(stage), around));
        self.listen();
        self.close(graph, round, index);
        self.observer.event(&Event::StageDone { round, stage: index, graph: name, elapsed: begun.elapsed() });
    }

    /// Number of the first item, by level: it goes on over rounds where the graph writes a module.
    fn base(&self, graph: usize) -> Vec<u64> {
        let levels = &self.pipeline.graphs[graph].levels;
        let number = |level: usize| self.position.numbers.get(&self.opener(graph, level)?).copied();
        (0..levels.len()).map(|level| number(level).unwrap_or(0)).collect()
    }

    fn opener(&self, graph: usize, level: usize) -> Option<String> {
        let graph = &self.pipeline.graphs[graph];
        let level = &graph.levels[level];
        let opener = level.opener.filter(|_| level.parent == Some(0))?;
        Some(format!("{}/{}", graph.name, graph.nodes[opener].name))
    }

    /// Passes on what lanes tell, until they have left the stage.
    fn listen(&mut self) {
        loop {
            for message in self.messages.try_iter() {
                match message {
                    Message::Event(event) => self.observer.event(&event),
                    Message::Spans(lane, spans) => {
                        if let Some(trace) = &mut self.trace {
                            trace.spans(lane, &spans);
                        }
                    }
                    Message::StageDone => return,
                }
            }
            if self.house.cancel.load(std::sync::atomic::Ordering::Relaxed) {
                self.board.halt(Stop::Cancelled);
            }
            self.bell.park_timeout(LOOK);
        }
    }

    /// Takes over what a stage left, when all devices are done.
    fn close(&mut self, graph: usize, round: u64, index: usize) {
        for lane in self.lanes.iter() {
            if let Err(message) = lane.synchronize() {
                self.tale.stop.get_or_insert(Stop::Device(message));
            }
        }
        let Some(mut outcome) = self.board.end() else { return };
        for event in outcome.state.news.drain(..) {
            self.observer.event(&event);
        }
        self.tale.counts.done += outcome.state.counts.done;
        self.tale.counts.failed += outcome.state.counts.failed;
        self.tale.failures.append(&mut outcome.state.failures);
        self.tale.stop = self.tale.stop.take().or_else(|| outcome.state.stop.take());
        if self.graphs[graph].plan.writes {
            for (level, drawn) in outcome.state.drawn.iter().enumerate() {
                if let Some(name) = self.opener(graph, level) {
                    *self.position.numbers.entry(name).or_default() += drawn;
                }
            }
        }
        drop(outcome.state);
        self.meter.publish(self.lanes.len(), self.base);
        self.results(graph, round, index, outcome.kept);
    }

    /// Sorts results by item and node, whoever came first.
    fn results(&mut self, graph: usize, round: u64, stage: usize, mut kept: Vec<Kept>) {
        kept.sort_by(|a, b| a.item.cmp(&b.item).then(a.node.cmp(&b.node)).then(a.port.cmp(&b.port)));
        let facts = &self.pipeline.graphs[graph];
        for Kept { node, port, item, json } in kept {
            if port == 0 && item.is_empty() {
                self.tale.numbers.insert((graph, node), json.clone());
            }
            let fits = |last: &ItemResults| last.round == round && last.stage == stage && last.item == *item;
            if !self.tale.results.last().is_some_and(fits) {
                let (graph, item) = (facts.name.clone(), item.to_vec());
                self.tale.results.push(ItemResults { round, stage, graph, item, results: Map::new() });
            }
            let ports = self
                .tale
                .results
                .last_mut()
                .map(|last| last.results.entry(facts.nodes[node].name.clone()).or_insert_with(|| Json::Object(Map::new())));
            if let Some(Json::Object(ports)) = ports {
                ports.insert(facts.nodes[node].entry().outputs[port].name.clone(), json);
            }
        }
    }

    fn save(&mut self, save: &Save, round: u64, stage: usize) -> Result<(), Fault> {
        let value = save.best.as_ref().map(|best| self.value(best)).transpose().map_err(Fault::failed)?;
        let mut is_best = false;
        if let (Some(value), Some(best)) = (value, &save.best) {
            let so_far = self.position.best.get(&stage).copied();
            is_best = so_far.is_none_or(|so_far| if best.higher { value > so_far.value } else { value < so_far.value });
            let entry = match so_far {
                Some(so_far) if !is_best => BestSoFar { since: so_far.since + 1, ..so_far },
                _ => BestSoFar { value, since: 0 },
            };
            self.position.best.insert(stage, entry);
            self.position.over = save.patience.is_some_and(|patience| entry.since >= patience);
        }
        let modules: Vec<Arc<Instance>> =
            save.modules.iter().map(|module| Arc::clone(&self.modules[*module])).filter(|module| module.can_save()).collect();
        self.position.modules = modules.iter().map(|module| module.name.clone()).collect();
        super::save::save(&save.folder, is_best, &modules, self.callers, &self.position)?;
        self.observer.event(&Event::Saved { folder: save.folder.clone(), value, best: is_best });
        self.tale.saves.push(Saved { round, stage, folder: save.folder.clone(), value, best: is_best });
        Ok(())
    }

    /// The number that decides which save is best.
    fn value(&self, best: &crate::graph::Best) -> Result<f64, String> {
        let graph = &self.pipeline.graphs[best.graph];
        let name = [graph.name.as_str(), &graph.nodes[best.node].name]
            .into_iter()
            .chain(best.path.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(".");
        let found = self.tale.numbers.get(&(best.graph, best.node));
        let found = found.ok_or_else(|| format!("best `{name}`: the node has given nothing yet"))?;
        let place = best.path.iter().try_fold(found, |json, key| match json {
            Json::Array(list) => list.get(key.parse::<usize>().ok()?),
            other => other.get(key),
        });
        let number = place.and_then(Json::as_f64).filter(|number| number.is_finite());
        number.ok_or_else(|| format!("best `{name}` must be a number, got {}", place.map_or("nothing".into(), Json::to_string)))
    }
}
