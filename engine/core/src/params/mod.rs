//! Parameters: a pipeline's own, with their overrides, and those of operators, complete and checked.

pub(crate) mod complete;
mod overrides;
pub(crate) mod substitute;
pub(crate) mod values;

use crate::spec::{Content, Tree};

/// Type of a pipeline's parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Path,
    String,
    Int,
    Number,
    Bool,
    List,
    Object,
}

impl Kind {
    pub const ALL: [Self; 7] = [Self::Path, Self::String, Self::Int, Self::Number, Self::Bool, Self::List, Self::Object];

    /// As files name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::String => "string",
            Self::Int => "int",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::List => "list",
            Self::Object => "object",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a value must be, in words.
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Path => "text (a path)",
            Self::String => "text",
            Self::Int => "a whole number",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }

    /// True where a value is of this type, or its fault is known already.
    pub(crate) fn fits(self, tree: &Tree) -> bool {
        match &tree.content {
            Content::Broken => true,
            Content::Open(kind) => {
                *kind == self || (self.is_text() && kind.is_text()) || (self == Self::Number && *kind == Self::Int)
            }
            Content::Text(_) => self.is_text(),
            Content::Number(number) => self == Self::Number || (self == Self::Int && !number.is_f64()),
            Content::Bool(_) => self == Self::Bool,
            Content::List(_) => self == Self::List,
            Content::Map(_) => self == Self::Object,
            Content::Null => false,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Self::Path | Self::String)
    }
}
