//! Puts the built plugins into `target/release/plugins`, where the program looks for them.

use crate::step::{cargo, note, say};
use crate::tree::Tree;
use anyhow::{Context, Result, bail};
use serde_json::Value as Json;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Copies every plugin of the workspace that is built and takes away what no plugin of the workspace is.
///
/// A copy is written beside its place and renamed, so that a running program keeps the file it has mapped.
///
/// # Errors
/// `cargo metadata` fails, or the folder cannot be written.
pub fn install(tree: &Tree) -> Result<()> {
    say("Plugins beside the program");
    let folder = tree.plugins();
    fs::create_dir_all(&folder)?;
    let names = libraries(tree)?;
    for name in &names {
        let built = tree.release().join(name);
        if !built.exists() {
            note(&format!("{name} is not built yet"));
            continue;
        }
        place(&built, &folder.join(name)).with_context(|| format!("could not put {name} into {}", folder.display()))?;
    }
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if !names.iter().any(|name| entry.file_name() == name.as_str()) {
            note(&format!("{} is no plugin of this workspace: removed", entry.file_name().to_string_lossy()));
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// File names of the plugins: libraries of kind `cdylib` among the workspace's packages below `plugins/`.
fn libraries(tree: &Tree) -> Result<Vec<String>> {
    let output = cargo(tree).args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"]).output()?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata: Json = serde_json::from_slice(&output.stdout).context("cargo metadata did not print JSON")?;
    Ok(cdylibs(&metadata, &tree.root.join("plugins")))
}

fn cdylibs(metadata: &Json, below: &Path) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut names: Vec<String> = packages
        .filter(|package| Path::new(package["manifest_path"].as_str().unwrap_or("")).starts_with(below))
        .flat_map(|package| package["targets"].as_array().into_iter().flatten())
        .filter(|target| target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib")))
        .filter_map(|target| Some(format!("lib{}.so", target["name"].as_str()?.replace('-', "_"))))
        .collect();
    names.sort();
    names
}

/// Puts one library in its place, without the debug information, which is most of it and stays in the original.
fn place(built: &Path, place: &Path) -> Result<()> {
    let made = fs::metadata(built)?.modified()?;
    if fs::metadata(place).and_then(|now| now.modified()).is_ok_and(|now| now >= made) {
        return Ok(());
    }
    let beside = place.with_extension(format!("so.{}.tmp", std::process::id()));
    let stripped = Command::new("strip").arg("--strip-debug").arg("-o").arg(&beside).arg(built).stderr(Stdio::null()).status();
    if !stripped.is_ok_and(|status| status.success()) {
        fs::copy(built, &beside)?;
    }
    fs::rename(&beside, place)?;
    note(&place.file_name().unwrap_or_default().to_string_lossy());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::cdylibs;
    use std::path::Path;

    #[test]
    fn only_shared_libraries_below_plugins_count() {
        let metadata = serde_json::json!({ "packages": [
            { "manifest_path": "/v/plugins/train/Cargo.toml", "targets": [{ "kind": ["cdylib", "rlib"], "name": "voxloom_train" }, { "kind": ["test"], "name": "it" }] },
            { "manifest_path": "/v/plugins/bad/Cargo.toml", "targets": [{ "kind": ["lib"], "name": "bad" }] },
            { "manifest_path": "/v/engine/x/Cargo.toml", "targets": [{ "kind": ["cdylib"], "name": "x" }] },
        ] });
        assert_eq!(cdylibs(&metadata, Path::new("/v/plugins")), ["libvoxloom_train.so"]);
    }
}
