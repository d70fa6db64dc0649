//! `cargo xtask demo`: the main job on the repository's own volumes.

use crate::build;
use crate::step::run;
use crate::tree::Tree;
use anyhow::Result;
use std::process::Command;

/// Builds, then segments the hippocampus volumes with the weights that lie in the repository. `rest` goes to `voxloom run`.
///
/// # Errors
/// Whatever set-up misses; a run that does not end well.
pub fn demo(tree: &Tree, rest: &[String]) -> Result<()> {
    build::build(tree)?;
    let mut command = Command::new(tree.program());
    command.current_dir(&tree.root);
    command.args(["run", "pipelines/dodnet/segment.json", "--set", "output=out", "--report", "out/report.json"]).args(rest);
    run("DoDNet on hippocampus volumes that it was not trained on", &mut command)?;
    crate::step::say("Label volumes, previews and report.json are in out/");
    Ok(())
}
