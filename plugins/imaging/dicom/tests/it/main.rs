//! Integration tests of the DICOM library, in one binary.

// Real files.
mod deep_jpeg;
mod fuzz;
mod manifest;
mod manifests;

// Made ones.
mod choices;
mod enhanced;
mod lost;
mod make;
mod mosaics;
mod origins;
mod segmentations;
mod stacks;
mod strangers;

use std::path::PathBuf;

/// Folders of DICOM files with a `manifest.tsv`: those of the repository, and those that `VOXLOOM_DICOM_DATA` names
/// (separated by colons), with the folders below them.
fn folders() -> Vec<PathBuf> {
    let mut folders = vec![data()];
    let more = std::env::var_os("VOXLOOM_DICOM_DATA").unwrap_or_default();
    let mut left: Vec<PathBuf> = std::env::split_paths(&more).filter(|path| !path.as_os_str().is_empty()).collect();
    while let Some(folder) = left.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        left.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()));
        folders.push(folder);
    }
    folders.retain(|folder| folder.join("manifest.tsv").exists());
    folders.sort();
    folders
}

/// The files of the repository.
fn data() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/data/dicom_odd"))
}
