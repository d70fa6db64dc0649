//! The operators that a check and a run may use, by name.

use crate::graph::Operator;
use std::collections::BTreeMap;

/// Operators of all loaded plugins, in the order of their names.
#[derive(Clone, Default)]
pub struct Operators {
    by_name: BTreeMap<String, Operator>,
}

impl Operators {
    /// Adds an operator; gives back the one of the same name that it replaces.
    pub fn insert(&mut self, operator: Operator) -> Option<Operator> {
        self.by_name.insert(operator.description.name.clone(), operator)
    }

    pub fn get(&self, name: &str) -> Option<&Operator> {
        self.by_name.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Operator> {
        self.by_name.values()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

impl Extend<Operator> for Operators {
    fn extend<T: IntoIterator<Item = Operator>>(&mut self, operators: T) {
        operators.into_iter().for_each(|operator| drop(self.insert(operator)));
    }
}

impl FromIterator<Operator> for Operators {
    fn from_iter<T: IntoIterator<Item = Operator>>(operators: T) -> Self {
        let mut all = Self::default();
        all.extend(operators);
        all
    }
}
