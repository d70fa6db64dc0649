//! Spec and operators to a pipeline, or every fault at once. Nothing runs here but the operators' own checks of parameters.

mod access;
mod edges;
mod graphs;
mod levels;
mod modules;
mod nodes;
pub(crate) mod order;
mod schedule;
mod shape;
mod uses;

pub use crate::fault::{Fault, Faults, Place, Severity};

use crate::graph::{Pipeline, Position};
use crate::operators::Operators;
use crate::params::substitute::substitute;
use crate::params::values::{self, Values};
use crate::spec::{self, Content, Tree};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use voxloom_abi::{OperatorTable, Sink, Str, status};

/// What a check is given besides the file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Overrides of parameters, `key=value` each.
    pub set: Vec<String>,
    /// True where parameters may stay without a value, because nothing will run: they are null in the pipeline then.
    pub open: bool,
}

/// A pipeline without errors.
pub struct Checked {
    pub pipeline: Pipeline,
    /// What is odd but no error, by place.
    pub warnings: Vec<Fault>,
}

/// Reads and checks a pipeline file.
///
/// # Errors
/// Every fault of the file and the overrides, by place; without warnings, which are found only where nothing is wrong.
pub fn check_file(file: &Path, operators: &Operators, config: &Config) -> Result<Checked, Faults> {
    match std::fs::read(file) {
        Ok(bytes) => check(file, &bytes, operators, config),
        Err(error) => {
            let mut faults = Faults::new(file);
            faults.file_error(format!("the file cannot be read: {error}"));
            Err(faults)
        }
    }
}

/// Checks the contents of a pipeline file; `file` names it in messages, and its folder is where relative paths begin.
///
/// # Errors
/// As [`check_file`].
pub fn check(file: &Path, bytes: &[u8], operators: &Operators, config: &Config) -> Result<Checked, Faults> {
    let mut faults = Faults::new(file);
    let Some(spec) = spec::read(bytes, &mut faults) else { return Err(faults.sorted()) };
    let folder = file.parent().unwrap_or(Path::new(""));
    let values = values::resolve(&spec.params, &config.set, config.open, folder, &mut faults);
    let mut checker = Checker { operators, values: &values, folder, faults };
    let modules = modules::check(&spec, &mut checker);
    let graphs: Vec<_> = spec.graphs.iter().map(|graph| graphs::check(graph, &spec, &modules, &mut checker)).collect();
    let (schedule, rounds) = schedule::check(&spec, &modules, &graphs, &mut checker);
    let mut faults = checker.faults;
    if faults.n_errors() > 0 {
        return Err(faults.sorted());
    }
    // Rationale: what is unused beside an error is mostly used by what is wrong.
    modules::warn_unused(&modules, &mut faults);
    schedule::warn_never_run(&spec, &mut faults);
    values.warn_unused(&mut faults);
    let pipeline = Pipeline {
        file: file.to_owned(),
        params: values.json(),
        modules: modules.into_iter().filter_map(modules::Draft::finish).collect(),
        graphs: graphs.into_iter().map(graphs::Draft::finish).collect(),
        schedule,
        rounds,
        about: spec.about,
    };
    Ok(Checked { pipeline, warnings: faults.sorted().into_list() })
}

/// What all parts of the check need.
struct Checker<'a> {
    operators: &'a Operators,
    values: &'a Values,
    folder: &'a Path,
    faults: Faults,
}

impl Checker<'_> {
    fn substitute(&mut self, tree: &Tree, about: &str) -> Tree {
        substitute(tree, self.values, about, &mut self.faults)
    }

    /// A whole number of at least 1; `None` where it is absent, open or wrong.
    fn count(&mut self, tree: Option<&Tree>, what: &str, about: &str) -> Option<u64> {
        let tree = self.substitute(tree?, about);
        let message = match &tree.content {
            Content::Number(number) => match number.as_u64() {
                Some(0) | None if !number.is_f64() => format!("{what} must be at least 1, got {tree}"),
                Some(number) => return Some(number),
                None => format!("{what} must be a whole number, got {tree}"),
            },
            Content::Broken | Content::Open(crate::params::Kind::Int) => return None,
            _ => format!("{what} must be a whole number, got {tree}"),
        };
        self.faults.error(tree.at, about, message).hint_if(tree.via.as_deref().map(str::to_owned));
        None
    }

    /// A path, from the working directory.
    fn path(&mut self, tree: &Tree, what: &str, about: &str) -> Option<PathBuf> {
        let tree = self.substitute(tree, about);
        match &tree.content {
            Content::Text(text) if text.is_empty() => {
                self.faults.error(tree.at, about, format!("{what} must name a file or folder, got \"\""));
                None
            }
            Content::Text(text) => Some(if tree.settled { text.into() } else { self.folder.join(text) }),
            Content::Broken => None,
            Content::Open(kind) if kind.fits(&Tree::new(tree.at, Content::Text(String::new()))) => None,
            _ => {
                let message = format!("{what} must be text (a path), got {tree}");
                self.faults.error(tree.at, about, message).hint_if(tree.via.as_deref().map(str::to_owned));
                None
            }
        }
    }

    /// Asks the operator itself about complete parameters.
    fn ask(&mut self, table: &OperatorTable, entry: u32, params: &Json, tree: Option<&Tree>, at: Position, about: &str) {
        for (path, message) in own_faults(table, entry, params) {
            let at = tree.map_or(at, |tree| crate::params::complete::place_of(tree, &path));
            let space = if path.is_empty() { "" } else { " " };
            self.faults.error(at, about, format!("{path}{space}{message}"));
        }
    }
}

/// What an operator finds wrong with complete parameters: `(path, message)` each.
fn own_faults(table: &OperatorTable, entry: u32, params: &Json) -> Vec<(String, String)> {
    let text = params.to_string();
    let mut error = String::new();
    let sink = Sink::to(&mut error);
    // SAFETY: a table is of a loaded plugin, which stays loaded; the text and the sink outlive the call, on this thread.
    let status = unsafe { (table.check)(entry, Str::lend(&text), &sink) };
    if status == status::OK {
        return Vec::new();
    }
    let lines = error.lines().filter(|line| !line.trim().is_empty());
    let faults: Vec<(String, String)> = lines
        .map(|line| match line.split_once('\t') {
            Some((path, message)) => (path.to_owned(), message.to_owned()),
            None => (String::new(), line.to_owned()),
        })
        .collect();
    if faults.is_empty() {
        vec![(String::new(), format!("the operator refuses its parameters (status {status})"))]
    } else {
        faults
    }
}
