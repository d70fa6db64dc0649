//! An operator's parameters: checked against its description, and complete with the defaults.
//!
//! The description is the subset of JSON Schema of `docs/contract.md` section 5; keywords outside it are not looked at.

use super::values::settle_path;
use crate::fault::{Fault, Faults};
use crate::graph::Position;
use crate::spec::{Content, Pair, Tree};
use crate::suggest;
use serde_json::{Map, Number, Value as Json};
use std::path::Path;

/// Where parameters stand and where faults go.
pub(crate) struct Completion<'a> {
    /// The node or module in words.
    pub about: &'a str,
    /// Folder of the pipeline file.
    pub folder: &'a Path,
    pub faults: &'a mut Faults,
    /// For a parameter that is unknown here: what the hint should say.
    pub elsewhere: &'a dyn Fn(&str) -> Option<String>,
}

impl Completion<'_> {
    /// Checks all parameters of an operator or an entry; `at` is where a missing one is reported.
    pub fn run(mut self, schema: &Json, params: Option<&Tree>, at: Position) -> Json {
        let pairs = match params.map(|tree| &tree.content) {
            Some(Content::Map(pairs)) => pairs.as_slice(),
            Some(Content::Broken) => return Json::Null,
            _ => &[],
        };
        Json::Object(self.object(schema, pairs, at, ""))
    }

    fn fault(&mut self, tree: &Tree, message: String) -> &mut Fault {
        let via = tree.via.as_deref().map(str::to_owned);
        self.faults.error(tree.at, self.about, message).hint_if(via)
    }

    fn object(&mut self, schema: &Json, pairs: &[Pair], at: Position, path: &str) -> Map<String, Json> {
        let no_properties = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&no_properties);
        let mistyped = suggest::meant(pairs.iter().map(|pair| pair.key.as_str()), properties.keys().map(String::as_str));
        let mut complete = Map::new();
        for (name, property) in properties {
            match pairs.iter().find(|pair| pair.key == *name) {
                Some(pair) => {
                    let value = self.value(property, &pair.value, &join(path, name));
                    complete.insert(name.clone(), value);
                }
                None => {
                    if let Some(default) = property.get("default") {
                        complete.insert(name.clone(), default.clone());
                    } else if is_required(schema, name) && !mistyped.contains(&name.as_str()) {
                        self.missing(name, property, at, path);
                    }
                }
            }
        }
        for pair in pairs.iter().filter(|pair| !properties.contains_key(&pair.key)) {
            match &schema["additionalProperties"] {
                inner @ Json::Object(_) => {
                    let value = self.value(inner, &pair.value, &join(path, &pair.key));
                    complete.insert(pair.key.clone(), value);
                }
                Json::Bool(true) => drop(complete.insert(pair.key.clone(), pair.value.json())),
                Json::Null if schema.get("properties").is_none() => drop(complete.insert(pair.key.clone(), pair.value.json())),
                _ => self.unknown(pair, properties, path),
            }
        }
        complete
    }

    fn missing(&mut self, name: &str, property: &Json, at: Position, path: &str) {
        let hint = match property["description"].as_str().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => format!("`{name}` is {}: {text}", expected(property)),
            None => format!("`{name}` is {}", expected(property)),
        };
        self.faults.error(at, self.about, format!("parameter `{}` is missing", join(path, name))).hint(hint);
    }

    fn unknown(&mut self, pair: &Pair, properties: &Map<String, Json>, path: &str) {
        let hint = (self.elsewhere)(&pair.key)
            .filter(|_| path.is_empty())
            .or_else(|| suggest::hint(&pair.key, "parameters", properties.keys().map(String::as_str)));
        self.faults.error(pair.key_at, self.about, format!("unknown parameter `{}`", join(path, &pair.key))).hint_if(hint);
    }

    fn value(&mut self, schema: &Json, tree: &Tree, path: &str) -> Json {
        match &tree.content {
            Content::Broken => return Json::Null,
            Content::Null if schema["nullable"] == true || schema.get("type").is_none() => return Json::Null,
            _ => {}
        }
        if !has_type(schema["type"].as_str(), tree) {
            self.fault(tree, format!("{path} must be {}, got {tree}", expected(schema)));
            return Json::Null;
        }
        if let Some(choices) = schema["enum"].as_array()
            && tree.is_complete()
            && !choices.contains(&tree.json())
        {
            self.not_chosen(choices, tree, path);
            return Json::Null;
        }
        match &tree.content {
            Content::Number(number) => {
                if let Some(bound) = out_of_range(schema, number) {
                    self.fault(tree, format!("{path} must be {bound}, got {tree}"));
                }
                tree.json()
            }
            Content::List(items) => self.list(schema, tree, items, path),
            Content::Map(pairs) if schema["type"] == "object" => Json::Object(self.object(schema, pairs, tree.at, path)),
            Content::Text(_) if schema["format"] == "path" => {
                let mut tree = tree.clone();
                settle_path(&mut tree, self.folder);
                tree.json()
            }
            _ => tree.json(),
        }
    }

    fn list(&mut self, schema: &Json, tree: &Tree, items: &[Tree], path: &str) -> Json {
        let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
        let n = items.len() as u64;
        let entries = |n: u64| if n == 1 { "entry" } else { "entries" };
        let wanted = match (least, most) {
            (Some(least), Some(most)) if least == most && n != least => Some(format!("{least} {}", entries(least))),
            (Some(least), _) if n < least => Some(format!("at least {least} {}", entries(least))),
            (_, Some(most)) if n > most => Some(format!("at most {most} {}", entries(most))),
            _ => None,
        };
        if let Some(wanted) = wanted {
            self.fault(tree, format!("{path} must have {wanted}, got {n}"));
        }
        let inner = &schema["items"];
        let numbered = items.iter().enumerate();
        numbered
            .map(
                |(index, item)| {
                    if inner.is_object() { self.value(inner, item, &format!("{path}[{index}]")) } else { item.json() }
                },
            )
            .collect()
    }

    fn not_chosen(&mut self, choices: &[Json], tree: &Tree, path: &str) {
        let shown = choices.iter().map(|choice| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned));
        let message = format!("{path} must be one of {}, got {tree}", suggest::quoted(shown));
        let texts = choices.iter().filter_map(Json::as_str);
        let right = tree.text().and_then(|text| suggest::nearest(text, texts));
        self.fault(tree, message).hint_if(right.map(|right| format!("did you mean `{right}`?")));
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn is_required(schema: &Json, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name))
}

