//! Modules: their operators, parameters, weights and what they use.

use super::{Checker, uses};
use crate::describe::Description;
use crate::fault::Faults;
use crate::graph::{Module, Operator};
use crate::params::complete::Completion;
use crate::spec::{self, Name, Spec, Tree};
use crate::suggest;
use serde_json::Value as Json;
use std::cell::Cell;
use std::path::PathBuf;

/// A module on its way.
pub(super) struct Draft<'a> {
    pub spec: &'a spec::Module,
    pub operator: Option<Operator>,
    params: Json,
    weights: Option<PathBuf>,
    /// Whether a node calls it or uses it.
    pub used: Cell<bool>,
}

impl Draft<'_> {
    pub fn finish(self) -> Option<Module> {
        Some(Module {
            name: self.spec.name.text.clone(),
            operator: self.operator?,
            params: self.params,
            weights: self.weights,
            position: self.spec.name.at,
        })
    }

    /// Whether there is something to save.
    pub fn has_state(&self) -> bool {
        self.operator.as_ref().is_some_and(|operator| operator.table.save.is_some())
    }
}

pub(super) fn check<'a>(spec: &'a Spec, checker: &mut Checker) -> Vec<Draft<'a>> {
    spec.modules.iter().map(|module| draft(module, spec, checker)).collect()
}

pub(super) fn warn_unused(modules: &[Draft], faults: &mut Faults) {
    for module in modules.iter().filter(|module| !module.used.get() && module.operator.is_some()) {
        let name = &module.spec.name;
        let fault = faults.warning(name.at, &format!("module `{}`", name.text), "no node calls it or uses it");
        let entries = module.operator.iter().flat_map(|operator| &operator.description.entries);
        let calls = entries.map(|entry| format!("{}.{}", name.text, entry.name));
        fault.hint(format!("its entries are called as {}", suggest::quoted(calls)));
    }
}

fn draft<'a>(module: &'a spec::Module, spec: &'a Spec, checker: &mut Checker) -> Draft<'a> {
    let mut about = format!("module `{}`", module.name.text);
    let operator = module.op.as_ref().and_then(|op| operator(op, &about, checker));
    let mut draft = Draft { spec: module, operator, params: Json::Null, weights: None, used: Cell::new(false) };
    let Some(operator) = &draft.operator else {
        return draft;
    };
    let description = &operator.description;
    about = format!("{about} ({})", description.name);
    let in_entry = |name: &str| {
        let mut entries = description.entries.iter();
        let entry = entries.find(|entry| !entry.params["properties"][name].is_null())?;
        Some(format!("`{name}` is a parameter of entry `{}`: set it at the node", entry.name))
    };
    let own = u32::MAX;
    let params = module.params.as_ref().map(|tree| checker.substitute(tree, &about));
    draft.params = complete(operator, own, &description.params, params.as_ref(), &module.name, &about, &in_entry, checker);
    draft.weights = module.weights.as_ref().and_then(|tree| checker.path(tree, "weights", &about));
    if let (Some(tree), None) = (&module.weights, operator.table.load) {
        checker.faults.error(tree.at, &about, "weights are given, but the operator loads none");
    }
    uses::check_module(module, description, spec, &about, checker);
    draft
}

fn operator(op: &Name, about: &str, checker: &mut Checker) -> Option<Operator> {
    let Some(operator) = checker.operators.get(&op.text) else {
        let modules = checker.operators.iter().filter(|operator| operator.description.module);
        unknown_operator(
            op,
            about,
            modules.map(|operator| operator.description.name.as_str()),
            checker.operators.names(),
            &mut checker.faults,
        );
        return None;
    };
    if !operator.description.module {
        checker
            .faults
            .error(op.at, about, format!("operator `{}` keeps no state and cannot be a module", op.text))
            .hint(format!("a node runs it: \"op\": \"{}\"", op.text));
        return None;
    }
    Some(operator.clone())
}

/// Reports an operator that is not installed; `fitting` are those that would fit here, `all` all.
pub(super) fn unknown_operator<'a>(
    op: &Name,
    about: &str,
    fitting: impl Iterator<Item = &'a str>,
    mut all: impl Iterator<Item = &'a str>,
    faults: &mut Faults,
) {
    let fault = faults.error(op.at, about, format!("unknown operator `{}`", op.text));
    let family = op.text.split_once('.').map(|(family, _)| format!("{family}."));
    let nearest = suggest::nearest(&op.text, fitting);
    if let Some(right) = nearest {
        fault.hint(format!("did you mean `{right}`?"));
    } else if let Some(family) = family.filter(|family| !all.any(|name| name.starts_with(family.as_str()))) {
        fault.hint(format!("no installed plugin holds `{family}*`"));
    } else {
        fault.hint("`voxloom plugins list` shows all that are installed");
    }
}

/// Completes parameters and, where nothing in them is wrong or open, asks the operator itself.
#[allow(clippy::too_many_arguments)]
pub(super) fn complete(
    operator: &Operator,
    entry: u32,
    schema: &Json,
    tree: Option<&Tree>,
    name: &Name,
    about: &str,
    elsewhere: &dyn Fn(&str) -> Option<String>,
    checker: &mut Checker,
) -> Json {
    let before = checker.faults.n_errors();
    let completion = Completion { about, folder: checker.folder, faults: &mut checker.faults, elsewhere };
    let at = tree.map_or(name.at, |tree| tree.at);
    let params = completion.run(schema, tree, at);
    if checker.faults.n_errors() == before && tree.is_none_or(Tree::is_complete) {
        checker.ask(operator.table, entry, &params, tree, at, about);
    }
    params
}

/// The entry of a description, by name.
pub(super) fn entry(description: &Description, name: &str) -> Option<usize> {
    description.entries.iter().position(|entry| entry.name == name)
}
