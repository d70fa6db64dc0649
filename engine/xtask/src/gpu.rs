//! `cargo xtask gpu`: one archive with all that a machine with a GPU needs to try the CUDA lanes.

use crate::build;
use crate::step::{note, run};
use crate::tree::Tree;
use anyhow::Result;
use std::fs;
use std::process::Command;

/// The script that the archive is unpacked for.
const SCRIPT: &str = include_str!("../gpu/try.py");

/// Packs program, plugins, pipelines, weights and the script into `target/voxloom-gpu.tar.gz`.
///
/// # Errors
/// The build fails, or `tar` does.
pub fn pack(tree: &Tree) -> Result<()> {
    build::build(tree)?;
    let folder = tree.root.join("target/voxloom-gpu");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("try.py"), SCRIPT)?;
    let copy = |what: &str, from: std::path::PathBuf| {
        let mut command = Command::new("cp");
        command.arg("-rL").arg(from).arg(&folder);
        run(what, &mut command)
    };
    copy("The program", tree.program())?;
    copy("Its plugins", tree.plugins())?;
    copy("Pipelines with their weights and volumes", tree.root.join("pipelines"))?;
    let mut tar = Command::new("tar");
    tar.current_dir(tree.root.join("target")).args(["-czf", "voxloom-gpu.tar.gz", "voxloom-gpu"]);
    run("The archive", &mut tar)?;
    note("target/voxloom-gpu.tar.gz: unpack it on the machine with the GPU and run `python3 try.py`");
    Ok(())
}
