//! `--set key=value`: text to typed values.

use super::Kind;
use crate::fault::Faults;
use crate::graph::Position;
use crate::spec::{self, Content, Param, Tree};
use crate::suggest;
use serde_json::Number;
use std::collections::HashMap;

/// By parameter: the override as given, and its value where it is right.
pub(super) type Overrides = HashMap<String, (String, Option<Tree>)>;

/// Reads overrides; of several for one parameter the last holds.
pub(super) fn read(params: &[Param], set: &[String], faults: &mut Faults) -> Overrides {
    let mut overrides = Overrides::new();
    for text in set {
        let Some((name, value)) = text.split_once('=') else {
            faults.override_error(text, "must be key=value");
            continue;
        };
        let Some(param) = params.iter().find(|param| param.name.text == name) else {
            let names = params.iter().map(|param| param.name.text.as_str());
            faults.override_error(text, format!("the file has no parameter `{name}`")).hint_if(suggest::hint(
                name,
                "parameters",
                names,
            ));
            continue;
        };
        let tree = param.kind.and_then(|kind| value_of(kind, name, value, text, faults));
        overrides.insert(name.to_owned(), (text.clone(), tree));
    }
    overrides
}

fn value_of(kind: Kind, name: &str, value: &str, text: &str, faults: &mut Faults) -> Option<Tree> {
    let content = match kind {
        Kind::Path | Kind::String => Some(Content::Text(value.to_owned())),
        Kind::Bool => value.parse().ok().map(Content::Bool),
        Kind::Int => whole(value).map(Content::Number),
        Kind::Number => whole(value).or_else(|| value.parse().ok().and_then(Number::from_f64)).map(Content::Number),
        Kind::List | Kind::Object => return json(kind, name, value, text, faults),
    };
    match content {
        Some(content) => Some(settled(Tree::new(Position::default(), content))),
        None => {
            faults.override_error(text, format!("`{name}` must be {}, got {value:?}", kind.expected()));
            None
        }
    }
}

fn whole(text: &str) -> Option<Number> {
    text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok()
}

/// Lists and objects are given as JSON.
fn json(kind: Kind, name: &str, value: &str, text: &str, faults: &mut Faults) -> Option<Tree> {
    let example = if kind == Kind::List { "[\"a\", \"b\"]" } else { "{\"a\": 1}" };
    let hint = format!("quote it for the shell: --set '{name}={example}'");
    let (tree, wrong) = spec::read_value(value);
    if let Some(message) = wrong {
        faults
            .override_error(text, format!("`{name}` must be {} in JSON, got {value:?} ({message})", kind.expected()))
            .hint(hint);
        return None;
    }
    let tree = tree?;
    if !kind.fits(&tree) {
        faults.override_error(text, format!("`{name}` must be {}, got {tree}", kind.expected())).hint(hint);
        return None;
    }
    Some(settled(tree))
}

/// Paths of the command line are relative to the working directory.
fn settled(mut tree: Tree) -> Tree {
    fn settle(tree: &mut Tree) {
        tree.settled = true;
        match &mut tree.content {
            Content::List(items) => items.iter_mut().for_each(settle),
            Content::Map(pairs) => pairs.iter_mut().for_each(|pair| settle(&mut pair.value)),
            _ => {}
        }
    }
    settle(&mut tree);
    tree
}
