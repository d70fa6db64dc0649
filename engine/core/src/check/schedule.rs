//! The schedule: what runs when, what is saved, and which number decides the best.

use super::{Checker, graphs, levels, modules, uses};
use crate::describe::Kind;
use crate::fault::Faults;
use crate::graph::{Best, Save, Stage};
use crate::spec::{self, Flag, Name, Spec, StageKind, Tree};
use crate::suggest;

/// The stages and the number of rounds.
pub(super) fn check(
    spec: &Spec,
    modules: &[modules::Draft],
    graphs: &[graphs::Draft],
    checker: &mut Checker,
) -> (Vec<Stage>, u64) {
    let Some(stages) = &spec.schedule else {
        return (vec![Stage::Run { graph: 0, items: None }], 1);
    };
    let rounds = checker.count(spec.rounds.as_ref(), "rounds", "").unwrap_or(1);
    let runs = |name: &str| stages.iter().any(|stage| matches!(&stage.kind, StageKind::Run { graph, .. } if graph.text == name));
    let scene = Scene { spec, modules, graphs };
    let numbered = stages.iter().enumerate();
    (numbered.filter_map(|(index, stage)| scene.stage(stage, &spec::about_stage(index), &runs, checker)).collect(), rounds)
}

/// Warns of graphs that no stage runs.
pub(super) fn warn_never_run(spec: &Spec, faults: &mut Faults) {
    let Some(stages) = &spec.schedule else { return };
    for graph in &spec.graphs {
        let name = &graph.name;
        if !stages.iter().any(|stage| matches!(&stage.kind, StageKind::Run { graph, .. } if graph.text == name.text)) {
            faults.warning(name.at, &format!("graph `{}`", name.text), "the schedule never runs it");
        }
    }
}

struct Scene<'a> {
    spec: &'a Spec,
    modules: &'a [modules::Draft<'a>],
    graphs: &'a [graphs::Draft<'a>],
}

