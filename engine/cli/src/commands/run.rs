//! `voxloom run FILE`: check, load, run, report.

use super::check;
use crate::arguments::{Global, Run};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::results;
use crate::talk::{self, Talk};
use crate::{device, installed, signals};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use voxloom_core::check::{Config, check_file};
use voxloom_core::graph::Pipeline;
use voxloom_core::load::{Library, Plugins};
use voxloom_core::run::{Kind, Outcome, PluginFacts, Report, RunError, RunOptions};

pub fn run(arguments: &Run, global: &Global, talk: &Talk) -> Result<Exit> {
    let plugins = installed::find(global, talk)?;
    let operators = installed::operators(&plugins);
    let config = Config { set: arguments.set.values.clone(), open: false };
    let mut pipeline = match check_file(&arguments.file, &operators, &config) {
        Ok(checked) => {
            check::warn(&checked, talk);
            checked.pipeline
        }
        Err(faults) => return Ok(check::refuse(&faults, &plugins, talk, false)),
    };
    if let Err(skipped) = plugins.load(&mut pipeline) {
        talk.error(&format!("plugin {skipped}"));
        return Ok(Exit::Plugin);
    }
    let options = match options(arguments, &plugins, &pipeline, talk)? {
        Ok(options) => options,
        Err(message) => {
            talk.error(&message);
            return Ok(Exit::Plugin);
        }
    };
    let mut progress = Progress::new(talk.clone(), &pipeline);
    let ended = voxloom_core::run::run(&pipeline, &options, &mut progress);
    progress.finish();
    match ended {
        Ok(report) => leave(&report, &report_file(arguments, &pipeline), arguments.json, talk),
        Err(error) => {
            talk.error(&error.to_string());
            hint(error.kind()).into_iter().for_each(|hint| talk.plain(hint));
            Ok(exit_of(&error))
        }
    }
}

/// The run's options, or why the device that was asked for cannot be used.
fn options(arguments: &Run, plugins: &Plugins, pipeline: &Pipeline, talk: &Talk) -> Result<Result<RunOptions, String>> {
    let device = match device::choose(arguments.device, talk) {
        Ok(device) => device,
        Err(message) => return Ok(Err(message)),
    };
    let lanes = arguments.lanes.unwrap_or(0) as usize;
    Ok(Ok(RunOptions {
        seed: arguments.seed,
        lanes,
        device_lanes: lanes,
        device,
        threads: arguments.threads.unwrap_or(0),
        memory: arguments.memory,
        strict: arguments.strict,
        cancel: signals::watch(talk.clone())?,
        trace: arguments.trace.clone(),
        resume: arguments.resume.clone(),
        file_hash: hash(&arguments.file)?,
        plugins: plugins.used(pipeline).into_iter().map(facts).collect(),
        ..RunOptions::default()
    }))
}

pub fn facts(library: &Library) -> PluginFacts {
    PluginFacts {
        name: library.manifest.name.clone(),
        version: library.manifest.version.clone(),
        hash: library.sha256.clone(),
        file: library.file.clone(),
        libtorch: library.manifest.libtorch.clone(),
    }
}

/// Writes the report, prints the results, and says how the run ended.
fn leave(report: &Report, file: &Path, as_json: bool, talk: &Talk) -> Result<Exit> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    }
    report.write(file).with_context(|| format!("the report {} cannot be written", file.display()))?;
    if as_json {
        talk::result(&serde_json::to_string_pretty(report)?)?;
    } else {
        talk::result(&results::tables(report))?;
    }
    // What failed was told when it did, and that the run stopped for it comes with the last line.
    let is_told = |message: &String| {
        message == outcome(report.outcome) || report.failures.iter().any(|failure| message.ends_with(&failure.cause))
    };
    if let Some(message) = report.message.as_ref().filter(|message| !is_told(message)) {
        talk.error(message);
    }
    let kinds = report.failures.iter().map(|failure| failure.kind).chain([report.kind]);
    let hints: BTreeSet<&str> = kinds.filter_map(hint).collect();
    hints.into_iter().for_each(|hint| talk.plain(hint));
    talk.info(&format!(
        "{}: {} done, {} failed, {:.1} s, report in {}",
        outcome(report.outcome),
        report.items.done,
        report.items.failed,
        report.elapsed_s,
        file.display()
    ));
    Ok(match report.outcome {
        Outcome::Completed => Exit::Done,
        Outcome::Failed => Exit::SomeFailed,
        Outcome::Stopped | Outcome::Fatal => Exit::Stopped,
        Outcome::Cancelled => Exit::Interrupted,
    })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed",
        Outcome::Failed => "completed with failures",
        Outcome::Stopped => "stopped at the first failure",
        Outcome::Fatal => "stopped",
        Outcome::Cancelled => "interrupted",
    }
}

/// What may be done about a failure of this kind.
fn hint(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Full => Some("hint: a disk has no room left; free some, or give folders on another"),
        Kind::Exhausted => {
            Some("hint: memory did not suffice; fewer --lanes, or a lower --memory, keep fewer items in it at one time")
        }
        Kind::Unavailable | Kind::Other => None,
    }
}

fn exit_of(error: &RunError) -> Exit {
    match error {
        RunError::Plan { .. } | RunError::Resume { .. } => Exit::Usage,
        RunError::Device { .. } => Exit::Plugin,
        _ => Exit::Stopped,
    }
}

/// `--report`, or `report.json` in the folder that the parameter `output` names, or here.
fn report_file(arguments: &Run, pipeline: &Pipeline) -> PathBuf {
    if let Some(file) = &arguments.report {
        return file.clone();
    }
    let folder = pipeline.params.get("output").and_then(|output| output.as_str()).map(PathBuf::from).unwrap_or_default();
    folder.join("report.json")
}

fn hash(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(format!("{:x}", Sha256::digest(&bytes)))
}
