//! Depth: at which level each node runs, which levels scatters open and gathers close.

use super::Checker;
use super::graphs::output_name;
use super::nodes::Draft;
use crate::describe::Kind;
use crate::graph::{Level, Position};

/// An input, where it stands, and the level that its value comes from.
struct Arrival {
    port: String,
    gathered: bool,
    source: String,
    at: Position,
    level: usize,
}

/// Gives every node its level, in an order in which sources come first; gives the levels.
pub(super) fn assign(nodes: &mut [Draft], sorted: &[usize], checker: &mut Checker) -> Vec<Level> {
    let mut levels = vec![Level { parent: None, opener: None, depth: 0 }];
    for &index in sorted {
        let node = &nodes[index];
        let (Some(entry), true) = (node.entry(), node.sound) else { continue };
        let Some(arrivals) = arrivals(node, nodes) else { continue };
        let kind = entry.kind;
        let found = match kind {
            Kind::Map | Kind::Scatter => deepest(node, &arrivals, nodes, &levels, checker).map(|level| (level, None)),
            Kind::Gather => gather(node, &arrivals, nodes, &levels, checker).map(|(outer, inner)| (outer, Some(inner))),
        };
        let Some((level, mut inner)) = found else { continue };
        if let (Some(tree), Kind::Map, 2.., 0) = (&node.spec.batch, kind, node.batch, level) {
            checker
                .faults
                .error(
                    tree.at,
                    &node.about,
                    format!("batch must be 1 at the graph's own level, where there is one item, got {}", node.batch),
                )
                .hint("a batch groups items that one scatter made");
        }
        if kind == Kind::Scatter {
            inner = Some(levels.len());
            levels.push(Level { parent: Some(level), opener: Some(index), depth: levels[level].depth + 1 });
        }
        (nodes[index].level, nodes[index].inner) = (Some(level), inner);
    }
    levels
}

/// `None` where a source has no level, because of a fault reported elsewhere.
fn arrivals(node: &Draft, nodes: &[Draft]) -> Option<Vec<Arrival>> {
    let entry = node.entry()?;
    let mut arrivals = Vec::new();
    for (port, source) in entry.inputs.iter().zip(&node.inputs) {
        let Some(source) = source else { continue };
        let from = &nodes[source.node];
        let level = if from.entry()?.kind == Kind::Scatter { from.inner? } else { from.level? };
        let written = node.spec.inputs.iter().find(|input| input.port.text == port.name)?;
        arrivals.push(Arrival {
            port: port.name.clone(),
            gathered: port.gather && entry.kind == Kind::Gather,
            source: output_name(from, source.output),
            at: written.source.as_ref()?.at,
            level,
        });
    }
    Some(arrivals)
}

/// The deepest level of the inputs, which must lie inside one another.
fn deepest(node: &Draft, arrivals: &[Arrival], nodes: &[Draft], levels: &[Level], checker: &mut Checker) -> Option<usize> {
    let mut deepest: Option<&Arrival> = None;
    for arrival in arrivals {
        match deepest {
            Some(other) if holds(levels, arrival.level, other.level) => {}
            Some(other) if !holds(levels, other.level, arrival.level) => {
                unrelated(node, other, arrival, nodes, levels, checker);
                return None;
            }
            _ => deepest = Some(arrival),
        }
    }
    Some(deepest.map_or(0, |arrival| arrival.level))
}

fn unrelated(node: &Draft, one: &Arrival, other: &Arrival, nodes: &[Draft], levels: &[Level], checker: &mut Checker) {
    let (first, second) = (place(one.level, levels, nodes), place(other.level, levels, nodes));
    let message = format!(
        "inputs come from two unrelated levels: `{}` ({}) is {first}, `{}` ({}) is {second}",
        one.port, one.source, other.port, other.source
    );
    checker
        .faults
        .error(other.at, &node.about, message)
        .hint("gather one of them first, or let one scatter take from inside the other");
}

/// The level of the result and the level that is gathered.
fn gather(
    node: &Draft,
    arrivals: &[Arrival],
    nodes: &[Draft],
    levels: &[Level],
    checker: &mut Checker,
) -> Option<(usize, usize)> {
    let (gathered, shallow): (Vec<_>, Vec<_>) = arrivals.iter().partition(|arrival| arrival.gathered);
    let Some(first) = gathered.first() else {
        checker.faults.error(node.spec.name.at, &node.about, "a gather must have an input to gather, got none");
        return None;
    };
    // The deepest of the gathered inputs tells what is meant; those beside it are the odd ones.
    let inner = gathered.iter().map(|arrival| arrival.level).max_by_key(|level| levels[*level].depth).unwrap_or(first.level);
    let Some(outer) = levels[inner].parent else {
        checker
            .faults
            .error(first.at, &node.about, format!("gathers `{}` ({}), which no scatter has made many", first.port, first.source))
            .hint("a gather closes a level that a scatter opened; here is only the graph's own item");
        return None;
    };
    let mut right = true;
    for arrival in gathered.iter().filter(|arrival| arrival.level != inner) {
        let (found, wanted) = (place(arrival.level, levels, nodes), place(inner, levels, nodes));
        let message = format!(
            "gathered inputs must come from one level: `{}` ({}) is {found}, others are {wanted}",
            arrival.port, arrival.source
        );
        checker.faults.error(arrival.at, &node.about, message);
        right = false;
    }
    for arrival in shallow.iter().filter(|arrival| !holds(levels, arrival.level, outer)) {
        let (found, limit) = (place(arrival.level, levels, nodes), place(inner, levels, nodes));
        let message = if holds(levels, inner, arrival.level) {
            format!(
                "input `{}` is not gathered and must come from outside what is gathered, but `{}` is {found}",
                arrival.port, arrival.source
            )
        } else {
            format!(
                "input `{}` comes from an unrelated level: `{}` is {found}, what is gathered is {limit}",
                arrival.port, arrival.source
            )
        };
        let names: Vec<&str> = gathered.iter().map(|arrival| arrival.port.as_str()).collect();
        checker.faults.error(arrival.at, &node.about, message).hint(format!("gathered are {}", crate::suggest::quoted(names)));
        right = false;
    }
    right.then_some((outer, inner))
}

/// True where `inner` is `outer` or lies inside it.
fn holds(levels: &[Level], outer: usize, inner: usize) -> bool {
    let mut level = Some(inner);
    while let Some(index) = level.filter(|index| levels[*index].depth >= levels[outer].depth) {
        if index == outer {
            return true;
        }
        level = levels[index].parent;
    }
    false
}

/// A level in words.
pub(super) fn place(level: usize, levels: &[Level], nodes: &[Draft]) -> String {
    match levels[level].opener {
        Some(opener) => format!("inside scatter `{}`", nodes[opener].name().text),
        None => "at the graph's own level".to_owned(),
    }
}
