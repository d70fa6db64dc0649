//! Modules, graphs and their nodes, as written.

use super::fields::{Fields, name, own_name, wrong};
use super::{Content, Graph, Input, Module, Name, Node, Pair, Target, Tree, Use};
use crate::fault::Faults;

const NODE_KEYS: [&str; 7] = ["op", "call", "in", "params", "use", "batch", "threads"];

pub(super) fn read(fields: &Fields, faults: &mut Faults) -> Vec<Graph> {
    match (fields.pair("graph"), fields.pair("graphs")) {
        (None, None) => {
            faults.error(fields.at, "", "key `graph` is missing").hint("a file holds one `graph`, or `graphs` and a `schedule`");
            Vec::new()
        }
        (Some(_), Some(graphs)) => {
            faults.error(graphs.key_at, "", "a file holds `graph` or `graphs`, not both");
            Vec::new()
        }
        (Some(pair), None) => vec![graph(pair, "", faults)],
        (None, Some(pair)) => {
            let pairs = fields.object("graphs", faults);
            if pairs.is_empty() && matches!(pair.value.content, Content::Map(_)) {
                faults.error(pair.key_at, "", "`graphs` holds no graph");
            }
            pairs.iter().map(|pair| graph(pair, &pair.key, faults)).collect()
        }
    }
}

/// `qualifier` is the graph's name where the file has several.
fn graph(pair: &Pair, qualifier: &str, faults: &mut Faults) -> Graph {
    let name = own_name(pair, "graph", faults);
    let about = if qualifier.is_empty() { String::new() } else { format!("graph `{qualifier}`") };
    let pairs = match &pair.value.content {
        Content::Map(pairs) => pairs.as_slice(),
        _ => wrong(&pair.value, &about, if qualifier.is_empty() { "graph" } else { "" }, "an object of nodes", faults)
            .unwrap_or_default(),
    };
    if pairs.is_empty() && matches!(pair.value.content, Content::Map(_)) {
        faults.error(pair.key_at, &about, "the graph holds no node");
    }
    Graph { name, qualifier: qualifier.to_owned(), nodes: pairs.iter().map(|pair| node(pair, qualifier, faults)).collect() }
}

pub(super) fn module(pair: &Pair, faults: &mut Faults) -> Module {
    let name = own_name(pair, "module", faults);
    let about = format!("module `{}`", name.text);
    let Some(fields) = Fields::open(&pair.value, &about, &["op", "params", "weights", "use"], faults) else {
        return Module { name, op: None, params: None, weights: None, uses: Vec::new() };
    };
    if fields.pair("op").is_none() {
        faults.error(name.at, &about, "key `op` is missing").hint("`op` names the operator that the module is made from");
    }
    Module {
        op: fields.text("op", faults),
        params: fields.object_tree("params", faults),
        weights: fields.tree("weights").cloned(),
        uses: uses(&fields, faults),
        name,
    }
}

fn node(pair: &Pair, qualifier: &str, faults: &mut Faults) -> Node {
    let name = own_name(pair, "node", faults);
    let about = about(qualifier, &name, &pair.value);
    let Some(fields) = Fields::open(&pair.value, &about, &NODE_KEYS, faults) else {
        return Node { name, target: None, inputs: Vec::new(), params: None, uses: Vec::new(), batch: None, threads: None };
    };
    let target = target(&fields, &name, faults);
    Node {
        target,
        inputs: fields.object("in", faults).iter().map(|pair| input(pair, &about, faults)).collect(),
        params: fields.object_tree("params", faults),
        uses: uses(&fields, faults),
        batch: fields.tree("batch").cloned(),
        threads: fields.tree("threads").cloned(),
        name,
    }
}

/// The node in words, with what it runs.
fn about(qualifier: &str, name: &Name, tree: &Tree) -> String {
    let about = super::about_node(qualifier, &name.text);
    let Content::Map(pairs) = &tree.content else { return about };
    let target = pairs.iter().find(|pair| pair.key == "op" || pair.key == "call");
    match target.and_then(|pair| pair.value.text()) {
        Some(target) => format!("{about} ({target})"),
        None => about,
    }
}

fn target(fields: &Fields, name: &Name, faults: &mut Faults) -> Option<Target> {
    match (fields.pair("op"), fields.pair("call")) {
        (Some(_), Some(call)) => {
            faults.error(call.key_at, fields.about, "a node has `op` or `call`, not both");
            None
        }
        (Some(_), None) => fields.text("op", faults).map(Target::Op),
        (None, Some(_)) => fields.text("call", faults).map(Target::Call),
        (None, None) => {
            faults
                .error(name.at, fields.about, "key `op` or `call` is missing")
                .hint("`op` names an operator, `call` an entry of a module: \"module.entry\"");
            None
        }
    }
}

fn input(pair: &Pair, about: &str, faults: &mut Faults) -> Input {
    let port = Name { text: pair.key.clone(), at: pair.key_at };
    let what = format!("input `{}`", port.text);
    let source = match &pair.value.content {
        Content::Text(text) => Some(Name { text: text.clone(), at: pair.value.at }),
        Content::Broken => None,
        _ => {
            let fault =
                faults.error(pair.value.at, about, format!("{what} must be \"node\" or \"node.port\", got {}", pair.value));
            if matches!(pair.value.content, Content::List(_)) {
                fault.hint("an input takes one value; a gather joins many");
            }
            None
        }
    };
    Input { port, source }
}

fn uses(fields: &Fields, faults: &mut Faults) -> Vec<Use> {
    fields.object("use", faults).iter().filter_map(|pair| one_use(pair, fields.about, faults)).collect()
}

fn one_use(pair: &Pair, about: &str, faults: &mut Faults) -> Option<Use> {
    let key = Name { text: pair.key.clone(), at: pair.key_at };
    let what = format!("use `{}`", pair.key);
    let (modules, list): (Vec<Name>, bool) = match &pair.value.content {
        Content::Text(text) => (vec![Name { text: text.clone(), at: pair.value.at }], false),
        Content::List(items) => (names(items, about, &format!("use {}", pair.key), faults), true),
        _ => return wrong(&pair.value, about, &what, "a module's name or a list of them", faults),
    };
    Some(Use { name: key, modules, list })
}

pub(super) fn names(items: &[Tree], about: &str, what: &str, faults: &mut Faults) -> Vec<Name> {
    let numbered = items.iter().enumerate();
    numbered.filter_map(|(index, item)| name(item, about, &format!("{what}[{index}]"), faults)).collect()
}
