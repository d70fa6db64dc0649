//! What a lane does without the lock: the calls of one job.

mod batch;

use super::fault::{Fault, FaultStatus};
use super::gauge::Gauge;
use super::host::{Caller, House};
use super::instance::Opened;
use super::lane::Lane;
use super::meter::Meter;
use super::plan::{Feed, UnitKind};
use super::state::{Inputs, Job, JobKind, Path, Stage};
use super::stats::{Kept, Span, Times, What};
use super::value::{Tally, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One lane's own things.
pub(crate) struct Worker {
    pub index: usize,
    pub lane: Arc<dyn Lane>,
    pub house: Arc<House>,
    pub meter: Arc<Meter>,
    pub base: Tally,
    pub caller: Caller,
    pub inputs: Inputs,
    /// By node of all graphs.
    pub times: Vec<Times>,
    pub kept: Vec<Kept>,
    /// `None` where nobody wants them.
    pub spans: Option<Vec<Span>>,
    pub gauge: Option<Arc<Gauge>>,
    pub delays: Option<u64>,
    /// Outputs of the call before, and of this one.
    before: Vec<Value>,
    after: Vec<Value>,
}

/// What a lane is to note, and how it is to behave.
#[derive(Clone)]
pub(crate) struct Wants {
    /// Nodes of all graphs.
    pub nodes: usize,
    pub spans: bool,
    pub gauge: Option<Arc<Gauge>>,
    pub delays: Option<u64>,
}

/// What a job gave.
pub(crate) enum Done {
    /// The outputs of the last node, or the node that failed.
    Chain(Result<Vec<Value>, (usize, Fault)>),
    /// By member.
    Batch(Vec<Result<Vec<Value>, Fault>>),
    /// `None` at the end of the cursor. It is closed where `opened` is `None`.
    Draw {
        opened: Option<Opened>,
        result: Result<Option<Vec<Value>>, Fault>,
    },
    Push {
        opened: Option<Opened>,
        result: Result<(), Fault>,
    },
    Finish(Result<Vec<Value>, Fault>),
    /// A lane could not wait for another.
    Device(String),
}

impl Worker {
    pub fn new(index: usize, lane: Arc<dyn Lane>, house: Arc<House>, meter: Arc<Meter>, caller: Caller, wants: Wants) -> Self {
        Self {
            index,
            lane,
            house,
            meter,
            base: Tally::here(),
            caller,
            inputs: Inputs::default(),
            times: vec![Times::default(); wants.nodes],
            kept: Vec::new(),
            spans: wants.spans.then(Vec::new),
            gauge: wants.gauge,
            delays: wants.delays,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Does a job whose inputs are prepared.
    pub fn work(&mut self, stage: &Stage, job: &Job) -> Done {
        for moment in std::mem::take(&mut self.inputs.moments) {
            if let Err(message) = self.lane.wait(&moment) {
                return Done::Device(message);
            }
        }
        let own = self.inputs.own.take().unwrap_or_else(|| Arc::clone(&job.path));
        let done = self.calls(stage, job, &own);
        if let Some(gauge) = &self.gauge {
            gauge.rest(self.index);
        }
        match self.lane.intact() {
            Ok(()) => done,
            Err(message) => {
                let node = &stage.plan.nodes[stage.plan.units[job.unit].kind.node()].name;
                Done::Device(format!("after node `{node}`: {message}"))
            }
        }
    }

    fn calls(&mut self, stage: &Stage, job: &Job, own: &Path) -> Done {
        match (&job.kind, &stage.plan.units[job.unit].kind) {
            (JobKind::Chain, UnitKind::Chain(nodes)) => {
                let result = self.chain(stage, job, nodes);
                self.before.clear();
                Done::Chain(result)
            }
            (JobKind::Batch(members), UnitKind::Batch { node, .. }) => Done::Batch(self.batch(stage, job, *node, members.len())),
            (JobKind::Draw { last }, UnitKind::Scatter { node, .. }) => self.draw(stage, job, *node, *last, own),
            (JobKind::Push { .. }, UnitKind::Gather { node, .. }) => self.push(stage, job, *node, own),
            (_, kind) => self.finish(stage, job, kind.node()),
        }
    }

    fn chain(&mut self, stage: &Stage, job: &Job, nodes: &[usize]) -> Result<Vec<Value>, (usize, Fault)> {
        let (mut at, mut begin) = (0, Instant::now());
        for &node in nodes {
            let plan = &stage.plan.nodes[node];
            let inputs = &mut self.inputs.values[at..at + plan.inputs.len()];
            at += plan.inputs.len();
            for (input, feed) in inputs.iter_mut().zip(&plan.inputs) {
                if let Feed::Chain(output) = feed {
                    *input = self.before[*output].raw();
                }
            }
            if self.house.cancelled() {
                return Err((node, Fault::new(FaultStatus::Cancelled, "the run was cancelled")));
            }
            if self.delays.is_some() {
                begin = self.delay(node, &job.path, begin);
            }
            self.begins(stage, node, &job.path, begin);
            let inputs = &self.inputs.values[at - plan.inputs.len()..at];
            let result = stage.tasks[node].run(&mut self.caller, &job.path, inputs, &mut self.after);
            begin = self.note(stage, node, What::Run, &job.path, begin);
            result.map_err(|fault| (node, fault))?;
            if !plan.kept.is_empty() {
                keep(&mut self.kept, &plan.kept, &self.after, node, &job.path);
            }
            std::mem::swap(&mut self.before, &mut self.after);
            self.after.clear();
        }
        Ok(std::mem::take(&mut self.before))
    }

    fn draw(&mut self, stage: &Stage, job: &Job, node: usize, last: bool, own: &Path) -> Done {
        let task = &stage.tasks[node];
        let begin = self.delay(node, &job.path, Instant::now());
        self.begins(stage, node, &job.path, begin);
        let opened = match self.inputs.opened.take() {
            Some(opened) => Ok(opened),
            None => task.open(&mut self.caller, own, &self.inputs.values),
        };
        let mut out = Vec::new();
        let drawn = opened.and_then(|mut opened| Ok((opened.next(&mut self.caller, &job.path, &mut out)?, opened)));
        self.note(stage, node, What::Draw, &job.path, begin);
        match drawn {
            Ok((true, opened)) => {
                keep(&mut self.kept, &stage.plan.nodes[node].kept, &out, node, &job.path);
                Done::Draw { opened: (!last).then_some(opened), result: Ok(Some(out)) }
            }
            Ok((false, _)) => Done::Draw { opened: None, result: Ok(None) },
            Err(fault) => Done::Draw { opened: None, result: Err(fault) },
        }
    }

    fn push(&mut self, stage: &Stage, job: &Job, node: usize, own: &Path) -> Done {
        let task = &stage.tasks[node];
        let begin = self.delay(node, &job.path, Instant::now());
        self.begins(stage, node, &job.path, begin);
        let ports = stage.plan.nodes[node].pushed.len();
        let (for_open, for_push) = self.inputs.values.split_at(self.inputs.values.len() - ports);
        let opened = match self.inputs.opened.take() {
            Some(opened) => Ok(opened),
            None => task.open(&mut self.caller, own, for_open),
        };
        let pushed = opened.and_then(|mut opened| opened.push(&mut self.caller, &job.path, for_push).map(|()| opened));
        self.note(stage, node, What::Push, &job.path, begin);
        match pushed {
            Ok(opened) => Done::Push { opened: Some(opened), result: Ok(()) },
            Err(fault) => Done::Push { opened: None, result: Err(fault) },
        }
    }

    fn finish(&mut self, stage: &Stage, job: &Job, node: usize) -> Done {
        let task = &stage.tasks[node];
        let begin = self.delay(node, &job.path, Instant::now());
        self.begins(stage, node, &job.path, begin);
        let opened = match self.inputs.opened.take() {
            Some(opened) => Ok(opened),
            None => task.open(&mut self.caller, &job.path, &self.inputs.values),
        };
        let mut out = Vec::new();
        let result = opened.and_then(|mut opened| opened.finish(&mut self.caller, &job.path, &mut out));
        self.note(stage, node, What::Finish, &job.path, begin);
        if result.is_ok() {
            keep(&mut self.kept, &stage.plan.nodes[node].kept, &out, node, &job.path);
        }
        Done::Finish(result.map(|()| out))
    }

    /// Tells whoever looks which call begins.
    #[inline]
    fn begins(&self, stage: &Stage, node: usize, item: &[u64], begin: Instant) {
        if let Some(gauge) = &self.gauge {
            gauge.begin(self.index, stage.first_node + node, item, begin);
        }
    }

    /// Notes a call that began at `begin` and ends now; returns now.
    #[inline]
    fn note(&mut self, stage: &Stage, node: usize, what: What, item: &Path, begin: Instant) -> Instant {
        let now = Instant::now();
        let took = nanos(now - begin);
        self.times[stage.first_node + node].add(took, took);
        self.span(stage, node, what, item, begin, now);
        now
    }

    #[inline]
    fn span(&mut self, stage: &Stage, node: usize, what: What, item: &Path, begin: Instant, end: Instant) {
        if let Some(gauge) = &self.gauge {
            gauge.end(self.index, stage.first_node + node, nanos(end - begin));
        }
        if let Some(spans) = &mut self.spans {
            spans.push(Span { node: stage.first_node + node, what, item: Arc::clone(item), begin, end });
        }
        self.meter.publish(self.index, self.base);
    }

    /// For tests: waits a moment that no two lanes agree on.
    fn delay(&self, node: usize, item: &[u64], begin: Instant) -> Instant {
        let Some(seed) = self.delays else { return begin };
        let name = format!("{node} on {}", self.index);
        let micros = super::seed::Seed::new(seed, &name).of(item) % 2000;
        std::thread::sleep(Duration::from_micros(micros));
        Instant::now()
    }
}

fn nanos(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000_000 + u64::from(duration.subsec_nanos())
}

fn keep(kept: &mut Vec<Kept>, ports: &[usize], values: &[Value], node: usize, item: &Path) {
    for &port in ports {
        if let Some(json) = values.get(port).and_then(Value::json) {
            kept.push(Kept { node, port, item: Arc::clone(item), json });
        }
    }
}
