//! `cargo xtask setup`: the machine has what is needed, and libtorch is in its place.

use crate::missing::{Missing, What};
use crate::step::{cargo, note, say};
use crate::tree::Tree;
use crate::{libtorch, machine};
use anyhow::Result;
use std::fs::{self, File};
use std::process::Stdio;

/// Checks the machine, then provides libtorch and the sources of all crates. `needed_gib` are to be free, where something large will
/// be built.
///
/// # Errors
/// [`Missing`] for the first thing that a person has to bring.
pub fn setup(tree: &Tree, needed_gib: Option<u64>) -> Result<()> {
    let _turn = turn(tree)?;
    say("What this machine has");
    machine::platform()?;
    note(&machine::toolchain()?);
    note(&machine::compiler()?);
    note(&machine::browser().unwrap_or_else(|missing| format!("{missing}: its tests are left out. {}", missing.remedy)));
    needed_gib.map_or(Ok(()), |gib| machine::disk(&tree.root, gib))?;
    libtorch::provide(tree)?;
    crates(tree)
}

/// One set-up at a time in one checkout; the others wait.
fn turn(tree: &Tree) -> Result<File> {
    fs::create_dir_all(tree.root.join("target"))?;
    let file = File::create(tree.root.join("target/setup.lock"))?;
    file.lock()?;
    Ok(file)
}

/// The sources of all dependencies, so that a missing network is told apart from a failed build.
fn crates(tree: &Tree) -> Result<()> {
    say("Crates");
    if cargo(tree).args(["fetch", "--locked", "--offline", "--quiet"]).stderr(Stdio::null()).status()?.success() {
        note("all are here");
        return Ok(());
    }
    note("fetching them");
    if cargo(tree).args(["fetch", "--locked"]).status()?.success() {
        return Ok(());
    }
    let sentence = "cargo could not fetch the crates of Cargo.lock; its own words are above";
    let remedy = "connect to the network, or set up a mirror in Cargo's own configuration (`[source]`)";
    Err(Missing::new(What::Network, sentence, remedy).into())
}
