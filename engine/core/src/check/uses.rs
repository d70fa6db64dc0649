//! `use`: the modules that entries take besides their own.

use super::Checker;
use super::modules::Draft;
use crate::describe::{Description, Entry, Use};
use crate::spec::{self, Name, Spec};
use crate::suggest;

/// Checks what a module gives to all calls of its entries.
pub(super) fn check_module(module: &spec::Module, description: &Description, spec: &Spec, about: &str, checker: &mut Checker) {
    let declared: Vec<&Use> = description.entries.iter().flat_map(|entry| &entry.uses).collect();
    for given in &module.uses {
        let Some(wanted) = declared.iter().find(|wanted| wanted.name == given.name.text) else {
            unknown(given, declared.iter().map(|wanted| wanted.name.as_str()), about, checker);
            continue;
        };
        targets(given, wanted, Some(&module.name), spec, about, checker);
    }
}

/// The modules of each name of an entry's `uses`: the node's own, or those of the called module.
pub(super) fn check_node(
    node: &spec::Node,
    entry: &Entry,
    called: Option<&Draft>,
    spec: &Spec,
    about: &str,
    checker: &mut Checker,
) -> Vec<Vec<usize>> {
    for given in node.uses.iter().filter(|given| entry.uses.iter().all(|wanted| wanted.name != given.name.text)) {
        unknown(given, entry.uses.iter().map(|wanted| wanted.name.as_str()), about, checker);
    }
    let called = called.map(|draft| draft.spec);
    entry.uses.iter().map(|wanted| check_use(node, wanted, called, spec, about, checker)).collect()
}

fn check_use(
    node: &spec::Node,
    wanted: &Use,
    called: Option<&spec::Module>,
    spec: &Spec,
    about: &str,
    checker: &mut Checker,
) -> Vec<usize> {
    let named = |given: &&spec::Use| given.name.text == wanted.name;
    if let Some(given) = node.uses.iter().find(named) {
        return targets(given, wanted, called.map(|module| &module.name), spec, about, checker);
    }
    if let Some(given) = called.and_then(|module| module.uses.iter().find(named)) {
        // Its faults are reported at the module.
        return given.modules.iter().filter_map(|name| find(spec, &name.text)).collect();
    }
    if !wanted.optional {
        let meaning = if wanted.about.is_empty() { String::new() } else { format!(": {}", wanted.about) };
        checker
            .faults
            .error(node.name.at, about, format!("use `{}` is missing", wanted.name))
            .hint(format!("name a module: \"use\": {{\"{}\": \"…\"}}{meaning}", wanted.name));
    }
    Vec::new()
}

/// The modules that one use names. `own` is the module that calls.
fn targets(given: &spec::Use, wanted: &Use, own: Option<&Name>, spec: &Spec, about: &str, checker: &mut Checker) -> Vec<usize> {
    let what = &given.name.text;
    if given.list && !wanted.many {
        checker.faults.error(given.name.at, about, format!("use `{what}` takes one module, got a list"));
    }
    if given.list && given.modules.is_empty() && wanted.many && !wanted.optional {
        checker.faults.error(given.name.at, about, format!("use `{what}` takes at least one module, got an empty list"));
    }
    let mut found = Vec::new();
    for name in &given.modules {
        match find(spec, &name.text) {
            None => unknown_module(name, &format!("use `{what}`: "), spec, about, checker),
            Some(_) if own.is_some_and(|own| own.text == name.text) => {
                checker.faults.error(name.at, about, format!("use `{what}` names the module itself"));
            }
            Some(index) if found.contains(&index) => {
                checker.faults.error(name.at, about, format!("use `{what}` names module `{}` twice", name.text));
            }
            Some(index) => found.push(index),
        }
    }
    found
}

fn unknown<'a>(given: &spec::Use, names: impl Iterator<Item = &'a str> + Clone, about: &str, checker: &mut Checker) {
    let name = &given.name;
    checker
        .faults
        .error(name.at, about, format!("unknown use `{}`", name.text))
        .hint_if(suggest::hint(&name.text, "uses", names));
}

/// Reports a module that the file does not declare.
pub(super) fn unknown_module(name: &Name, before: &str, spec: &Spec, about: &str, checker: &mut Checker) {
    let names = spec.modules.iter().map(|module| module.name.text.as_str());
    checker
        .faults
        .error(name.at, about, format!("{before}unknown module `{}`", name.text))
        .hint_if(suggest::hint(&name.text, "modules", names));
}

/// The module of a name.
pub(super) fn find(spec: &Spec, name: &str) -> Option<usize> {
    spec.modules.iter().position(|module| module.name.text == name)
}
