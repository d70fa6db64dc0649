//! The top level of a file: version, parameters, and the keys that hold the rest.

use super::fields::{Fields, own_name};
use super::{Content, Name, Pair, Param, Spec, Tree, graphs, schedule};
use crate::fault::Faults;
use crate::params::Kind;
use crate::suggest;

const KEYS: [&str; 9] = ["$schema", "voxloom", "about", "params", "modules", "graph", "graphs", "schedule", "rounds"];
/// The version of the format that this program reads.
const VERSION: u64 = 1;

pub(super) fn read(tree: &Tree, faults: &mut Faults) -> Option<Spec> {
    let Content::Map(pairs) = &tree.content else {
        if !matches!(tree.content, Content::Broken) {
            faults.error(tree.at, "", format!("a pipeline file holds one JSON object, got {tree}"));
        }
        return None;
    };
    version(pairs, tree, faults)?;
    let fields = Fields::open(tree, "", &KEYS, faults)?;
    fields.text("$schema", faults);
    let about = fields.text("about", faults).map(|about| about.text).unwrap_or_default();
    let params = fields.object("params", faults).iter().map(|pair| param(pair, faults)).collect();
    let modules = fields.object("modules", faults).iter().map(|pair| graphs::module(pair, faults)).collect();
    let graphs = graphs::read(&fields, faults);
    let schedule = schedule::read(&fields, faults);
    Some(Spec { about, params, modules, graphs, schedule, rounds: fields.tree("rounds").cloned() })
}

/// A file of another version is not read further: its other faults would say nothing.
fn version(pairs: &[Pair], file: &Tree, faults: &mut Faults) -> Option<()> {
    let Some(tree) = pairs.iter().find(|pair| pair.key == "voxloom").map(|pair| &pair.value) else {
        faults.error(file.at, "", "key `voxloom` is missing").hint(format!("begin the file with \"voxloom\": {VERSION}"));
        return Some(());
    };
    match &tree.content {
        Content::Number(number) if number.as_u64() == Some(VERSION) => Some(()),
        Content::Broken => Some(()),
        Content::Number(_) => {
            faults
                .error(tree.at, "", format!("voxloom must be {VERSION}, got {tree}"))
                .hint(format!("this program reads version {VERSION} of the pipeline format"));
            None
        }
        _ => {
            faults.error(tree.at, "", format!("voxloom must be {VERSION}, got {tree}"));
            Some(())
        }
    }
}

fn param(pair: &Pair, faults: &mut Faults) -> Param {
    let name = own_name(pair, "parameter", faults);
    let about = format!("parameter `{}`", name.text);
    let empty = |name| Param { name, kind: None, default: None, choices: None, about: String::new() };
    let Some(fields) = Fields::open(&pair.value, &about, &["type", "default", "about", "choices"], faults) else {
        return empty(name);
    };
    let kind = kind(&fields, &name, faults);
    let choices = fields.list("choices", faults).map(<[Tree]>::to_vec);
    let text = fields.text("about", faults).map(|about| about.text).unwrap_or_default();
    Param { kind, default: fields.tree("default").cloned(), choices, about: text, name }
}

fn kind(fields: &Fields, name: &Name, faults: &mut Faults) -> Option<Kind> {
    let names = Kind::ALL.map(Kind::name);
    if fields.tree("type").is_none() {
        let types = suggest::quoted(names);
        faults.error(name.at, fields.about, "key `type` is missing").hint(format!("types are {types}"));
    }
    let typed = fields.text("type", faults)?;
    let kind = Kind::named(&typed.text);
    if kind.is_none() {
        faults.error(typed.at, fields.about, format!("unknown type `{}`", typed.text)).hint_if(suggest::hint(
            &typed.text,
            "types",
            names.into_iter(),
        ));
    }
    kind
}
