//! What a run stands on before its first item: lanes, and modules with their weights.

use super::board::Message;
use super::error::RunError;
use super::host::{Caller, Callers, House};
use super::instance::Instance;
use super::lane::{CpuLane, Lane};
use super::options::RunOptions;
use super::plan::{Class, Plan};
use super::prepare;
use super::state::Seat;
use super::stock::Stock;
use crate::graph::Pipeline;
use crossbeam::channel::{Receiver, Sender};
use std::sync::Arc;

/// By index.
pub(crate) type Lanes = Arc<[Arc<dyn Lane>]>;

pub(crate) struct Ground {
    pub lanes: Lanes,
    pub seats: Vec<Seat>,
    /// The lane that modules are made on, which nobody uses yet.
    pub home: usize,
    pub house: Arc<House>,
    pub sender: Sender<Message>,
    pub messages: Receiver<Message>,
    pub callers: Callers,
    pub modules: Vec<Arc<Instance>>,
}

impl Ground {
    /// Takes modules from `stock`, makes those that it lacks, and leaves in it what a later run may use: nothing where this
    /// one writes them or, with `is_restored`, is about to.
    ///
    /// # Errors
    /// No lanes, or a module that cannot be made or loaded.
    pub fn new(
        pipeline: &Pipeline,
        options: &RunOptions,
        plans: &[Plan],
        seed: u64,
        is_restored: bool,
        stock: &mut Stock,
    ) -> Result<Self, RunError> {
        let (lanes, seats) = lanes(options, plans.iter().any(Plan::tracks_on_the_cpu))?;
        let house = Arc::new(House::new(Arc::clone(&options.cancel), options.scratch.clone()));
        let (sender, messages) = crossbeam::channel::unbounded();
        // Modules are made on the device, where there is one: on its first lane.
        let home = if options.device.is_some() { options.cpu_lanes() } else { 0 };
        lanes[home].enter().map_err(|message| RunError::Device { message })?;
        let caller = |lane: &dyn Lane| Caller::new(lanes.len() as u32, lane, Arc::clone(&house), sender.clone());
        let mut callers = Callers { cpu: caller(&CpuLane), device: options.device.is_some().then(|| caller(&*lanes[home])) };
        let made = prepare::modules(pipeline, &mut callers, seed, options, stock)?;
        let modules = made.iter().map(|(_, instance)| Arc::clone(instance)).collect();
        let is_written = is_restored || plans.iter().any(|plan| plan.writes);
        stock.keep(if is_written { Vec::new() } else { made });
        Ok(Self { lanes, seats, home, house, sender, messages, callers, modules })
    }

    /// Waits until everything that was begun on the lane of modules is there.
    ///
    /// # Errors
    /// Of the device.
    pub fn synchronize(&self) -> Result<(), RunError> {
        self.lanes[self.home].synchronize().map_err(|message| RunError::Device { message })
    }
}

/// CPU lanes first, then those of the device; where there are several and calls with gradients, one more for these alone: they
/// never wait for what a lane does meanwhile, and the budget of threads holds for it as for the others.
fn lanes(options: &RunOptions, tracks: bool) -> Result<(Lanes, Vec<Seat>), RunError> {
    let (class, cpu) = (Class::Cpu, || Arc::new(CpuLane) as Arc<dyn Lane>);
    let alone = options.cpu_lanes() == 1;
    let mut lanes: Vec<(Arc<dyn Lane>, Seat)> =
        (0..options.cpu_lanes()).map(|_| (cpu(), Seat { class, free: true, tracked: alone })).collect();
    if let Some(device) = &options.device {
        for index in 0..options.gpu_lanes() {
            let lane = device.lane(index).map_err(|message| RunError::Device { message })?;
            lanes.push((lane, Seat { class: Class::Device, free: true, tracked: index == 0 }));
        }
    }
    if tracks && !alone {
        lanes.push((cpu(), Seat { class, free: false, tracked: true }));
    }
    let (lanes, seats): (Vec<_>, Vec<_>) = lanes.into_iter().unzip();
    Ok((lanes.into(), seats))
}
