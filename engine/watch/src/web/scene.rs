//! What the page shows of the job: its steps as a graph and a table, and which of them run now.

use std::time::{Duration, SystemTime};

/// Looked at for every page; must be quick, and must not hold up the job.
pub trait Scene: Send + Sync {
    fn look(&self) -> Sight;
}

/// One moment of the job that is in use.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// When it was taken into use.
    pub since: Option<SystemTime>,
    /// What it is for, in a sentence; may be empty.
    pub about: String,
    /// Why a newer one was not.
    pub refused: Option<String>,
    /// Its steps as SVG markup for an HTML page, with text escaped, without styles and scripts. The classes are those of
    /// `style.css`: `graph`, `node`, `heat0` to `heat5`, `changes`, `runs`, `level`, `small`, `title`, `tip`.
    pub graph: String,
    pub steps: Vec<Step>,
    /// What every worker's job is calling.
    pub workers: Vec<Vec<Call>>,
}

/// One node of the graph, with what its calls took since the job is in use.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub name: String,
    pub what: String,
    pub calls: u64,
    pub total_s: f64,
    /// Calls under way.
    pub running: usize,
}

/// One call under way.
#[derive(Clone, Debug)]
pub struct Call {
    /// The thread or stream that it runs on.
    pub lane: String,
    pub step: String,
    /// Which part of the input; empty for the input itself.
    pub item: String,
    pub elapsed: Duration,
}

/// A job that shows nothing of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dark;

impl Scene for Dark {
    fn look(&self) -> Sight {
        Sight::default()
    }
}
