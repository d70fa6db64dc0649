//! Order between lanes of a device, without making the host wait.
//!
//! A value made on one stream and used on another: the user's stream waits for a moment recorded on the maker's. Before the
//! value is dropped, the maker's stream waits for the moments at which its foreign uses are over, so that its memory is
//! not written again too early. Nothing is recorded between calls on one lane. Modules, cursors and accumulators follow
//! the same rule from one access to the next.

use super::{Held, Inputs, State, Stop};
use crate::run::lane::StreamEvent;
use crate::run::plan::UnitKind;
use std::sync::Arc;

/// By module: the lane that wrote it last, and those that have read it since.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModuleStreams {
    last: Vec<(Option<usize>, Vec<usize>)>,
}

impl ModuleStreams {
    /// For modules that no lane has touched, or that all lanes have seen.
    pub fn new(modules: usize) -> Self {
        Self { last: vec![(None, Vec::new()); modules] }
    }
}

impl State {
    fn on_device(&self, lane: usize) -> bool {
        !self.lanes[lane].stream().is_null()
    }

    /// Where values that a lane makes have their home.
    pub fn home(&self, lane: usize) -> Option<usize> {
        self.on_device(lane).then_some(lane)
    }

    fn record(&mut self, lane: usize) -> Option<StreamEvent> {
        match self.lanes[lane].record() {
            Ok(moment) => moment,
            Err(message) => {
                self.halt(Stop::Device(message));
                None
            }
        }
    }

    /// Lets lane `lane` wait for a value of another lane.
    pub(super) fn follow_value(&mut self, item: usize, slot: usize, lane: usize, inputs: &mut Inputs) {
        let Some(held) = &self.items[item].slots[slot] else { return };
        let Some(home) = held.home.filter(|home| *home != lane && !held.value.is_json()) else { return };
        let moment = match &held.moment {
            Some(moment) => Some(Arc::clone(moment)),
            None => self.record(home),
        };
        if let (Some(held), Some(moment)) = (&mut self.items[item].slots[slot], moment) {
            held.moment = Some(Arc::clone(&moment));
            inputs.moments.push(moment);
        }
    }

    /// Lets lane `lane` go on where lane `before` left off.
    pub(super) fn follow(&mut self, before: Option<usize>, lane: usize, inputs: &mut Inputs) {
        if let Some(before) = before.filter(|before| *before != lane && self.on_device(*before)) {
            let moment = self.record(before);
            inputs.moments.extend(moment);
        }
    }

    /// Lets lane `lane` wait for what other lanes do with the modules of a unit.
    pub(super) fn follow_modules(&mut self, unit: usize, lane: usize, inputs: &mut Inputs) {
        let plan = Arc::clone(&self.stage.plan);
        for &(module, writes) in &plan.units[unit].modules {
            let (writer, readers) = self.modules.last[module].clone();
            self.follow(writer, lane, inputs);
            if writes {
                for reader in readers {
                    self.follow(Some(reader), lane, inputs);
                }
                self.modules.last[module] = (Some(lane), Vec::new());
            } else if !readers.contains(&lane) {
                self.modules.last[module].1.push(lane);
            }
        }
    }

    /// Notes that a unit has used its slots on lane `lane`, before it gives them up.
    pub fn note_uses(&mut self, item: usize, unit: usize, lane: usize) {
        if self.on_device(lane) {
            let mut moment = None;
            self.note_use(item, unit, lane, &mut moment);
        }
    }

    /// The same for all lanes that called a cursor or an accumulator.
    pub(super) fn note_opened_uses(&mut self, item: usize, unit: usize) {
        let lanes = match self.stage.plan.units[unit].kind {
            UnitKind::Scatter { nth, .. } => std::mem::take(&mut self.items[item].cursors[nth].lanes),
            UnitKind::Gather { nth, .. } => std::mem::take(&mut self.items[item].gathers[nth].lanes),
            _ => Vec::new(),
        };
        for lane in lanes {
            self.note_uses(item, unit, lane);
        }
    }

    fn note_use(&mut self, item: usize, unit: usize, lane: usize, moment: &mut Option<StreamEvent>) {
        let plan = Arc::clone(&self.stage.plan);
        for take in &plan.units[unit].takes {
            let at = self.ancestor(item, take.up);
            let Some(held) = &self.items[at].slots[take.slot] else { continue };
            if held.home.is_none_or(|home| home == lane) || held.value.is_json() {
                continue;
            }
            if moment.is_none() {
                *moment = self.record(lane);
            }
            if let (Some(held), Some(moment)) = (&mut self.items[at].slots[take.slot], &*moment) {
                held.used.retain(|(other, _)| *other != lane);
                held.used.push((lane, Arc::clone(moment)));
            }
        }
    }

    /// Drops a value as soon as its maker's stream has been told to wait for its foreign uses.
    pub(super) fn throw_away(&mut self, held: Held) {
        if let Some(home) = held.home {
            for (_, moment) in &held.used {
                if let Err(message) = self.lanes[home].wait(moment) {
                    self.halt(Stop::Device(message));
                }
            }
        }
        self.garbage.push(held.value);
    }
}
