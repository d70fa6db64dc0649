//! Where lanes meet: the lock, the state behind it, and where they wait.

use super::host::House;
use super::observer::Event;
use super::state::{Drawn, Held, Job, JobKind, Seat, State, Stop};
use super::stats::{Kept, Span, Times};
use super::value::Value;
use super::work::{Done, Worker};
use crossbeam::channel::Sender;
use crossbeam::sync::Unparker;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// From lanes to the thread that called `run`.
pub(crate) enum Message {
    Event(Event),
    Spans(usize, Vec<Span>),
    /// All lanes have left the stage.
    StageDone,
}

/// What lanes share over the whole run.
pub(crate) struct Board {
    inner: Mutex<Inner>,
    /// By seat.
    wake: [Condvar; Seat::ALL.len()],
    pub house: Arc<House>,
    events: Sender<Message>,
    /// Wakes the thread that called `run`. Events do not: it comes by for them often enough.
    bell: Unparker,
    lanes: usize,
    wants_nodes: bool,
    /// By node of all graphs: for events.
    names: Vec<(String, String)>,
}

#[derive(Default)]
struct Inner {
    state: Option<State>,
    /// Number of the stage that is on.
    stage: u64,
    /// Lanes that have left the stage.
    left: usize,
    /// By seat.
    sleeping: [usize; Seat::ALL.len()],
    closed: bool,
    times: Vec<Times>,
    kept: Vec<Kept>,
}

/// What a stage left.
pub(crate) struct Outcome {
    pub state: State,
    pub kept: Vec<Kept>,
}

