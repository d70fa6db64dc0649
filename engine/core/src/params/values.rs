//! The values of a pipeline's parameters: defaults, overrides, and references among them.

use super::overrides::{self, Overrides};
use super::substitute::{self, Missing};
use crate::check::order;
use crate::fault::Faults;
use crate::graph::Position;
use crate::spec::{Content, Param, Tree};
use crate::{params::Kind, suggest};
use serde_json::{Map, Value as Json};
use std::cell::Cell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// Nodes and bytes of text that all references of a file may put in: a guard against values that double at every step.
const LARGEST: usize = 1 << 24;
/// How deep a value may be.
const DEEPEST: usize = 64;

/// Every parameter with its value.
pub(crate) struct Values {
    list: Vec<Value>,
    index: HashMap<String, usize>,
    left: Cell<usize>,
}

/// A parameter's value; `Broken` where its fault is reported, `Open` where it has none yet.
pub(crate) struct Value {
    name: String,
    at: Position,
    pub tree: Tree,
    /// The override as it was given.
    set: Option<String>,
    size: usize,
    depth: usize,
    used: Cell<bool>,
}

impl Value {
    /// Where the value comes from, as a hint.
    pub fn via(&self) -> Rc<str> {
        match &self.set {
            Some(text) => format!("the value comes from `--set {text}`").into(),
            None => format!("the value comes from parameter `{}` in line {}", self.name, self.at.line).into(),
        }
    }
}

impl Values {
    /// A value for use in another, and a note that it was used.
    pub(super) fn take(&self, name: &str) -> Result<&Value, Missing> {
        let value = self.index.get(name).map(|index| &self.list[*index]).ok_or(Missing::Unknown)?;
        value.used.set(true);
        let left = self.left.get().checked_sub(value.size).filter(|_| value.depth < DEEPEST).ok_or(Missing::TooLarge)?;
        self.left.set(left);
        Ok(value)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.list.iter().map(|value| value.name.as_str())
    }

    /// All values as JSON; those without a value are null.
    pub(crate) fn json(&self) -> Map<String, Json> {
        self.list.iter().map(|value| (value.name.clone(), value.tree.json())).collect()
    }

    /// Warns of parameters that nothing refers to.
    pub(crate) fn warn_unused(&self, faults: &mut Faults) {
        for value in self.list.iter().filter(|value| !value.used.get()) {
            let about = format!("parameter `{}`", value.name);
            faults.warning(value.at, &about, "nothing uses it").hint(format!("`\"${{{}}}\"` stands for its value", value.name));
        }
    }
}

/// Settles every parameter. Defaults are read from the file's `folder`; with `open`, a parameter may stay without a value.
pub(crate) fn resolve(params: &[Param], set: &[String], open: bool, folder: &Path, faults: &mut Faults) -> Values {
    let overrides = overrides::read(params, set, faults);
    let mut values = Values {
        list: params.iter().map(unsettled).collect(),
        index: params.iter().enumerate().map(|(index, param)| (param.name.text.clone(), index)).collect(),
        left: Cell::new(LARGEST),
    };
    for index in in_order(params, &overrides, &values.index, faults) {
        let (tree, set) = settle(&params[index], &overrides, &values, open, folder, faults);
        let (size, depth) = extent(&tree);
        let value = &mut values.list[index];
        (value.tree, value.set, value.size, value.depth) = (tree, set, size, depth);
    }
    values
}

fn unsettled(param: &Param) -> Value {
    Value {
        name: param.name.text.clone(),
        at: param.name.at,
        tree: Tree::new(param.name.at, Content::Broken),
        set: None,
        size: 0,
        depth: 0,
        used: Cell::new(false),
    }
}

/// Parameters after those that their defaults refer to; reports circles.
fn in_order(params: &[Param], overrides: &Overrides, index: &HashMap<String, usize>, faults: &mut Faults) -> Vec<usize> {
    let mut edges = Vec::new();
    for (to, param) in params.iter().enumerate() {
        let default = param.default.as_ref().filter(|_| !overrides.contains_key(&param.name.text));
        let names = default.map(substitute::references).unwrap_or_default();
        edges.extend(names.into_iter().filter_map(|name| Some((*index.get(name)?, to))));
    }
    let order = order::order(params.len(), &edges);
    for cycle in &order.cycles {
        let first = &params[cycle[0]].name;
        // The order is from what is needed to what needs it; a default reads the other way.
        let needs = cycle[..1].iter().chain(cycle[1..].iter().rev());
        let names = order::arrows(needs.map(|index| params[*index].name.text.as_str()));
        faults.error(first.at, "", format!("parameters form a cycle: {names}"));
    }
    order.sorted
}

