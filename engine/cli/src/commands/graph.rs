//! `voxloom graph FILE`: the pipeline as a picture, with times where there is a report of a run.

use super::check;
use crate::arguments::{Global, Graph, GraphFormat};
use crate::exit::Exit;
use crate::installed;
use crate::talk::{self, Talk};
use anyhow::{Context, Result};
use std::path::Path;
use voxloom_core::check::{Config, check_file};
use voxloom_core::draw::{Time, Times, dot, svg};
use voxloom_core::run::Report;

pub fn graph(arguments: &Graph, global: &Global, talk: &Talk) -> Result<Exit> {
    let plugins = installed::find(global, talk)?;
    let config = Config { set: arguments.set.values.clone(), open: true };
    let pipeline = match check_file(&arguments.file, &installed::operators(&plugins), &config) {
        Ok(checked) => checked.pipeline,
        Err(faults) => return Ok(check::refuse(&faults, &plugins, talk, false)),
    };
    let times = match &arguments.report {
        Some(file) => times(file)?,
        None => Times::new(),
    };
    let draw = match arguments.format {
        GraphFormat::Dot => dot,
        GraphFormat::Svg => svg,
    };
    talk::result(&draw(&pipeline, &times))?;
    Ok(Exit::Done)
}

fn times(file: &Path) -> Result<Times> {
    let text = std::fs::read(file).with_context(|| format!("the report {} cannot be read", file.display()))?;
    let report: Report = serde_json::from_slice(&text).with_context(|| format!("{} is no report of a run", file.display()))?;
    let one = |node: voxloom_core::run::NodeTimes| ((node.graph, node.node), Time { calls: node.calls, total_ms: node.self_ms });
    Ok(report.nodes.into_iter().map(one).collect())
}
