//! One step: said before it starts, timed, and stopped at when it fails.

use crate::tree::Tree;
use anyhow::{Context, Result, bail};
use std::process::Command;
use std::time::Instant;

/// Says what comes next.
pub fn say(what: &str) {
    eprintln!("==> {what}");
}

/// Says a fact under the last step.
pub fn note(what: &str) {
    eprintln!("    {what}");
}

/// Runs one command with its output shown; says what it is for and how long it took.
///
/// # Errors
/// The command cannot be started, or ends with another status than 0.
pub fn run(what: &str, command: &mut Command) -> Result<()> {
    say(what);
    let started = Instant::now();
    let status = command.status().with_context(|| format!("`{}` could not be started", shown(command)))?;
    if !status.success() {
        bail!("{what}: `{}` ended with {status}", shown(command));
    }
    note(&format!("done in {:.0} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Cargo in this checkout, with the libtorch of this checkout.
pub fn cargo(tree: &Tree) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(&tree.root).env("LIBTORCH", tree.libtorch());
    command
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
