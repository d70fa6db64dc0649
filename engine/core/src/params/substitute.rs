//! Puts the values of parameters in for `${name}`.

use super::Kind;
use super::values::{Value, Values};
use crate::fault::Faults;
use crate::graph::Position;
use crate::spec::{Content, Pair, Tree};
use crate::suggest;
use std::rc::Rc;

/// A piece of a text.
pub(super) enum Part<'a> {
    Literal(&'a str),
    Reference(&'a str),
    /// `${` that no `}` ends.
    Unclosed,
}

/// A copy of `tree` with every `${name}` replaced; unknown names are reported at `about`.
///
/// A text that is one reference takes the value with its type; inside a longer text the value's own text stands.
/// `$${` is how a text says `${`.
pub(crate) fn substitute(tree: &Tree, values: &Values, about: &str, faults: &mut Faults) -> Tree {
    match &tree.content {
        Content::Text(text) if text.contains("${") => fill(tree, text, values, about, faults),
        Content::List(items) => {
            let items = items.iter().map(|item| substitute(item, values, about, faults)).collect();
            Tree { content: Content::List(items), ..shell(tree) }
        }
        Content::Map(pairs) => {
            let pairs = pairs.iter().map(|pair| Pair {
                key: pair.key.clone(),
                key_at: pair.key_at,
                value: substitute(&pair.value, values, about, faults),
            });
            Tree { content: Content::Map(pairs.collect()), ..shell(tree) }
        }
        _ => tree.clone(),
    }
}

fn shell(tree: &Tree) -> Tree {
    Tree { at: tree.at, content: Content::Broken, via: tree.via.clone(), settled: tree.settled }
}

fn fill(tree: &Tree, text: &str, values: &Values, about: &str, faults: &mut Faults) -> Tree {
    let parts = parts(text);
    let broken = Tree::new(tree.at, Content::Broken);
    if parts.iter().any(|part| matches!(part, Part::Unclosed)) {
        faults.error(tree.at, about, "`${` has no `}`").hint("`$${` stands for the characters themselves");
        return broken;
    }
    let mut found = Vec::new();
    for part in &parts {
        if let Part::Reference(name) = part {
            match values.take(name) {
                Ok(value) => found.push(value),
                Err(Missing::Unknown) => {
                    faults.error(tree.at, about, format!("unknown parameter `{name}` in {tree}")).hint_if(suggest::hint(
                        name,
                        "parameters",
                        values.names(),
                    ));
                    return broken;
                }
                Err(Missing::TooLarge) => {
                    faults.error(tree.at, about, format!("`${{{name}}}` makes the file's values too large"));
                    return broken;
                }
            }
        }
    }
    match (parts.as_slice(), found.as_slice()) {
        ([Part::Reference(_)], [value]) => whole(value, tree.at),
        _ => mixed(tree, &parts, &found, about, faults),
    }
}

/// Why a parameter gives no value.
pub(super) enum Missing {
    Unknown,
    TooLarge,
}

/// The value itself, as if it stood at `at`.
fn whole(value: &Value, at: Position) -> Tree {
    fn moved(tree: &Tree, at: Position, via: &Rc<str>) -> Tree {
        let content = match &tree.content {
            Content::List(items) => Content::List(items.iter().map(|item| moved(item, at, via)).collect()),
            Content::Map(pairs) => Content::Map(
                pairs.iter().map(|pair| Pair { key: pair.key.clone(), key_at: at, value: moved(&pair.value, at, via) }).collect(),
            ),
            content => content.clone(),
        };
        Tree { at, content, via: Some(via.clone()), settled: tree.settled }
    }
    moved(&value.tree, at, &value.via())
}

/// A longer text.
fn mixed(tree: &Tree, parts: &[Part], found: &[&Value], about: &str, faults: &mut Faults) -> Tree {
    let mut text = String::new();
    let mut open = None;
    let mut values = found.iter();
    for part in parts {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Unclosed => {}
            Part::Reference(name) => match values.next().map(|value| &value.tree.content) {
                Some(Content::Text(value)) => text.push_str(value),
                Some(Content::Number(number)) => text.push_str(&number.to_string()),
                Some(Content::Bool(value)) => text.push_str(if *value { "true" } else { "false" }),
                Some(Content::Open(Kind::List) | Content::List(_) | Content::Open(Kind::Object) | Content::Map(_)) => {
                    faults
                        .error(tree.at, about, format!("`${{{name}}}` inside a longer text must be text or a number"))
                        .hint(format!("\"${{{name}}}\" alone takes the value as it is"));
                    return Tree::new(tree.at, Content::Broken);
                }
                Some(Content::Open(_)) => open = Some(Kind::String),
                Some(Content::Broken | Content::Null) | None => return Tree::new(tree.at, Content::Broken),
            },
        }
    }
    let first = matches!(parts.first(), Some(Part::Reference(_))).then(|| found.first()).flatten();
    Tree {
        at: tree.at,
        content: open.map_or(Content::Text(text), Content::Open),
        via: found.first().map(|value| value.via()),
        settled: first.is_some_and(|value| value.tree.settled),
    }
}

/// Cuts a text at its references.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(found) = rest.find("${") {
        if rest[..found].ends_with('$') {
            // "$${": all before it, and "${" for itself.
            parts.push(Part::Literal(&rest[..found - 1]));
            parts.push(Part::Literal("${"));
            rest = &rest[found + 2..];
            continue;
        }
        if found > 0 {
            parts.push(Part::Literal(&rest[..found]));
        }
        let Some(end) = rest[found..].find('}') else {
            parts.push(Part::Unclosed);
            return parts;
        };
        parts.push(Part::Reference(&rest[found + 2..found + end]));
        rest = &rest[found + end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

/// Names that a tree refers to.
pub(super) fn references(tree: &Tree) -> Vec<&str> {
    match &tree.content {
        Content::Text(text) => {
            let names = parts(text).into_iter().filter_map(|part| match part {
                Part::Reference(name) => Some(name),
                _ => None,
            });
            names.collect()
        }
        Content::List(items) => items.iter().flat_map(references).collect(),
        Content::Map(pairs) => pairs.iter().flat_map(|pair| references(&pair.value)).collect(),
        _ => Vec::new(),
    }
}