fn has_type(wanted: Option<&str>, tree: &Tree) -> bool {
    use crate::params::Kind;
    match wanted {
        Some("boolean") => Kind::Bool.fits(tree),
        Some("integer") => Kind::Int.fits(tree),
        Some("number") => Kind::Number.fits(tree),
        Some("string") => Kind::String.fits(tree),
        Some("array") => Kind::List.fits(tree),
        Some("object") => Kind::Object.fits(tree),
        _ => true,
    }
}

/// What a value must be, in words.
fn expected(schema: &Json) -> String {
    let (one, _) = words(schema["type"].as_str());
    if schema["format"] == "path" {
        return format!("{one} (a path)");
    }
    if schema["type"] != "array" {
        return one.to_owned();
    }
    let inner = words(schema["items"]["type"].as_str()).1;
    match (schema["minItems"].as_u64(), schema["maxItems"].as_u64()) {
        (Some(1), Some(1)) => format!("{one} of 1 {}", inner.trim_end_matches('s')),
        (Some(least), Some(most)) if least == most => format!("{one} of {least} {inner}"),
        _ if schema["items"].is_object() => format!("{one} of {inner}"),
        _ => one.to_owned(),
    }
}

fn words(name: Option<&str>) -> (&'static str, &'static str) {
    match name {
        Some("boolean") => ("true or false", "flags"),
        Some("integer") => ("a whole number", "whole numbers"),
        Some("number") => ("a number", "numbers"),
        Some("string") => ("text", "texts"),
        Some("array") => ("a list", "lists"),
        Some("object") => ("an object", "objects"),
        _ => ("any value", "values"),
    }
}

/// The bound that a number breaks, in words.
fn out_of_range(schema: &Json, number: &Number) -> Option<String> {
    let value = number.as_f64()?;
    let bound = |key: &str, broken: fn(f64, f64) -> bool, word: &str| {
        // A bound of 0.0 is shown as 0.
        schema[key].as_f64().filter(|limit| broken(value, *limit)).map(|limit| format!("{word} {limit}"))
    };
    bound("exclusiveMinimum", |value, limit| value <= limit, "above")
        .or_else(|| bound("minimum", |value, limit| value < limit, "at least"))
        .or_else(|| bound("exclusiveMaximum", |value, limit| value >= limit, "below"))
        .or_else(|| bound("maximum", |value, limit| value > limit, "at most"))
}

/// The part of `params` that `path` (`size[2]`, `augment.scale`) names, or the nearest that exists.
pub(crate) fn place_of(params: &Tree, path: &str) -> Position {
    let mut tree = params;
    for step in path.split(['.', '[']) {
        let next = match &tree.content {
            Content::Map(pairs) => pairs.iter().find(|pair| pair.key == step).map(|pair| &pair.value),
            Content::List(items) => step.trim_end_matches(']').parse().ok().and_then(|index: usize| items.get(index)),
            _ => None,
        };
        let Some(next) = next else { break };
        tree = next;
    }
    tree.at
}
