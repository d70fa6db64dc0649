//! Modules that a graph writes: all who touch one stand at one level and in a known order.
//!
//! Rationale: accesses are ordered item by item, and within an item by the edges. Without an order the result would depend
//! on which lane is faster.

use super::Checker;
use super::levels::place;
use super::nodes::Draft;
use crate::describe::Access;
use crate::graph::Level;
use crate::spec::Spec;
use std::collections::BTreeMap;

/// A node that touches a module.
#[derive(Clone, Copy)]
struct Touch {
    node: usize,
    level: usize,
    writes: bool,
}

pub(super) fn check(nodes: &[Draft], levels: &[Level], spec: &Spec, checker: &mut Checker) {
    let mut by_module: BTreeMap<usize, Vec<Touch>> = BTreeMap::new();
    for (node, draft) in nodes.iter().enumerate() {
        let Some(level) = draft.level else { continue };
        for (module, access) in touched(draft) {
            by_module.entry(module).or_default().push(Touch { node, level, writes: access == Access::Write });
        }
    }
    for (module, touches) in by_module {
        let Some(writer) = touches.iter().find(|touch| touch.writes) else { continue };
        let scene = Scene { nodes, levels, module: &spec.modules[module].name.text };
        if scene.same_level(*writer, &touches, checker) {
            scene.ordered(&touches, checker);
        }
    }
}

/// The modules of a node with the strongest access to each.
fn touched(draft: &Draft) -> BTreeMap<usize, Access> {
    let mut touched = BTreeMap::new();
    let Some(target) = &draft.target else { return touched };
    let entry = target.entry();
    let own = target.module.iter().map(|module| (*module, entry.access));
    let used =
        entry.uses.iter().zip(&draft.uses).flat_map(|(wanted, modules)| modules.iter().map(|module| (*module, wanted.access)));
    for (module, access) in own.chain(used).filter(|(_, access)| *access != Access::None) {
        let strongest = touched.entry(module).or_insert(access);
        *strongest = (*strongest).max(access);
    }
    touched
}

struct Scene<'a> {
    nodes: &'a [Draft<'a>],
    levels: &'a [Level],
    module: &'a str,
}

impl Scene<'_> {
    fn same_level(&self, writer: Touch, touches: &[Touch], checker: &mut Checker) -> bool {
        let mut same = true;
        for touch in touches.iter().filter(|touch| touch.level != writer.level) {
            let node = &self.nodes[touch.node];
            let (here, there) = (place(touch.level, self.levels, self.nodes), place(writer.level, self.levels, self.nodes));
            let writer = &self.nodes[writer.node].name().text;
            let message = format!(
                "{} module `{}` {here}, but `{writer}` writes it {there}; all nodes that touch a written module must be at one level",
                verb(*touch),
                self.module
            );
            checker.faults.error(node.name().at, &node.about, message);
            same = false;
        }
        same
    }

    fn ordered(&self, touches: &[Touch], checker: &mut Checker) {
        let needs = |node: usize| -> Vec<bool> {
            let mut needed = vec![false; self.nodes.len()];
            let mut stack = vec![node];
            while let Some(node) = stack.pop() {
                for source in self.nodes[node].inputs.iter().flatten() {
                    if !std::mem::replace(&mut needed[source.node], true) {
                        stack.push(source.node);
                    }
                }
            }
            needed
        };
        let needed: Vec<Vec<bool>> = touches.iter().map(|touch| needs(touch.node)).collect();
        for (second, later) in touches.iter().enumerate() {
            for (first, earlier) in touches[..second].iter().enumerate() {
                let ordered = needed[second][earlier.node] || needed[first][later.node];
                if !ordered && (earlier.writes || later.writes) {
                    self.unordered(*earlier, *later, checker);
                }
            }
        }
    }

    fn unordered(&self, earlier: Touch, later: Touch, checker: &mut Checker) {
        let (node, other) = (&self.nodes[later.node], &self.nodes[earlier.node]);
        let (name, other_name) = (&node.name().text, &other.name().text);
        let message = format!(
            "{} module `{}`, `{other_name}` {} it too, and no path of edges says which comes first",
            verb(later),
            self.module,
            verb(earlier)
        );
        checker
            .faults
            .error(node.name().at, &node.about, message)
            .hint(format!("let `{name}` take what comes from `{other_name}`, or the other way round"));
    }
}

fn verb(touch: Touch) -> &'static str {
    if touch.writes { "writes" } else { "reads" }
}
