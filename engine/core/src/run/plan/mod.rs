//! How a graph will be run: a pure function of the graph, the thread budget and whether there is a device.
//!
//! Nodes become *units*, the pieces that a lane takes. A chain of cheap nodes with one way through is one unit and runs
//! inline. Before the cursor of a level opens, everything that the level takes from outside is there; so a unit waits
//! for units of its own level only.

mod chains;
mod gates;
mod gradients;
mod order;
#[cfg(test)]
mod tests;
mod units;
mod wire;

use crate::describe::DeviceKind;
use crate::graph::{Graph, Module};
pub(crate) use gates::Gating;

/// What the plan depends on besides the graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// Whether nodes that take any device have lanes of their own.
    pub device: bool,
    /// Intra-op threads over all lanes.
    pub budget: u32,
}

/// A graph, ready to run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub nodes: Vec<NodePlan>,
    pub units: Vec<Unit>,
    pub levels: Vec<LevelPlan>,
    pub gates: Vec<GatePlan>,
    /// Whether some node writes a module: only then does the numbering of items go on over rounds.
    pub writes: bool,
}

impl Plan {
    /// Whether calls on the CPU add to a graph for gradients.
    pub fn tracks_on_the_cpu(&self) -> bool {
        self.units.iter().any(|unit| unit.tracked && unit.class == Class::Cpu)
    }
}

/// One node.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodePlan {
    pub name: String,
    /// What `run` or `open` takes, by input port. For a `gather` the gathered ports are `Feed::None`.
    pub inputs: Vec<Feed>,
    /// What `push` takes, by input port, seen from the inner level.
    pub pushed: Vec<Feed>,
    /// Where the outputs go, by output port; `None` where nobody outside the chain takes it.
    pub outputs: Vec<Option<usize>>,
    /// JSON outputs that nobody takes: they go to the report.
    pub kept: Vec<usize>,
    pub grad: bool,
    /// Whether its calls may add to a graph for gradients.
    pub tracked: bool,
    pub threads: u32,
    /// Nodes on the longest path from here to an end, this one included.
    pub remaining: u32,
}

/// Where an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    None,
    /// An output of the node before in the same chain.
    Chain(usize),
    /// A slot of the item `up` levels above.
    Slot {
        up: usize,
        slot: usize,
    },
}

/// A piece of work that one lane takes at one item.
#[derive(Debug)]
pub(crate) struct Unit {
    pub kind: UnitKind,
    pub level: usize,
    /// Index among the units of its level.
    pub local: usize,
    pub class: Class,
    /// Only one lane of its class takes it, so that the numbers of libtorch follow the order of the calls.
    pub tracked: bool,
    /// Of the run's budget; 0 on a device.
    pub threads: u32,
    pub remaining: u32,
    /// Units of the same level at the same item that must be done first.
    pub waits: u32,
    pub feeds: Vec<Next>,
    /// Slots it uses, each once.
    pub takes: Vec<Take>,
    /// Indices in [`Plan::gates`].
    pub gates: Vec<usize>,
    /// The instance that takes one call at a time.
    pub lock: Option<usize>,
    /// Modules that some node of the graph writes, and whether this unit does.
    pub modules: Vec<(usize, bool)>,
}

/// What a unit does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnitKind {
    /// Nodes that run one after the other.
    Chain(Vec<usize>),
    /// One node that takes up to `size` siblings at once.
    Batch { node: usize, size: u64 },
    /// Draws the items of `level`; `nth` among the cursors of its item.
    Scatter { node: usize, level: usize, nth: usize },
    /// Takes the items of `level`; `nth` among the accumulators of its item.
    Gather { node: usize, level: usize, nth: usize },
    /// Hands one item to the gather unit `gather`.
    Push { node: usize, gather: usize },
}

impl UnitKind {
    /// The node that names the unit.
    pub fn node(&self) -> usize {
        match self {
            Self::Chain(nodes) => nodes[0],
            Self::Batch { node, .. } | Self::Scatter { node, .. } | Self::Gather { node, .. } | Self::Push { node, .. } => *node,
        }
    }
}

/// A unit that waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub unit: usize,
    /// Whether it takes data, so that it cannot run when the other fails.
    pub data: bool,
}

/// A slot that a unit uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Take {
    pub up: usize,
    pub slot: usize,
}

/// Which lanes a unit may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Cpu,
    Device,
}

impl Class {
    pub fn index(self) -> usize {
        usize::from(self == Self::Device)
    }
}

/// One level.
#[derive(Debug, Default)]
pub(crate) struct LevelPlan {
    pub parent: Option<usize>,
    pub depth: usize,
    /// The scatter unit that opens it, and its place among the cursors of the parent's items.
    pub opener: Option<usize>,
    pub nth: usize,
    pub units: Vec<usize>,
    /// By slot: how many units and inner levels take it.
    pub uses: Vec<u32>,
    /// Slots of the opener's outputs, by output port.
    pub born: Vec<Option<usize>>,
    /// Levels opened from here, and gather units of this level, in the order of `nth`.
    pub children: Vec<usize>,
    pub gathers: Vec<usize>,
    /// Gather units of the parent that take this level's items.
    pub taken_by: Vec<usize>,
    /// Slots of the parent that this level and those below take.
    pub holds: Vec<usize>,
    /// Fewest items in flight with which batches can fill.
    pub window: u64,
    /// Gates whose turns depend on this level's items.
    pub gates: Vec<usize>,
}

/// Something that items take turns at: a module that is written, an operator that wants items in order, gradients.
#[derive(Debug)]
pub(crate) struct GatePlan {
    pub name: String,
    pub level: usize,
    /// Units at one item that must be done before the next item's turn.
    pub units: Vec<usize>,
}

/// Plans a graph.
///
/// # Errors
/// One sentence: why no order of the graph is sure to end.
pub(crate) fn plan(graph: &Graph, modules: &[Module], target: Target) -> Result<Plan, String> {
    let order = order::order(graph)?;
    let gating = gates::gating(graph, modules)?;
    let mut nodes = order::nodes(graph, &order, target);
    gradients::track(graph, &order, &mut nodes);
    let chains = chains::chains(graph, &order, &nodes, &gating, target);
    units::build(graph, modules, target, nodes, chains, &gating)
}

/// The lanes that a node's operator asks for.
fn class(graph: &Graph, node: usize, target: Target) -> Class {
    match graph.nodes[node].operator.description.device {
        DeviceKind::Any if target.device => Class::Device,
        _ => Class::Cpu,
    }
}

/// The level of a node's outputs.
fn value_level(graph: &Graph, node: usize) -> usize {
    let node = &graph.nodes[node];
    match (node.entry().kind, node.inner) {
        (crate::describe::Kind::Scatter, Some(inner)) => inner,
        _ => node.level,
    }
}

/// Levels between `from` and its ancestor `to`; `None` where `to` is no ancestor.
fn hops(graph: &Graph, from: usize, to: usize) -> Option<usize> {
    let (mut at, mut up) = (from, 0);
    while at != to {
        at = graph.levels[at].parent?;
        up += 1;
    }
    Some(up)
}
