//! `cargo xtask test`: set-up, build, all tests.

use crate::build;
use crate::step::{cargo, run};
use crate::tree::Tree;
use anyhow::Result;

/// Builds, then runs every test of the workspace. `rest` goes to `cargo test` (a filter, for example).
///
/// # Errors
/// Whatever set-up misses; a test that fails.
pub fn test(tree: &Tree, rest: &[String]) -> Result<()> {
    build::build_with_tests(tree)?;
    let mut command = cargo(tree);
    command.args(["test", "--release", "--locked", "--workspace", "--no-fail-fast"]).args(rest);
    run("All tests", &mut command)
}
