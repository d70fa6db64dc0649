//! What a run measured, as tables: the JSON that no node consumed, a table a node.

use crate::rows::{self, Row};
use crate::table;
use serde_json::Value as Json;
use voxloom_core::run::Report;

/// All tables of a report, each under the name of its node; empty where no node left a result.
pub fn tables(report: &Report) -> String {
    let mut tables: Vec<(String, Vec<Row>)> = Vec::new();
    let of_many_graphs = report.results.iter().any(|item| item.graph != report.results[0].graph);
    // Of a schedule that repeats, the last round is shown; the report has them all.
    let last_round = report.results.iter().map(|item| item.round).max();
    for item in report.results.iter().filter(|item| Some(item.round) == last_round) {
        for (node, ports) in &item.results {
            for (port, value) in ports.as_object().into_iter().flatten() {
                let several = ports.as_object().is_some_and(|ports| ports.len() > 1);
                let graph = if of_many_graphs { format!("{}.", item.graph) } else { String::new() };
                let title = if several { format!("{graph}{node}.{port}") } else { format!("{graph}{node}") };
                add(&mut tables, title, value);
            }
        }
    }
    let shown = tables.iter().map(|(title, rows)| format!("{title}\n{}", table::table(rows)));
    shown.collect::<Vec<_>>().join("\n")
}

fn add(tables: &mut Vec<(String, Vec<Row>)>, title: String, value: &Json) {
    let rows = rows::rows(value, &Row::new());
    match tables.iter_mut().find(|(other, _)| *other == title) {
        Some((_, all)) => all.extend(rows),
        None => tables.push((title, rows)),
    }
}
