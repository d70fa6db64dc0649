//! JSON with the place of every key and value.
//!
//! `serde_json` reads; positions come from where its raw slices lie in the text.

use super::source::Source;
use crate::fault::Faults;
use crate::graph::Position;
use crate::params::Kind;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value as Json};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

/// Deeper files are refused: nothing a pipeline says needs more, and reading is recursive.
const DEEPEST: usize = 64;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Tree {
    pub at: Position,
    pub content: Content,
    /// Where a value comes from that was put in for `${name}`, as a hint.
    pub via: Option<Rc<str>>,
    /// A path that is not relative to the pipeline file's folder.
    pub settled: bool,
}

/// What a [`Tree`] holds.
#[derive(Clone, Debug)]
pub enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<Pair>),
    /// A parameter without a value yet.
    Open(Kind),
    /// Something whose fault is reported already.
    Broken,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Pair {
    pub key: String,
    pub key_at: Position,
    pub value: Tree,
}

impl Tree {
    pub fn new(at: Position, content: Content) -> Self {
        Self { at, content, via: None, settled: false }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// True where nothing in it is open or broken.
    pub fn is_complete(&self) -> bool {
        match &self.content {
            Content::Open(_) | Content::Broken => false,
            Content::List(items) => items.iter().all(Self::is_complete),
            Content::Map(pairs) => pairs.iter().all(|pair| pair.value.is_complete()),
            _ => true,
        }
    }

    /// The value alone; what is open or broken becomes null.
    pub fn json(&self) -> Json {
        match &self.content {
            Content::Null | Content::Open(_) | Content::Broken => Json::Null,
            Content::Bool(value) => Json::Bool(*value),
            Content::Number(number) => Json::Number(number.clone()),
            Content::Text(text) => Json::String(text.clone()),
            Content::List(items) => items.iter().map(Self::json).collect(),
            Content::Map(pairs) => {
                Json::Object(pairs.iter().map(|pair| (pair.key.clone(), pair.value.json())).collect::<Map<_, _>>())
            }
        }
    }
}

/// As messages show a value: short, on one line.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Null => f.write_str("null"),
            Content::Bool(value) => write!(f, "{value}"),
            Content::Number(number) => write!(f, "{number}"),
            Content::Text(text) => {
                let short: String = text.chars().take(40).collect();
                let dots = if short.len() < text.len() { "…" } else { "" };
                write!(f, "{short:?}{dots}")
            }
            Content::List(items) if items.is_empty() => f.write_str("an empty list"),
            Content::List(_) => f.write_str("a list"),
            Content::Map(_) => f.write_str("an object"),
            Content::Open(kind) => write!(f, "a parameter of type {}", kind.name()),
            Content::Broken => f.write_str("something wrong"),
        }
    }
}

/// Reads a text; `None` where it is not JSON at all.
pub(super) fn read(source: &Source, faults: &mut Faults) -> Option<Tree> {
    match serde_json::from_str::<&RawValue>(source.text) {
        Ok(raw) => Some(grow(raw, source, 0, faults)),
        Err(error) => {
            report(&error, source.offset(error.line(), error.column()), source, faults);
            None
        }
    }
}

fn grow(raw: &RawValue, source: &Source, depth: usize, faults: &mut Faults) -> Tree {
    let text = raw.get();
    let offset = source.offset_of(text);
    let at = source.position(offset);
    if depth > DEEPEST {
        faults.error(at, "", format!("nested deeper than {DEEPEST} levels"));
        return Tree::new(at, Content::Broken);
    }
    let content = match text.as_bytes().first() {
        Some(b'{') => serde_json::from_str::<RawMap>(text).map(|map| Content::Map(pairs(map, source, depth, faults))),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(text)
            .map(|items| Content::List(items.into_iter().map(|item| grow(item, source, depth + 1, faults)).collect())),
        Some(b'"') => serde_json::from_str(text).map(Content::Text),
        Some(b't' | b'f') => serde_json::from_str(text).map(Content::Bool),
        Some(b'n') => Ok(Content::Null),
        _ => serde_json::from_str(text).map(Content::Number),
    };
    Tree::new(
        at,
        content.unwrap_or_else(|error| {
            report(&error, offset, source, faults);
            Content::Broken
        }),
    )
}

/// Grows the pairs of a map; of a key that comes twice the first holds.
fn pairs(map: RawMap, source: &Source, depth: usize, faults: &mut Faults) -> Vec<Pair> {
    let mut seen: HashMap<String, Position> = HashMap::with_capacity(map.0.len());
    let mut pairs = Vec::with_capacity(map.0.len());
    for (raw_key, raw_value) in map.0 {
        let offset = source.offset_of(raw_key.get());
        let key_at = source.position(offset);
        let key: Option<String> =
            serde_json::from_str(raw_key.get()).inspect_err(|error| report(error, offset, source, faults)).ok();
        let value = grow(raw_value, source, depth + 1, faults);
        let Some(key) = key else { continue };
        if let Some(first) = seen.get(&key) {
            faults.error(key_at, "", format!("key {key:?} comes twice; the first is in line {}", first.line));
            continue;
        }
        seen.insert(key.clone(), key_at);
        pairs.push(Pair { key, key_at, value });
    }
    pairs
}

/// A map's keys and values as slices of the text, in their order, repeated keys included.
struct RawMap<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for RawMap<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = RawMap<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(RawMap(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A syntax error in words, at the place where reading stopped.
fn report(error: &serde_json::Error, offset: usize, source: &Source, faults: &mut Faults) {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let message = match message.strip_prefix("EOF while parsing ") {
        Some(_) if source.text.trim().is_empty() => "the file is empty".to_owned(),
        Some(unfinished) => format!("the text ends inside {unfinished}"),
        None => message.to_owned(),
    };
    let rest = &source.text[offset..];
    let hint = match rest.chars().next() {
        Some('}' | ']') if message.starts_with("key must") || message.starts_with("trailing comma") => {
            Some("the comma before it is one too many")
        }
        Some('/' | '#') => Some("JSON has no comments; `about` holds text for people"),
        Some('\'') => Some("JSON puts text in double quotes"),
        Some('\u{feff}') => Some("the file begins with a byte order mark; save it as UTF-8 without one"),
        Some('N' | 'I') if rest.starts_with("NaN") || rest.starts_with("Infinity") => Some("JSON has no NaN and no infinity"),
        _ => None,
    };
    faults.error(source.position(offset), "", format!("not JSON: {message}")).hint_if(hint.map(str::to_owned));
}
