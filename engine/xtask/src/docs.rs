//! `cargo xtask docs`: the pages, files and pictures that are made from the installed operators.

use crate::step::{note, say};
use crate::tree::Tree;
use crate::{build, snippets};
use anyhow::{Result, bail};
use std::fs;
use std::process::Command;

/// What is generated: the arguments of the program, and the file its output goes to.
const GENERATED: [(&[&str], &str); 3] = [
    (&["plugins", "catalog"], "docs/catalog.md"),
    (&["schema"], "pipelines/pipeline.schema.json"),
    (&["graph", "pipelines/dodnet/segment.json", "--format", "svg"], "docs/segment.svg"),
];

/// Writes the generated files; a test of `engine/cli` compares them.
///
/// # Errors
/// The build fails, or the program does.
pub fn docs(tree: &Tree) -> Result<()> {
    snippets::refresh(tree)?;
    build::build(tree)?;
    say("Catalogue and schema");
    for (arguments, file) in GENERATED {
        let output = Command::new(tree.program()).current_dir(&tree.root).args(arguments).output()?;
        if !output.status.success() {
            bail!("voxloom {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        let path = tree.root.join(file);
        let same = fs::read(&path).is_ok_and(|now| now == output.stdout);
        if !same {
            fs::write(&path, &output.stdout)?;
        }
        note(&format!("{file}{}", if same { " is as it was" } else { "" }));
    }
    Ok(())
}
