//! A checked pipeline: every name resolved, every parameter complete, every level known.
//!
//! Made only by the check; the plan is made only from this.

use crate::describe::{Description, Entry};
use petgraph::graph::DiGraph;
use serde_json::{Map, Value as Json};
use std::path::PathBuf;
use std::sync::Arc;
use voxloom_abi::OperatorTable;

/// An operator of a loaded plugin.
#[derive(Clone)]
pub struct Operator {
    pub table: &'static OperatorTable,
    pub description: Arc<Description>,
    /// Name of the plugin that holds it.
    pub plugin: Arc<str>,
}

/// A place in a pipeline file, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// A whole checked file.
pub struct Pipeline {
    pub file: PathBuf,
    pub about: String,
    /// Parameters after defaults and overrides.
    pub params: Map<String, Json>,
    pub modules: Vec<Module>,
    pub graphs: Vec<Graph>,
    /// One `Run` of the only graph where the file has no schedule.
    pub schedule: Vec<Stage>,
    pub rounds: u64,
}

impl Pipeline {
    /// What a node runs: `family.operator`, or `module.entry` of one of these modules.
    pub fn target(&self, node: &Node) -> String {
        match node.module {
            Some(module) => format!("{}.{}", self.modules[module].name, node.entry().name),
            None => node.operator.description.name.clone(),
        }
    }
}

/// A named instance that owns state.
pub struct Module {
    pub name: String,
    pub operator: Operator,
    /// Complete parameters.
    pub params: Json,
    pub weights: Option<PathBuf>,
    pub position: Position,
}

/// One graph. Node indices of `dag` are indices of `nodes`.
pub struct Graph {
    pub name: String,
    pub nodes: Vec<Node>,
    pub dag: DiGraph<(), Edge>,
    /// `levels[0]` is the graph's own level with one implicit item.
    pub levels: Vec<Level>,
}

/// One use of an operator or of an entry of a module.
pub struct Node {
    pub name: String,
    pub operator: Operator,
    /// Index in [`Pipeline::modules`] for a call of a module's entry.
    pub module: Option<usize>,
    /// Index in the description's entries.
    pub entry: usize,
    /// Complete parameters: the operator's for a plain node, the entry's for a call.
    pub params: Json,
    /// By the entry's input ports; `None` for an optional one that is not connected.
    pub inputs: Vec<Option<Source>>,
    /// By the entry's `uses`: indices in [`Pipeline::modules`].
    pub uses: Vec<Vec<usize>>,
    /// Items that one call may take together; 1 without batching.
    pub batch: usize,
    /// Overrides the operator's number of intra-op threads.
    pub threads: Option<u32>,
    /// Level at which the node runs: for `scatter` the level it draws from (its inputs'), for `gather` the level of its result.
    pub level: usize,
    /// For a `scatter` the level it opens, for a `gather` the level it takes items from.
    pub inner: Option<usize>,
    pub position: Position,
}

impl Node {
    /// The entry that this node calls.
    pub fn entry(&self) -> &Entry {
        &self.operator.description.entries[self.entry]
    }
}

/// An output of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    pub node: usize,
    pub output: usize,
}

/// From an output to an input.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    pub output: usize,
    pub input: usize,
}

/// A level of items.
#[derive(Clone, Debug)]
pub struct Level {
    /// `None` for the graph's own level.
    pub parent: Option<usize>,
    /// The `scatter` node that opens it.
    pub opener: Option<usize>,
    pub depth: usize,
}

/// One entry of the schedule.
pub enum Stage {
    /// Runs a graph; at most `items` items of each cursor at level 0.
    Run { graph: usize, items: Option<u64> },
    /// Saves modules at a moment when nothing is in flight.
    Save(Save),
}

/// What a save keeps.
pub struct Save {
    pub folder: PathBuf,
    /// Indices of modules that have state.
    pub modules: Vec<usize>,
    pub best: Option<Best>,
    /// Stop after this many saves without improvement.
    pub patience: Option<u64>,
}

/// The number that decides which save is best.
pub struct Best {
    pub graph: usize,
    pub node: usize,
    /// Keys into the node's first output, a JSON value.
    pub path: Vec<String>,
    pub higher: bool,
}
