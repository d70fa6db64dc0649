//! `cargo xtask build`: the program and all plugins, in one invocation of cargo and one profile.
//!
//! Rationale: libtorch's generated bindings compile for minutes. One selection of packages means one set of features,
//! so that neither the tests nor a second build compile them again.

use crate::step::{cargo, run};
use crate::tree::Tree;
use crate::{plugins, setup};
use anyhow::Result;

/// Sets up, builds, and puts the plugins beside the program.
///
/// # Errors
/// Whatever set-up misses; a crate that does not compile.
pub fn build(tree: &Tree) -> Result<()> {
    all(tree, &["--exclude", "xtask"], needs(tree))
}

/// As [`build`], with all tests and examples. What these need turns on features of shared crates; built first without them, much
/// would be compiled twice.
///
/// # Errors
/// As [`build`].
pub fn build_with_tests(tree: &Tree) -> Result<()> {
    all(tree, &["--all-targets"], (!tree.has_tests()).then_some(TESTS_GIB))
}

/// Free disk for set-up and a first build of program and plugins, in GiB.
pub fn needs(tree: &Tree) -> Option<u64> {
    (!tree.program().exists()).then_some(PROGRAM_GIB)
}

/// With libtorch, and some room.
const PROGRAM_GIB: u64 = 4;
const TESTS_GIB: u64 = 7;

fn all(tree: &Tree, words: &[&str], needed_gib: Option<u64>) -> Result<()> {
    setup::setup(tree, needed_gib)?;
    let mut command = cargo(tree);
    command.args(["build", "--release", "--locked", "--workspace"]).args(words);
    run("Building the program and its plugins (libtorch's bindings take minutes, once)", &mut command)?;
    plugins::install(tree)
}
