//! `voxloom check FILE…`: every fault of every file, nothing runs.

use crate::arguments::{Check, Global};
use crate::exit::Exit;
use crate::installed;
use crate::talk::{self, Talk};
use anyhow::Result;
use serde_json::{Value as Json, json};
use std::path::Path;
use voxloom_core::check::{Checked, Config, Faults, check_file};
use voxloom_core::load::Plugins;

pub fn check(arguments: &Check, global: &Global, talk: &Talk) -> Result<Exit> {
    let plugins = installed::find(global, talk)?;
    // A file is right even where it leaves parameters to whoever runs it.
    let operators = installed::operators(&plugins);
    let config = Config { set: arguments.set.values.clone(), open: true };
    let mut verdicts = Vec::new();
    let mut exit = Exit::Done;
    for file in &arguments.files {
        let result = check_file(file, &operators, &config);
        if arguments.json {
            verdicts.push(verdict(file, &result));
        } else if let Ok(checked) = &result {
            warn(checked, talk);
            talk::result(&format!("{}: ok", file.display()))?;
        }
        if let Err(faults) = result {
            exit = refuse(&faults, &plugins, talk, arguments.json);
        }
    }
    if arguments.json {
        talk::result(&serde_json::to_string_pretty(&verdicts)?)?;
    }
    Ok(exit)
}

/// Says every fault, unless they are printed as JSON, and gives the exit code.
pub fn refuse(faults: &Faults, plugins: &Plugins, talk: &Talk, as_json: bool) -> Exit {
    if !as_json {
        for fault in faults.list() {
            talk.plain(&fault.to_string());
        }
        let errors = faults.n_errors();
        talk.plain(&format!("{errors} error{} in all, nothing was run", if errors == 1 { "" } else { "s" }));
    }
    if installed::lacks_libtorch(plugins) { Exit::Plugin } else { Exit::Usage }
}

/// Says the warnings of a file that may run.
pub fn warn(checked: &Checked, talk: &Talk) {
    for fault in &checked.warnings {
        talk.line(crate::arguments::LogLevel::Warn, &fault.to_string());
    }
}

fn verdict(file: &Path, result: &Result<Checked, Faults>) -> Json {
    let faults: Vec<Json> = match result {
        Ok(checked) => checked.warnings.iter().map(|fault| fault.json()).collect(),
        Err(faults) => faults.list().iter().map(|fault| fault.json()).collect(),
    };
    json!({ "file": file.to_string_lossy(), "ok": result.is_ok(), "faults": faults })
}
