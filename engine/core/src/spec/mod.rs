//! A pipeline file as it is written: keys, values and where they stand. No operator is looked up here.
//!
//! What the keys mean is settled by [`crate::check`]. Reading goes on after a fault, so that one pass finds all.

mod fields;
mod graphs;
mod header;
mod schedule;
mod source;
mod tree;

pub use tree::{Content, Pair, Tree};

use crate::fault::Faults;
use crate::graph::Position;
use crate::params::Kind;
use source::Source;

/// A whole file.
#[derive(Debug, Default)]
pub struct Spec {
    pub about: String,
    pub params: Vec<Param>,
    pub modules: Vec<Module>,
    pub graphs: Vec<Graph>,
    /// `None` for a file with one `graph`.
    pub schedule: Option<Vec<Stage>>,
    pub rounds: Option<Tree>,
}

/// Text that stands somewhere.
#[derive(Clone, Debug)]
pub struct Name {
    pub text: String,
    pub at: Position,
}

/// A parameter of the pipeline.
#[derive(Debug)]
pub struct Param {
    pub name: Name,
    /// `None` where the type is wrong or missing.
    pub kind: Option<Kind>,
    pub default: Option<Tree>,
    pub choices: Option<Vec<Tree>>,
    pub about: String,
}

/// An instance with state.
#[derive(Debug)]
pub struct Module {
    pub name: Name,
    pub op: Option<Name>,
    pub params: Option<Tree>,
    pub weights: Option<Tree>,
    pub uses: Vec<Use>,
}

/// Modules given to one name of an entry's `uses`.
#[derive(Debug)]
pub struct Use {
    pub name: Name,
    pub modules: Vec<Name>,
    /// True where the file has a list.
    pub list: bool,
}

/// Nodes under a name; a file's only `graph` is called `graph`.
#[derive(Debug)]
pub struct Graph {
    pub name: Name,
    /// The name where it must be told which graph is meant; empty for the only `graph`.
    pub qualifier: String,
    pub nodes: Vec<Node>,
}

/// One node.
#[derive(Debug)]
pub struct Node {
    pub name: Name,
    /// `None` where `op` and `call` are both missing or wrong.
    pub target: Option<Target>,
    pub inputs: Vec<Input>,
    pub params: Option<Tree>,
    pub uses: Vec<Use>,
    pub batch: Option<Tree>,
    pub threads: Option<Tree>,
}

/// What a node runs.
#[derive(Debug)]
pub enum Target {
    Op(Name),
    Call(Name),
}

/// An input port and where its value comes from.
#[derive(Debug)]
pub struct Input {
    pub port: Name,
    /// `None` where the source is wrong.
    pub source: Option<Name>,
}

/// One entry of the schedule.
#[derive(Debug)]
pub struct Stage {
    pub at: Position,
    pub kind: StageKind,
}

/// What a stage does.
#[derive(Debug)]
pub enum StageKind {
    Run {
        graph: Name,
        items: Option<Tree>,
    },
    Save {
        folder: Tree,
        modules: Option<Vec<Name>>,
        best: Option<Name>,
        higher: Option<Flag>,
        patience: Option<Tree>,
    },
    /// Neither, or wrong; its fault is reported already.
    Broken,
}

/// True or false, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    pub value: bool,
    pub at: Position,
}

/// Reads a file's bytes. `None` where they are no JSON object of the right version; everything else is read as far as it goes.
pub fn read(bytes: &[u8], faults: &mut Faults) -> Option<Spec> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let right = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let at = Source::new(right).position(right.len());
            faults.error(at, "", format!("not UTF-8: byte 0x{:02x} begins no character", bytes[error.valid_up_to()]));
            return None;
        }
    };
    let tree = tree::read(&Source::new(text), faults)?;
    header::read(&tree, faults)
}

/// Reads JSON that stands alone (an override): the value, and what is wrong with it.
pub(crate) fn read_value(text: &str) -> (Option<Tree>, Option<String>) {
    let mut faults = Faults::new(std::path::Path::new(""));
    let tree = tree::read(&Source::new(text), &mut faults);
    (tree, faults.into_list().into_iter().next().map(|fault| fault.message))
}

/// A node in words; `graph` is empty in a file with one graph.
pub(crate) fn about_node(graph: &str, node: &str) -> String {
    if graph.is_empty() { format!("node `{node}`") } else { format!("node `{graph}.{node}`") }
}

/// A stage in words.
pub(crate) fn about_stage(index: usize) -> String {
    format!("schedule[{index}]")
}
