//! `cargo xtask check`: what a reviewer should not have to look at.

use crate::step::{cargo, run};
use crate::tree::Tree;
use anyhow::Result;

/// Formatting, lints and docs; each warning is an error.
///
/// # Errors
/// The first of the three that finds something.
pub fn check(tree: &Tree) -> Result<()> {
    run("Formatting", cargo(tree).args(["fmt", "--all", "--", "--check"]))?;
    run("Lints", cargo(tree).args(["clippy", "--release", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let mut docs = cargo(tree);
    docs.args(["doc", "--release", "--locked", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    run("Docs", &mut docs)
}
