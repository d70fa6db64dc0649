//! Reading one JSON object: known keys by their types, and faults for the rest.

use super::{Content, Flag, Name, Pair, Tree};
use crate::fault::Faults;
use crate::graph::Position;
use crate::suggest;

/// An object whose keys are all known.
pub(super) struct Fields<'a> {
    pairs: &'a [Pair],
    pub at: Position,
    /// The object in words, for messages.
    pub about: &'a str,
}

impl<'a> Fields<'a> {
    /// Opens an object; reports keys other than `known`. `None` where it is no object.
    pub fn open(tree: &'a Tree, about: &'a str, known: &[&str], faults: &mut Faults) -> Option<Self> {
        let pairs = object(tree, about, "", faults)?;
        for pair in pairs.iter().filter(|pair| !known.contains(&pair.key.as_str())) {
            faults.error(pair.key_at, about, format!("unknown key `{}`", pair.key)).hint_if(suggest::hint(
                &pair.key,
                "keys",
                known.iter().copied(),
            ));
        }
        Some(Self { pairs, at: tree.at, about })
    }

    pub fn pair(&self, key: &str) -> Option<&'a Pair> {
        self.pairs.iter().find(|pair| pair.key == key)
    }

    pub fn tree(&self, key: &str) -> Option<&'a Tree> {
        self.pair(key).map(|pair| &pair.value)
    }

    pub fn text(&self, key: &str, faults: &mut Faults) -> Option<Name> {
        self.tree(key).and_then(|tree| name(tree, self.about, key, faults))
    }

    pub fn flag(&self, key: &str, faults: &mut Faults) -> Option<Flag> {
        let tree = self.tree(key)?;
        match tree.content {
            Content::Bool(value) => Some(Flag { value, at: tree.at }),
            _ => wrong(tree, self.about, key, "true or false", faults),
        }
    }

    pub fn list(&self, key: &str, faults: &mut Faults) -> Option<&'a [Tree]> {
        let tree = self.tree(key)?;
        match &tree.content {
            Content::List(items) => Some(items),
            _ => wrong(tree, self.about, key, "a list", faults),
        }
    }

    /// The pairs of an object under `key`; empty where it is absent or wrong.
    pub fn object(&self, key: &str, faults: &mut Faults) -> &'a [Pair] {
        self.tree(key).and_then(|tree| object(tree, self.about, key, faults)).unwrap_or_default()
    }

    /// The object under `key` with the values unread; one that is no object is reported and broken.
    pub fn object_tree(&self, key: &str, faults: &mut Faults) -> Option<Tree> {
        let tree = self.tree(key)?;
        Some(object(tree, self.about, key, faults).map_or_else(|| Tree::new(tree.at, Content::Broken), |_| tree.clone()))
    }
}

/// A text and its place.
pub(super) fn name(tree: &Tree, about: &str, what: &str, faults: &mut Faults) -> Option<Name> {
    match &tree.content {
        Content::Text(text) => Some(Name { text: text.clone(), at: tree.at }),
        _ => wrong(tree, about, what, "text", faults),
    }
}

/// A key as a name of the pipeline's own: letters, digits, `_` and `-`, because `.` and `$` have a meaning in references.
pub(super) fn own_name(pair: &Pair, what: &str, faults: &mut Faults) -> Name {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if pair.key.is_empty() || !pair.key.chars().all(fits) {
        let message = format!("a name of a {what} is made of letters, digits, `_` and `-`, got {:?}", pair.key);
        faults.error(pair.key_at, "", message);
    }
    Name { text: pair.key.clone(), at: pair.key_at }
}

fn object<'a>(tree: &'a Tree, about: &str, what: &str, faults: &mut Faults) -> Option<&'a [Pair]> {
    match &tree.content {
        Content::Map(pairs) => Some(pairs),
        _ => wrong(tree, about, what, "an object", faults),
    }
}

/// Reports a value of a wrong type.
pub(super) fn wrong<T>(tree: &Tree, about: &str, what: &str, expected: &str, faults: &mut Faults) -> Option<T> {
    if !matches!(tree.content, Content::Broken) {
        let space = if what.is_empty() { "" } else { " " };
        faults.error(tree.at, about, format!("{what}{space}must be {expected}, got {tree}"));
    }
    None
}