impl Scene<'_> {
    fn stage(&self, stage: &spec::Stage, about: &str, runs: &dyn Fn(&str) -> bool, checker: &mut Checker) -> Option<Stage> {
        match &stage.kind {
            StageKind::Broken => None,
            StageKind::Run { graph, items } => {
                let count = checker.count(items.as_ref(), "items", about);
                let graph = self.graph(graph, graph.text.as_str(), "", about, checker)?;
                if let Some(tree) = items {
                    self.has_cursor(graph, tree, about, checker);
                }
                Some(Stage::Run { graph, items: count })
            }
            StageKind::Save { folder, modules, best, higher, patience } => {
                let folder = checker.path(folder, "save", about);
                let kept = self.kept(modules.as_deref(), stage, about, checker);
                let patience_count = checker.count(patience.as_ref(), "patience", about);
                if best.is_none() {
                    needs_best(*higher, patience.as_ref(), about, checker);
                }
                let higher = higher.is_none_or(|flag| flag.value);
                let best = best.as_ref().and_then(|best| self.best(best, higher, runs, about, checker));
                Some(Stage::Save(Save { folder: folder?, modules: kept, best, patience: patience_count }))
            }
        }
    }

    /// The graph of a name; `text` is its part in what the file says.
    fn graph(&self, at: &Name, text: &str, before: &str, about: &str, checker: &mut Checker) -> Option<usize> {
        let found = self.graphs.iter().position(|graph| graph.spec.name.text == text);
        if found.is_none() {
            let names = self.graphs.iter().map(|graph| graph.spec.name.text.as_str());
            checker
                .faults
                .error(at.at, about, format!("{before}unknown graph `{text}`"))
                .hint_if(suggest::hint(text, "graphs", names));
        }
        found
    }

    fn has_cursor(&self, graph: usize, items: &Tree, about: &str, checker: &mut Checker) {
        let graph = &self.graphs[graph];
        let known = graph.nodes.iter().all(|node| node.level.is_some());
        let cursor =
            graph.nodes.iter().any(|node| node.level == Some(0) && node.entry().is_some_and(|entry| entry.kind == Kind::Scatter));
        if known && !cursor {
            let message = format!(
                "items counts what a scatter at the graph's own level makes, but graph `{}` has none",
                graph.spec.name.text
            );
            checker.faults.error(items.at, about, message);
        }
    }

    /// Indices of the modules to save: those named, or all that have state.
    fn kept(&self, names: Option<&[Name]>, stage: &spec::Stage, about: &str, checker: &mut Checker) -> Vec<usize> {
        let Some(names) = names else {
            let kept: Vec<usize> = (0..self.modules.len()).filter(|index| self.modules[*index].has_state()).collect();
            if kept.is_empty() && self.modules.iter().all(|module| module.operator.is_some()) {
                checker.faults.error(stage.at, about, "there is nothing to save: no module of the file has state");
            }
            return kept;
        };
        let mut kept = Vec::new();
        for name in names {
            match uses::find(self.spec, &name.text) {
                None => uses::unknown_module(name, "modules: ", self.spec, about, checker),
                Some(index) if kept.contains(&index) => {
                    checker.faults.error(name.at, about, format!("modules: `{}` is named twice", name.text));
                }
                Some(index) if self.modules[index].operator.is_some() && !self.modules[index].has_state() => {
                    checker.faults.error(name.at, about, format!("modules: module `{}` has no state to save", name.text));
                }
                Some(index) => kept.push(index),
            }
        }
        kept
    }

    /// `graph.node.key.path`
    fn best(&self, best: &Name, higher: bool, runs: &dyn Fn(&str) -> bool, about: &str, checker: &mut Checker) -> Option<Best> {
        let mut parts = best.text.split('.');
        let (graph_name, node_name) = match (parts.next(), parts.next()) {
            (Some(graph), Some(node)) => (graph, node),
            _ => {
                let message = format!("best must be \"graph.node.key\", got {:?}", best.text);
                checker.faults.error(best.at, about, message);
                return None;
            }
        };
        let graph = self.graph(best, graph_name, "best: ", about, checker)?;
        if !runs(graph_name) {
            checker.faults.error(best.at, about, format!("best: the schedule never runs graph `{graph_name}`"));
        }
        let draft = &self.graphs[graph];
        let Some(node) = draft.node(node_name) else {
            let names = draft.nodes.iter().map(|node| node.name().text.as_str());
            checker
                .faults
                .error(best.at, about, format!("best: graph `{graph_name}` has no node `{node_name}`"))
                .hint_if(suggest::hint(node_name, "nodes", names));
            return None;
        };
        let drafted = &draft.nodes[node];
        let entry = drafted.entry()?;
        let Some(output) = entry.outputs.first().filter(|output| output.type_name == "json") else {
            let found =
                entry.outputs.first().map_or("none".to_owned(), |output| format!("`{}` ({})", output.name, output.type_name));
            checker.faults.error(
                best.at,
                about,
                format!("best: the first output of node `{node_name}` must be json, got {found}"),
            );
            return None;
        };
        let level = if entry.kind == Kind::Scatter { drafted.inner? } else { drafted.level? };
        if level != 0 {
            let place = levels::place(level, &draft.levels, &draft.nodes);
            let message = format!("best: `{}` of node `{node_name}` is {place}, where there are many", output.name);
            checker.faults.error(best.at, about, message).hint("gather it first: one number a run decides");
            return None;
        }
        Some(Best { graph, node, path: parts.map(str::to_owned).collect(), higher })
    }
}

fn needs_best(higher: Option<Flag>, patience: Option<&Tree>, about: &str, checker: &mut Checker) {
    for (key, at) in [("higher", higher.map(|flag| flag.at)), ("patience", patience.map(|tree| tree.at))] {
        if let Some(at) = at {
            checker
                .faults
                .error(at, about, format!("`{key}` goes with `best`, which is missing"))
                .hint("\"best\": \"graph.node.key\" names the number that decides");
        }
    }
}
