//! Handing work to a lane: what may begin, and the inputs it needs.

use super::ready::Queue;
use super::{Job, JobKind, Seat, State, Stop};
use crate::run::instance::Opened;
use crate::run::lane::StreamEvent;
use crate::run::plan::{Feed, UnitKind};
use std::sync::Arc;
use voxloom_abi::Value as Raw;

/// What a lane needs to do a job without the lock. Reused, so that its vectors keep their room.
#[derive(Default)]
pub(crate) struct Inputs {
    /// Borrowed: the job's unit is a user of each slot until it is done.
    pub values: Vec<Raw>,
    /// To be waited for before the first call.
    pub moments: Vec<StreamEvent>,
    /// The cursor or accumulator; `None` where it must be opened first.
    pub opened: Option<Opened>,
    /// For a batch: the path of each member.
    pub siblings: Vec<super::Path>,
    /// Path of the item at which the unit runs.
    pub own: Option<super::Path>,
}

impl State {
    /// The first job that may begin on a lane of this seat.
    pub fn take(&mut self, seat: Seat) -> Option<Job> {
        let plan = Arc::clone(&self.stage.plan);
        loop {
            let queue = self.next_queue(seat)?;
            let mut job = self.ready.pop(queue)?;
            let unit = &plan.units[job.unit];
            let locked = unit.lock.filter(|lock| self.busy.contains(lock));
            if self.dead(job.item) || self.thin_out(&mut job) {
                self.discard(job);
                self.settle();
            } else if let Some(lock) = locked {
                self.blocked.push((lock, job));
            } else {
                self.free_threads -= unit.threads;
                self.busy.extend(unit.lock);
                self.running += 1;
                return Some(job);
            }
        }
    }

    /// Takes failed siblings out of a batch; whether none is left.
    fn thin_out(&mut self, job: &mut Job) -> bool {
        let JobKind::Batch(members) = &mut job.kind else { return false };
        let (live, dead): (Vec<usize>, Vec<usize>) = members.iter().partition(|member| !self.items[**member].dead);
        *members = live;
        let empty = members.is_empty();
        for member in dead {
            self.complete(member, job.unit, false);
        }
        self.settle();
        empty
    }

    /// Gives back what a job held.
    pub fn give_back(&mut self, unit: usize) {
        let plan = Arc::clone(&self.stage.plan);
        let unit = &plan.units[unit];
        self.free_threads += unit.threads;
        self.running -= 1;
        if let Some(lock) = unit.lock {
            self.busy.retain(|busy| *busy != lock);
            let (free, blocked) = std::mem::take(&mut self.blocked).into_iter().partition(|(other, _)| *other == lock);
            self.blocked = blocked;
            for (_, job) in Vec::from_iter::<Vec<(usize, Job)>>(free) {
                self.ready.push(&plan.units[job.unit], job);
            }
        }
    }

    /// Whether a lane of this seat would find work now.
    pub fn has_work(&self, seat: Seat) -> bool {
        self.next_queue(seat).is_some()
    }

    /// The queue from which a lane of this seat takes next.
    ///
    /// A job that waits for threads holds back younger ones, and one that waits for its lane keeps its threads from them: else a
    /// call that wants all threads might wait for long.
    fn next_queue(&self, seat: Seat) -> Option<Queue> {
        if self.stop.is_some() {
            return None;
        }
        let (free, tracked) = (Queue { class: seat.class, tracked: false }, Queue { class: seat.class, tracked: true });
        let (younger, older) = if self.ready.peek(tracked) > self.ready.peek(free) { (free, tracked) } else { (tracked, free) };
        let mut kept = 0;
        for queue in [older, younger] {
            let Some(head) = self.ready.peek(queue) else { continue };
            if self.waits_for_threads(head, kept) {
                return None;
            }
            if seat.takes(queue) {
                return Some(queue);
            }
            kept = self.stage.plan.units[head.unit].threads;
        }
        None
    }

    /// Whether there are too few threads, when some of the free ones are kept for another.
    fn waits_for_threads(&self, job: &Job, kept: u32) -> bool {
        let unit = &self.stage.plan.units[job.unit];
        unit.threads + kept > self.free_threads
            && !unit.lock.is_some_and(|lock| self.busy.contains(&lock))
            && !self.dead(job.item)
    }

    /// Whether nothing is ready on any lane.
    pub fn is_dry(&self) -> bool {
        self.running == 0 && self.ready.is_empty() && self.blocked.is_empty()
    }

    /// Collects what a job needs on lane number `lane`.
    pub fn prepare(&mut self, job: &Job, lane: usize, inputs: &mut Inputs) {
        inputs.values.clear();
        inputs.moments.clear();
        inputs.siblings.clear();
        inputs.opened = None;
        let plan = Arc::clone(&self.stage.plan);
        let own = &self.items[job.item].path;
        inputs.own = Some(Arc::clone(own));
        match (&job.kind, &plan.units[job.unit].kind) {
            (JobKind::Chain, UnitKind::Chain(nodes)) => {
                for &node in nodes {
                    self.collect(job.item, &plan.nodes[node].inputs, lane, inputs);
                }
            }
            (JobKind::Batch(members), UnitKind::Batch { node, .. }) => {
                inputs.siblings.extend(members.iter().map(|member| Arc::clone(&self.items[*member].path)));
                for feed in &plan.nodes[*node].inputs {
                    // Inputs of this level once an item, those from above once.
                    let shared = !matches!(feed, Feed::Slot { up: 0, .. });
                    for &member in &members[..if shared { 1 } else { members.len() }] {
                        self.collect(member, std::slice::from_ref(feed), lane, inputs);
                    }
                }
            }
            (JobKind::Draw { .. }, UnitKind::Scatter { node, nth, .. }) => {
                let cursor = &mut self.items[job.item].cursors[*nth];
                inputs.opened = cursor.opened.take();
                let before = note_lane(&mut cursor.lanes, lane);
                self.follow(before, lane, inputs);
                if inputs.opened.is_none() {
                    self.collect(job.item, &plan.nodes[*node].inputs, lane, inputs);
                }
            }
            (kind, UnitKind::Gather { node, nth, .. }) => {
                let accumulator = &mut self.items[job.item].gathers[*nth];
                inputs.opened = accumulator.opened.take();
                let before = note_lane(&mut accumulator.lanes, lane);
                self.follow(before, lane, inputs);
                if inputs.opened.is_none() {
                    self.collect(job.item, &plan.nodes[*node].inputs, lane, inputs);
                }
                if let JobKind::Push { child } = kind {
                    self.collect(*child, &plan.nodes[*node].pushed, lane, inputs);
                }
            }
            _ => self.halt(Stop::Bug("a job does not fit its unit".into())),
        }
        self.follow_modules(job.unit, lane, inputs);
    }

    fn collect(&mut self, item: usize, feeds: &[Feed], lane: usize, inputs: &mut Inputs) {
        for feed in feeds {
            let Feed::Slot { up, slot } = *feed else {
                inputs.values.push(Raw::NONE);
                continue;
            };
            let at = self.ancestor(item, up);
            let raw = self.items[at].slots[slot].as_ref().map_or(Raw::NONE, |held| held.value.raw());
            inputs.values.push(raw);
            self.follow_value(at, slot, lane, inputs);
        }
    }
}

/// Adds a lane to the lanes that called something, the last one last; the one before it, if another.
fn note_lane(lanes: &mut Vec<usize>, lane: usize) -> Option<usize> {
    let before = lanes.last().copied().filter(|before| *before != lane);
    lanes.retain(|other| *other != lane);
    lanes.push(lane);
    before
}
