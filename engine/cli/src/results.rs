//! What a run measured, as tables: the JSON that no node consumed, a table a node.

use crate::rows::{self, Row};
use crate::table;
use serde_json::Value as Json;
use voxloom_core::run::Report;

/// All tables of a report, each under the name of its node; empty where no node left a result.
///
/// Where something was gathered over a whole graph, that is shown and not what it was gathered from; of a schedule that
/// repeats, the last round. The report has everything.
pub fn tables(report: &Report) -> String {
    let mut tables: Vec<Part> = Vec::new();
    let last_round = report.results.iter().map(|item| item.round).max();
    let several_graphs = report.results.iter().any(|item| item.graph != report.results[0].graph);
    let last = || report.results.iter().filter(|item| Some(item.round) == last_round);
    let gathered = |graph: &str| last().any(|item| item.graph == graph && item.item.is_empty());
    for item in last().filter(|item| item.item.is_empty() || !gathered(&item.graph)) {
        for (node, ports) in &item.results {
            let ports = ports.as_object();
            let several_ports = ports.is_some_and(|ports| ports.len() > 1);
            for (port, value) in ports.into_iter().flatten() {
                let graph = several_graphs.then_some(item.graph.as_str());
                let title: Vec<&str> =
                    graph.into_iter().chain([node.as_str()]).chain(several_ports.then_some(port.as_str())).collect();
                add(&mut tables, &title.join("."), value);
            }
        }
    }
    tables.iter().map(Part::text).collect::<Vec<_>>().join("\n")
}

/// One table, and whether it holds one part of several of a value, which then brings its own means.
struct Part {
    title: String,
    rows: Vec<Row>,
    is_one_of_several: bool,
}

impl Part {
    fn text(&self) -> String {
        format!("{}\n{}", self.title, table::table(&self.rows, !self.is_one_of_several))
    }
}

fn add(tables: &mut Vec<Part>, title: &str, value: &Json) {
    for (name, rows) in rows::tables(value) {
        let is_one_of_several = !name.is_empty();
        let title = if is_one_of_several { format!("{title}.{name}") } else { title.to_owned() };
        match tables.iter_mut().find(|part| part.title == title) {
            Some(part) => part.rows.extend(rows),
            None => tables.push(Part { title, rows, is_one_of_several }),
        }
    }
}
