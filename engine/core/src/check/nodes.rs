//! Nodes, each by itself: what it runs, its parameters, uses, batch and threads.

use super::modules::{self, complete, entry, unknown_operator};
use super::{Checker, uses};
use crate::describe::{Entry, Kind};
use crate::graph::{Operator, Source};
use crate::spec::{self, Name, Spec, Target};
use crate::suggest;
use serde_json::Value as Json;

/// A node on its way.
pub(super) struct Draft<'a> {
    pub spec: &'a spec::Node,
    /// The node in words.
    pub about: String,
    pub target: Option<Resolved>,
    pub params: Json,
    pub uses: Vec<Vec<usize>>,
    pub batch: usize,
    pub threads: Option<u32>,
    /// By the entry's input ports.
    pub inputs: Vec<Option<Source>>,
    /// False where an input has a fault, so that nothing is said of its level.
    pub sound: bool,
    pub level: Option<usize>,
    pub inner: Option<usize>,
}

/// What a node runs.
#[derive(Clone)]
pub(super) struct Resolved {
    pub operator: Operator,
    pub module: Option<usize>,
    pub entry: usize,
}

impl Resolved {
    pub fn entry(&self) -> &Entry {
        &self.operator.description.entries[self.entry]
    }
}

impl Draft<'_> {
    pub fn name(&self) -> &Name {
        &self.spec.name
    }

    pub fn entry(&self) -> Option<&Entry> {
        self.target.as_ref().map(Resolved::entry)
    }
}

/// Checks a node without its inputs; `qualifier` is the graph's name where the file has several.
pub(super) fn check<'a>(
    node: &'a spec::Node,
    qualifier: &str,
    spec: &'a Spec,
    modules: &[modules::Draft],
    checker: &mut Checker,
) -> Draft<'a> {
    let mut about = spec::about_node(qualifier, &node.name.text);
    let target = match &node.target {
        Some(Target::Op(op)) => plain(op, &about, checker),
        Some(Target::Call(call)) => called(call, &about, spec, modules, checker),
        None => None,
    };
    let mut draft = Draft {
        spec: node,
        params: Json::Null,
        uses: Vec::new(),
        batch: 1,
        threads: None,
        inputs: Vec::new(),
        sound: target.is_some(),
        level: None,
        inner: None,
        about: about.clone(),
        target,
    };
    let Some(target) = draft.target.clone() else {
        for given in &node.uses {
            for name in given.modules.iter().filter(|name| uses::find(spec, &name.text).is_none()) {
                uses::unknown_module(name, &format!("use `{}`: ", given.name.text), spec, &about, checker);
            }
        }
        return draft;
    };
    about = match &node.target {
        Some(Target::Op(name) | Target::Call(name)) => format!("{about} ({})", name.text),
        None => about,
    };
    draft.about = about.clone();
    draft.params = params(node, &target, modules, &about, checker);
    let called = target.module.map(|index| &modules[index]);
    draft.uses = uses::check_node(node, target.entry(), called, spec, &about, checker);
    target.module.iter().chain(draft.uses.iter().flatten()).for_each(|index| modules[*index].used.set(true));
    batch_and_threads(&mut draft, &target, checker);
    draft
}

fn plain(op: &Name, about: &str, checker: &mut Checker) -> Option<Resolved> {
    let Some(operator) = checker.operators.get(&op.text) else {
        let plain = checker.operators.iter().filter(|operator| !operator.description.module);
        unknown_operator(
            op,
            about,
            plain.map(|operator| operator.description.name.as_str()),
            checker.operators.names(),
            &mut checker.faults,
        );
        return None;
    };
    let description = &operator.description;
    if description.module {
        let calls = description.entries.iter().map(|entry| format!("name.{}", entry.name));
        checker
            .faults
            .error(op.at, about, format!("operator `{}` keeps state: a node calls an entry of a module made from it", op.text))
            .hint(format!(
                "\"modules\": {{\"name\": {{\"op\": \"{}\"}}}}, and at the node \"call\": one of {}",
                op.text,
                suggest::quoted(calls)
            ));
        return None;
    }
    if description.entries.is_empty() {
        checker.faults.error(op.at, about, format!("operator `{}` describes no entry; its plugin is broken", op.text));
        return None;
    }
    Some(Resolved { operator: operator.clone(), module: None, entry: 0 })
}

fn called(call: &Name, about: &str, spec: &Spec, modules: &[modules::Draft], checker: &mut Checker) -> Option<Resolved> {
    let (name, entry_name) = match call.text.split_once('.') {
        Some(parts) => parts,
        None => (call.text.as_str(), ""),
    };
    let Some(module) = uses::find(spec, name) else {
        let message = format!("unknown module `{name}` in call `{}`", call.text);
        let fault = checker.faults.error(call.at, about, message);
        if checker.operators.get(&call.text).is_some() {
            fault.hint(format!("`{}` is an operator: \"op\": \"{}\"", call.text, call.text));
        } else {
            fault.hint_if(suggest::hint(name, "modules", spec.modules.iter().map(|module| module.name.text.as_str())));
        }
        return None;
    };
    let operator = match &modules[module].operator {
        Some(operator) => operator.clone(),
        None => {
            // The module's fault is reported; that it is called is known all the same.
            modules[module].used.set(true);
            return None;
        }
    };
    modules[module].used.set(true);
    let Some(entry) = entry(&operator.description, entry_name) else {
        let names = operator.description.entries.iter().map(|entry| entry.name.as_str());
        let message = if entry_name.is_empty() {
            format!("call must be \"module.entry\", got {:?}", call.text)
        } else {
            format!("module `{name}` ({}) has no entry `{entry_name}`", operator.description.name)
        };
        checker.faults.error(call.at, about, message).hint_if(suggest::hint(entry_name, "entries", names));
        return None;
    };
    Some(Resolved { operator, module: Some(module), entry })
}

fn params(node: &spec::Node, target: &Resolved, modules: &[modules::Draft], about: &str, checker: &mut Checker) -> Json {
    let tree = node.params.as_ref().map(|tree| checker.substitute(tree, about));
    let description = &target.operator.description;
    let Some(module) = target.module else {
        let own = u32::MAX;
        return complete(&target.operator, own, &description.params, tree.as_ref(), &node.name, about, &|_| None, checker);
    };
    let module = &modules[module].spec.name.text;
    let in_module = |name: &str| {
        let known = !description.params["properties"][name].is_null();
        known.then(|| format!("`{name}` is a parameter of the module: set it where `{module}` is declared"))
    };
    let entry = u32::try_from(target.entry).unwrap_or(u32::MAX);
    complete(&target.operator, entry, &target.entry().params, tree.as_ref(), &node.name, about, &in_module, checker)
}

fn batch_and_threads(draft: &mut Draft, target: &Resolved, checker: &mut Checker) {
    let about = draft.about.clone();
    let batch = checker.count(draft.spec.batch.as_ref(), "batch", &about).unwrap_or(1);
    draft.batch = usize::try_from(batch).unwrap_or(usize::MAX);
    if let (Some(tree), kind @ (Kind::Scatter | Kind::Gather), 2..) = (&draft.spec.batch, target.entry().kind, batch) {
        let kind = if kind == Kind::Scatter { "scatter" } else { "gather" };
        checker.faults.error(tree.at, &about, format!("batch must be 1 for a {kind}, got {batch}"));
    }
    let threads = checker.count(draft.spec.threads.as_ref(), "threads", &about);
    draft.threads = threads.map(|threads| u32::try_from(threads).unwrap_or(u32::MAX));
}
