//! Weights that lack what this network has: plain backbones, and networks of another scale.

use std::path::Path;
use voxloom_parts::Copies;
use voxloom_sdk::prelude::*;
use voxloom_sdk::{extra_of_file, tensor_of, tensor_of_file};

/// What a file may lack.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    /// Every `….seab.…`; colour shifts of photographs (`sub_mean`, `add_mean`) are passed over.
    pub seab: bool,
    /// `tail.0.…`, which may also have other shapes.
    pub enlarging: bool,
}

/// What a file gave.
pub struct Loaded {
    /// Names that keep their initial values.
    pub fresh: Vec<String>,
    /// What the file keeps that is not a tensor.
    pub extra: Json,
}

/// Copies a checkpoint into `state`, except for what is allowed to be missing.
///
/// # Errors
/// The file cannot be read; something else is missing, has another shape or is not known; then nothing is changed.
pub fn load(state: &[State], path: &Path, allowed: Allowed) -> Result<Loaded> {
    let mut file = voxloom_weights::read(path)?;
    let extra = extra_of_file(&file)?;
    file.strip_prefix("module.");
    let (mut copies, mut fresh) = (Copies::default(), Vec::new());
    for entry in state {
        let target = tensor_of(&entry.value)?;
        let optional =
            (allowed.seab && entry.name.contains(".seab.")) || (allowed.enlarging && entry.name.starts_with(ENLARGING));
        match file.get(&entry.name).map(tensor_of_file).transpose()? {
            Some(found) if found.size() == target.size() => copies.add(&entry.name, &target, found),
            Some(_) | None if optional => fresh.push(entry.name.clone()),
            Some(found) => copies.add(&entry.name, &target, found),
            None => copies.missing(&entry.name),
        }
    }
    for found in &file.tensors {
        let known = state.iter().any(|entry| entry.name == found.name);
        let shift = allowed.seab && (found.name.starts_with("sub_mean.") || found.name.starts_with("add_mean."));
        let enlarging = allowed.enlarging && found.name.starts_with(ENLARGING);
        if !(known || shift || enlarging) {
            copies.unknown(&found.name);
        }
    }
    copies.finish().map_err(|wrong| Error::item(format!("{}: {}", path.display(), wrong.join("; "))))?;
    Ok(Loaded { fresh, extra })
}

const ENLARGING: &str = "tail.0.";
