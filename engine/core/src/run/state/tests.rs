//! What lanes are given, and what is told when nothing is left to give.

use crate::run::host::House;
use crate::run::lane::{CpuLane, Lane};
use crate::run::meter::Meter;
use crate::run::plan::{Class, LevelPlan, NodePlan, Plan, Unit, UnitKind};
use crate::run::state::{Drawn, Limits, ModuleStreams, Seat, Stage, State, Surroundings};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

fn unit(kind: UnitKind, level: usize) -> Unit {
    Unit {
        kind,
        level,
        local: 0,
        class: Class::Cpu,
        tracked: false,
        threads: 1,
        remaining: 1,
        waits: 0,
        feeds: Vec::new(),
        takes: Vec::new(),
        gates: Vec::new(),
        lock: None,
        modules: Vec::new(),
    }
}

fn node(name: &str) -> NodePlan {
    NodePlan { name: name.into(), ..NodePlan::default() }
}

/// A cursor and a batch of four behind it.
fn batched(window: u64) -> Plan {
    Plan {
        nodes: vec![node("case"), node("feature")],
        units: vec![unit(UnitKind::Scatter { node: 0, level: 1, nth: 0 }, 0), unit(UnitKind::Batch { node: 1, size: 4 }, 1)],
        levels: vec![
            LevelPlan { units: vec![0], children: vec![1], ..LevelPlan::default() },
            LevelPlan { parent: Some(0), depth: 1, opener: Some(0), units: vec![1], window, ..LevelPlan::default() },
        ],
        gates: Vec::new(),
        writes: false,
    }
}

fn state(plan: Plan, threads: u32) -> State {
    let limits = Limits { in_flight: 2, memory: None, items: None, base: vec![0, 0], threads };
    let stage = Stage {
        graph: "g".into(),
        round: 0,
        index: 0,
        plan: Arc::new(plan),
        tasks: Arc::new([]),
        first_node: 0,
        limits,
        strict: false,
        began: Instant::now(),
    };
    let lanes: Arc<[Arc<dyn Lane>]> = Arc::new([Arc::new(CpuLane)]);
    let house = Arc::new(House::new(Arc::new(AtomicBool::new(false)), None));
    State::new(Arc::new(stage), Surroundings { meter: Arc::new(Meter::new(1)), lanes, modules: ModuleStreams::new(0), house })
}

/// Draws until nothing is ready.
fn draw_all(state: &mut State) {
    while let Some(job) = state.take(Seat { class: Class::Cpu, free: true, tracked: true }) {
        if job.unit == 0 {
            state.drawn(job.item, 0, None, Drawn::Item(Vec::new()));
        } else {
            return;
        }
        state.give_back(job.unit);
        state.settle();
    }
}

#[test]
fn a_plan_without_room_for_its_batches_is_told_with_its_cycle() {
    let mut state = state(batched(1), 1);
    draw_all(&mut state);
    assert!(state.is_dry() && !state.done);
    assert_eq!(
        state.describe_stall(),
        "`feature` at item [0] -> the draw of item [2] by `case` at item [] -> item [0] -> `feature` at item [0] \
         (each waits for the next)"
    );
}

#[test]
fn the_window_of_a_plan_makes_room() {
    let mut state = state(batched(4), 1);
    draw_all(&mut state);
    assert_eq!(state.running, 1, "the batch of four is under way");
}

#[test]
fn what_waits_for_its_lane_keeps_its_threads_from_younger_work() {
    let tracked = Unit { tracked: true, threads: 2, remaining: 2, ..unit(UnitKind::Chain(vec![0]), 0) };
    let plan = Plan {
        nodes: vec![node("learn"), node("read")],
        units: vec![tracked, Unit { local: 1, ..unit(UnitKind::Chain(vec![1]), 0) }],
        levels: vec![LevelPlan { units: vec![0, 1], ..LevelPlan::default() }],
        gates: Vec::new(),
        writes: false,
    };
    let mut state = state(plan, 2);
    let class = Class::Cpu;
    let (any, own) = (Seat { class, free: true, tracked: false }, Seat { class, free: false, tracked: true });
    assert!(!state.has_work(any) && state.take(any).is_none(), "younger work would take a thread that `learn` needs");
    assert_eq!(state.take(own).map(|job| job.unit), Some(0));
    assert!(state.take(any).is_none(), "no thread is left");
    state.give_back(0);
    assert_eq!(state.take(any).map(|job| job.unit), Some(1));
    assert!(!state.has_work(own));
}