fn settle(
    param: &Param,
    overrides: &Overrides,
    values: &Values,
    open: bool,
    folder: &Path,
    faults: &mut Faults,
) -> (Tree, Option<String>) {
    let about = format!("parameter `{}`", param.name.text);
    let broken = Tree::new(param.name.at, Content::Broken);
    let Some(kind) = param.kind else { return (broken, None) };
    if let Some(choices) = &param.choices {
        for choice in choices.iter().filter(|choice| !kind.fits(choice)) {
            faults.error(choice.at, &about, format!("a choice must be {}, got {choice}", kind.expected()));
        }
    }
    if let Some((text, value)) = overrides.get(&param.name.text) {
        let Some(tree) = value else { return (broken, Some(text.clone())) };
        if let Some(message) = not_chosen(param, tree) {
            faults.override_error(text, format!("`{}` {message}", param.name.text)).hint_if(nearest_choice(param, tree));
            return (broken, Some(text.clone()));
        }
        return (tree.clone(), Some(text.clone()));
    }
    let Some(default) = &param.default else {
        if open {
            return (Tree::new(param.name.at, Content::Open(kind)), None);
        }
        let meaning = if param.about.is_empty() { String::new() } else { format!(" ({})", param.about) };
        faults.error(param.name.at, &about, "no value is given and there is no default").hint(format!(
            "give one with `--set {}=<{}>`{meaning}",
            param.name.text,
            kind.name()
        ));
        return (broken, None);
    };
    let mut tree = substitute::substitute(default, values, &about, faults);
    if !kind.fits(&tree) {
        let message = format!("default must be {}, got {tree}", kind.expected());
        faults.error(default.at, &about, message).hint_if(tree.via.as_deref().map(str::to_owned));
        return (broken, None);
    }
    if let Some(message) = not_chosen(param, &tree) {
        faults.error(default.at, &about, format!("default {message}")).hint_if(nearest_choice(param, &tree));
        return (broken, None);
    }
    if kind == Kind::Path {
        settle_path(&mut tree, folder);
    }
    (tree, None)
}

/// Makes a path of the file relative to the working directory.
pub(super) fn settle_path(tree: &mut Tree, folder: &Path) {
    if let Content::Text(text) = &mut tree.content
        && !tree.settled
        && !text.is_empty()
    {
        *text = folder.join(&*text).to_string_lossy().into_owned();
    }
    tree.settled = true;
}

fn not_chosen(param: &Param, tree: &Tree) -> Option<String> {
    let choices = param.choices.as_ref()?;
    if !tree.is_complete() || choices.iter().any(|choice| choice.json() == tree.json()) {
        return None;
    }
    let shown: Vec<String> =
        choices.iter().map(|choice| choice.text().map_or_else(|| choice.to_string(), str::to_owned)).collect();
    Some(format!("must be one of {}, got {tree}", suggest::quoted(shown)))
}

fn nearest_choice(param: &Param, tree: &Tree) -> Option<String> {
    let choices = param.choices.iter().flatten().filter_map(Tree::text);
    suggest::nearest(tree.text()?, choices).map(|right| format!("did you mean `{right}`?"))
}

/// Number of values and bytes of text, and depth.
fn extent(tree: &Tree) -> (usize, usize) {
    let join = |children: &mut dyn Iterator<Item = &Tree>| {
        children.map(extent).fold((1_usize, 1_usize), |(size, depth), (s, d)| (size.saturating_add(s), depth.max(d + 1)))
    };
    match &tree.content {
        Content::Text(text) => (1 + text.len(), 1),
        Content::List(items) => join(&mut items.iter()),
        Content::Map(pairs) => join(&mut pairs.iter().map(|pair| &pair.value)),
        _ => (1, 1),
    }
}
