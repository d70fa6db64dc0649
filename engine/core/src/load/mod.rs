//! Plugins: found, scanned in a child process, remembered, and loaded where they are used (`docs/contract.md` section 1).
//!
//! [`Plugins::find`] reads each candidate's constant from the file, asks a child process for its descriptions unless a cache
//! knows them, and gives operators that a check can use. A library is opened in this process only when a check hook is
//! asked something new, or by [`Plugins::load`] before a run. What cannot be used is skipped with a reason, never fatal.

mod cache;
pub mod child;
mod fault;
mod lazy;
mod library;
mod libtorch;
mod manifest;
mod scan;
mod search;
mod verdicts;

pub use fault::{Fault, Skipped};
pub use library::{Library, Offered};
pub use libtorch::Libtorch;
pub use manifest::Manifest;
pub use scan::scan;
pub use search::Config;

use crate::graph::{Operator, Pipeline};
use cache::Cache;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use verdicts::Verdicts;

/// What was found: operators by name, the libraries that hold them, and what was skipped.
pub struct Plugins {
    operators: BTreeMap<String, Operator>,
    libraries: Vec<Arc<Library>>,
    skipped: Vec<Skipped>,
}

impl Plugins {
    /// Looks at every candidate of `config`, in order. The first plugin of a name wins. Starts one child process for each
    /// library that the cache does not know; blocks until all have answered.
    pub fn find(config: &Config) -> Self {
        let mut cache = Cache::read(config.cache.as_deref());
        let verdicts = Arc::new(Verdicts::new(config.cache.as_deref()));
        let (files, skipped) = search::candidates(config);
        let mut plugins = Self { operators: BTreeMap::new(), libraries: Vec::new(), skipped };
        for file in files {
            if let Err(fault) = plugins.take(&file, config, &mut cache, &verdicts) {
                plugins.skipped.push(Skipped { file, fault });
            }
        }
        cache.write();
        plugins
    }

    /// By `family.name`. Their tables answer `check` and no more until [`Plugins::load`] has replaced them.
    pub fn operators(&self) -> &BTreeMap<String, Operator> {
        &self.operators
    }

    /// In the order in which they were found.
    pub fn libraries(&self) -> &[Arc<Library>] {
        &self.libraries
    }

    /// Candidates that cannot be used, each with the reason.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The plugin of that name.
    pub fn library(&self, name: &str) -> Option<&Arc<Library>> {
        self.libraries.iter().find(|library| library.manifest.name == name)
    }

    /// Operator `name`, with its library opened in this process; `None` where no plugin holds it.
    ///
    /// # Errors
    /// Where the library cannot be opened.
    pub fn loaded(&self, name: &str) -> Option<Result<Operator, Skipped>> {
        let operator = self.operators.get(name)?;
        let library = self.library(&operator.plugin)?;
        Some(library.operator(name).map_err(|fault| Skipped { file: library.file.clone(), fault }))
    }

    /// Opens the libraries that `pipeline` uses and puts their tables into its modules and nodes. Comes before a run.
    ///
    /// # Errors
    /// Where a library cannot be opened, or the file is no longer the one that was scanned.
    pub fn load(&self, pipeline: &mut Pipeline) -> Result<(), Skipped> {
        let modules = pipeline.modules.iter_mut().map(|module| &mut module.operator);
        let nodes = pipeline.graphs.iter_mut().flat_map(|graph| &mut graph.nodes).map(|node| &mut node.operator);
        for operator in modules.chain(nodes) {
            if let Some(loaded) = self.loaded(&operator.description.name) {
                operator.table = loaded?.table;
            }
        }
        Ok(())
    }

    /// The libraries that `pipeline` uses, for its report.
    pub fn used(&self, pipeline: &Pipeline) -> Vec<&Library> {
        let modules = pipeline.modules.iter().map(|module| &module.operator);
        let nodes = pipeline.graphs.iter().flat_map(|graph| &graph.nodes).map(|node| &node.operator);
        let names: std::collections::BTreeSet<&str> = modules.chain(nodes).map(|operator| &*operator.plugin).collect();
        self.libraries.iter().map(Arc::as_ref).filter(|library| names.contains(&*library.manifest.name)).collect()
    }

    fn take(&mut self, file: &Path, config: &Config, cache: &mut Cache, verdicts: &Arc<Verdicts>) -> Result<(), Fault> {
        let facts = match cache.find(file) {
            Some(known) => known,
            None => scan::examine(file, config).and_then(|facts| cache.keep(file, facts))?,
        };
        let torch = Libtorch::wanted(&facts.manifest.libtorch, config.libtorch.as_ref())?;
        if let Some(first) = self.library(&facts.manifest.name) {
            return Err(Fault::Taken { name: facts.manifest.name, by: first.file.clone() });
        }
        let library = Arc::new(Library::new(file, facts, torch));
        self.operators.extend(lazy::operators(&library, verdicts)?);
        self.libraries.push(library);
        Ok(())
    }
}
