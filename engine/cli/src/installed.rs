//! The plugins that this program finds, and what it says of those that it leaves out.

use crate::arguments::Global;
use crate::talk::Talk;
use anyhow::{Context, Result};
use std::ffi::OsString;
use voxloom_core::load::{Config, Fault, Plugins};
use voxloom_core::operators::Operators;

/// Looks for plugins in the standard places; each one left out is a warning, never fatal.
///
/// # Errors
/// The program cannot name itself, which it must to scan in a child process.
pub fn find(global: &Global, talk: &Talk) -> Result<Plugins> {
    let plugins = quietly(global)?;
    for skipped in plugins.skipped() {
        talk.warn(&format!("left out: {skipped}"));
    }
    Ok(plugins)
}

/// As [`find`], without a word.
pub fn quietly(global: &Global) -> Result<Plugins> {
    Ok(Plugins::find(&Config::standard(global.plugins.clone(), myself(&["plugins", "scan"])?)))
}

/// The operators of all plugins, as a check takes them.
pub fn operators(plugins: &Plugins) -> Operators {
    plugins.operators().values().cloned().collect()
}

/// This program with `words`, to be started as a child.
///
/// # Errors
/// The program cannot name its own file.
pub fn myself(words: &[&str]) -> Result<Vec<OsString>> {
    let program = std::env::current_exe().context("this program's own file cannot be found")?;
    Ok(std::iter::once(program.into_os_string()).chain(words.iter().map(OsString::from)).collect())
}

/// True where plugins were left out because there is no libtorch for them: then missing operators are no fault of the file.
pub fn lacks_libtorch(plugins: &Plugins) -> bool {
    plugins.skipped().iter().any(|skipped| matches!(skipped.fault, Fault::NoLibtorch { .. } | Fault::Libtorch { .. }))
}
