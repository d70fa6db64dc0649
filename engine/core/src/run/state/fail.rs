//! Failures: who is to blame, and what dies with an item.

use super::item::Phase;
use super::{Held, Job, JobKind, State, Stop};
use crate::run::fault::{Fault, FaultStatus};
use crate::run::observer::Event;
use crate::run::plan::UnitKind;
use crate::run::report::Failure;
use std::sync::Arc;

impl State {
    /// A lane is done with a chain or batch at one item, or an accumulator has its result.
    pub fn unit_done(&mut self, item: usize, unit: usize, result: Result<Vec<Held>, (usize, Fault)>) {
        let plan = Arc::clone(&self.stage.plan);
        let kind = &plan.units[unit].kind;
        let node = match kind {
            UnitKind::Chain(nodes) => nodes[nodes.len() - 1],
            other => other.node(),
        };
        match result {
            Ok(values) => {
                let dead = self.items[item].dead;
                for (held, slot) in values.into_iter().zip(&plan.nodes[node].outputs) {
                    match slot {
                        Some(slot) if self.items[item].uses[*slot] > 0 && !dead => self.items[item].slots[*slot] = Some(held),
                        _ => self.throw_away(held),
                    }
                }
                self.complete(item, unit, true);
            }
            Err((node, fault)) => {
                let path = self.items[item].path.to_vec();
                self.blame(item, node, &path, fault);
                self.complete(item, unit, false);
                self.kill(item);
            }
        }
    }

    /// Puts a failure on record; `path` is the item that the call was about.
    pub(super) fn blame(&mut self, item: usize, node: usize, path: &[u64], fault: Fault) {
        if fault.status == FaultStatus::Cancelled && (self.stop.is_some() || self.house.cancelled()) {
            return;
        }
        let task = &self.stage.tasks[node];
        let failure = Failure {
            round: self.stage.round,
            stage: self.stage.index,
            graph: self.stage.graph.clone(),
            node: task.name.clone(),
            operator: task.operator.description.name.clone(),
            plugin: task.operator.plugin.to_string(),
            item: path.to_vec(),
            status: fault.status.name().into(),
            kind: fault.kind,
            cause: fault.message,
            elapsed_s: self.stage.began.elapsed().as_secs_f64(),
        };
        let place = format!("node `{}` ({}), item {:?}: {}", failure.node, failure.operator, failure.item, failure.cause);
        self.news.push(Event::Failed(failure.clone()));
        self.items[item].cause.get_or_insert(self.failures.len());
        self.failures.push(failure);
        if fault.status == FaultStatus::Fatal {
            self.halt(Stop::Fatal(fault.kind, place));
        } else if self.stage.strict {
            self.halt(Stop::Strict);
        }
    }

    /// Nothing more of an item begins. The graph's own item lives on: its other items are worth having.
    pub(super) fn kill(&mut self, id: usize) {
        let item = &mut self.items[id];
        if item.parent.is_none() || item.dead {
            return;
        }
        item.dead = true;
        for nth in 0..self.items[id].cursors.len() {
            if self.items[id].cursors[nth].phase == Phase::Idle {
                self.end(id, nth);
            }
        }
        for nth in 0..self.items[id].gathers.len() {
            self.abandon(id, nth);
        }
    }

    /// Lets go of work whose item has failed while it was in the queue.
    pub(super) fn discard(&mut self, job: Job) {
        let plan = Arc::clone(&self.stage.plan);
        match (job.kind, &plan.units[job.unit].kind) {
            (JobKind::Chain, _) => self.complete(job.item, job.unit, false),
            (JobKind::Batch(members), _) => {
                for member in members {
                    self.complete(member, job.unit, false);
                }
            }
            (JobKind::Draw { .. }, UnitKind::Scatter { nth, .. }) => self.end(job.item, *nth),
            (JobKind::Push { child }, UnitKind::Gather { nth, .. }) => {
                self.items[job.item].gathers[*nth].busy = false;
                self.complete(child, job.unit + 1, false);
                self.abandon(job.item, *nth);
            }
            (JobKind::Finish, UnitKind::Gather { nth, .. }) => {
                self.items[job.item].gathers[*nth].busy = false;
                self.abandon(job.item, *nth);
            }
            _ => {}
        }
    }
}