impl Board {
    pub fn new(
        house: Arc<House>,
        events: Sender<Message>,
        bell: Unparker,
        lanes: usize,
        names: Vec<(String, String)>,
        wants_nodes: bool,
    ) -> Self {
        let inner = Inner { times: vec![Times::default(); names.len()], ..Inner::default() };
        Self { inner: Mutex::new(inner), wake: Default::default(), house, events, bell, lanes, wants_nodes, names }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_all(&self) {
        self.wake.iter().for_each(Condvar::notify_all);
    }

    /// Begins a stage; its end comes as a message.
    pub fn begin(&self, state: State) {
        let mut inner = self.lock();
        inner.state = Some(state);
        inner.stage += 1;
        inner.left = 0;
        drop(inner);
        self.wake_all();
    }

    /// Takes what a stage left, after its last message.
    pub fn end(&self) -> Option<Outcome> {
        let mut inner = self.lock();
        let state = inner.state.take()?;
        Some(Outcome { state, kept: std::mem::take(&mut inner.kept) })
    }

    /// Ends the stage early.
    pub fn halt(&self, stop: Stop) {
        if let Some(state) = &mut self.lock().state {
            state.halt(stop);
        }
        self.wake_all();
    }

    /// Sends all lanes home; returns the times of all nodes.
    pub fn close(&self) -> Vec<Times> {
        let mut inner = self.lock();
        inner.closed = true;
        let times = std::mem::take(&mut inner.times);
        drop(inner);
        self.wake_all();
        times
    }

    /// A lane's life.
    pub fn lane(&self, worker: &mut Worker, seat: Seat) {
        let mut seen = 0;
        let mut inner = self.lock();
        while !inner.closed {
            if inner.state.is_none() || inner.stage == seen {
                inner = self.sleep(inner, seat);
                continue;
            }
            seen = inner.stage;
            inner = self.stage(worker, seat, inner);
            inner = self.leave(worker, inner);
        }
    }

    /// Works until the stage has ended.
    fn stage<'b>(&'b self, worker: &mut Worker, seat: Seat, mut inner: MutexGuard<'b, Inner>) -> MutexGuard<'b, Inner> {
        loop {
            let Some(state) = inner.state.as_mut() else { return inner };
            if self.house.cancel.load(Ordering::Relaxed) && !state.done {
                state.halt(Stop::Cancelled);
            }
            let job = state.take(seat);
            if state.done || state.stop.is_some() {
                self.wake_all();
                return inner;
            }
            let Some(job) = job else {
                if state.is_dry() {
                    let waits = state.describe_stall();
                    state.halt(Stop::Stalled(waits));
                } else {
                    inner = self.clear(worker, inner);
                    if self.idle(&inner, seat) {
                        self.call_others(&inner);
                        inner = self.sleep(inner, seat);
                    }
                }
                continue;
            };
            state.prepare(&job, worker.index, &mut worker.inputs);
            let stage = Arc::clone(&state.stage);
            inner = self.clear(worker, inner);
            self.call_others(&inner);
            drop(inner);
            let done = worker.work(&stage, &job);
            self.tell(worker, &stage);
            inner = self.lock();
            if let Some(state) = inner.state.as_mut() {
                worker.meter.note_peak();
                apply(state, worker.index, job, done);
            }
        }
    }

    /// Whether a lane still has nothing to do, now that it has let others in for a moment.
    fn idle(&self, inner: &Inner, seat: Seat) -> bool {
        inner.state.as_ref().is_some_and(|state| !state.done && state.stop.is_none() && !state.has_work(seat) && !state.is_dry())
    }

    fn sleep<'b>(&'b self, mut inner: MutexGuard<'b, Inner>, seat: Seat) -> MutexGuard<'b, Inner> {
        let seat = seat.index();
        inner.sleeping[seat] += 1;
        let mut inner = self.wake[seat].wait(inner).unwrap_or_else(PoisonError::into_inner);
        inner.sleeping[seat] -= 1;
        inner
    }

    /// Wakes one lane of each seat for which there is work; that one wakes the next.
    fn call_others(&self, inner: &Inner) {
        let Some(state) = &inner.state else { return };
        for seat in Seat::ALL {
            if inner.sleeping[seat.index()] > 0 && state.has_work(seat) {
                self.wake[seat.index()].notify_one();
            }
        }
    }

    /// Sends what was put aside, and drops it without the lock.
    fn clear<'b>(&'b self, worker: &mut Worker, mut inner: MutexGuard<'b, Inner>) -> MutexGuard<'b, Inner> {
        let Some(state) = inner.state.as_mut() else { return inner };
        for event in state.news.drain(..) {
            // Under the lock, so that events keep their order. The receiver lives as long as the lanes.
            let _ = self.events.send(Message::Event(event));
        }
        if state.garbage.is_empty() {
            return inner;
        }
        let garbage = std::mem::take(&mut state.garbage);
        self.call_others(&inner);
        drop(inner);
        drop(garbage);
        worker.meter.publish(worker.index, worker.base);
        self.lock()
    }

    /// Hands spans on, when there are many, and events of nodes.
    fn tell(&self, worker: &mut Worker, _stage: &super::state::Stage) {
        const MANY: usize = 256;
        let Some(spans) = &mut worker.spans else { return };
        if self.wants_nodes || spans.len() >= MANY {
            self.hand_over(worker.index, std::mem::take(spans));
        }
    }

    fn hand_over(&self, lane: usize, spans: Vec<Span>) {
        if self.wants_nodes {
            for span in &spans {
                let (graph, node) = self.names[span.node].clone();
                let event = Event::Node { graph, node, item: span.item.to_vec(), elapsed: span.end - span.begin };
                let _ = self.events.send(Message::Event(event));
            }
        }
        let _ = self.events.send(Message::Spans(lane, spans));
    }

    /// Tells the thread that called `run` that no lane is in the stage any more.
    pub fn stage_done(&self) {
        let _ = self.events.send(Message::StageDone);
        self.bell.unpark();
    }

    /// A lane leaves a stage that has ended, and hands in what it noted.
    fn leave<'b>(&'b self, worker: &mut Worker, inner: MutexGuard<'b, Inner>) -> MutexGuard<'b, Inner> {
        let mut inner = self.clear(worker, inner);
        worker.meter.publish(worker.index, worker.base);
        if let Some(spans) = worker.spans.as_mut().map(std::mem::take) {
            self.hand_over(worker.index, spans);
        }
        for (sum, times) in inner.times.iter_mut().zip(&mut worker.times) {
            sum.join(&std::mem::take(times));
        }
        inner.kept.append(&mut worker.kept);
        inner.left += 1;
        if inner.left == self.lanes {
            self.stage_done();
        }
        inner
    }
}

/// Puts the outcome of a job into the state.
fn apply(state: &mut State, lane: usize, job: Job, done: Done) {
    let home = state.home(lane);
    let held = |values: Vec<Value>| -> Vec<Held> {
        values.into_iter().map(|value| Held { value, home, moment: None, used: Vec::new() }).collect()
    };
    let (item, unit) = (job.item, job.unit);
    match (done, job.kind) {
        (Done::Chain(result), _) => {
            state.note_uses(item, unit, lane);
            state.unit_done(item, unit, result.map(held));
        }
        (Done::Batch(results), JobKind::Batch(members)) => {
            let node = state.stage.plan.units[unit].kind.node();
            for (member, result) in members.into_iter().zip(results) {
                state.note_uses(member, unit, lane);
                state.unit_done(member, unit, result.map(held).map_err(|fault| (node, fault)));
            }
        }
        (Done::Draw { opened, result }, _) => {
            let drawn = match (result, opened.is_some()) {
                (Ok(Some(values)), true) => Drawn::Item(held(values)),
                (Ok(Some(values)), false) => Drawn::Last(held(values)),
                (Ok(None), _) => Drawn::End,
                (Err(fault), _) => Drawn::Failed(fault),
            };
            state.drawn(item, unit, opened, drawn);
        }
        (Done::Push { opened, result }, JobKind::Push { child }) => {
            state.note_uses(child, unit + 1, lane);
            state.pushed(item, unit, child, opened, result);
        }
        (Done::Finish(result), _) => state.finished(item, unit, result.map(held)),
        (Done::Device(message), _) => state.halt(Stop::Device(message)),
        _ => state.halt(Stop::Bug("a job gave what it was not asked for".into())),
    }
    state.give_back(unit);
    state.settle();
}
