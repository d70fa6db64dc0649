//! Weights that lack what this network has: plain backbones, and networks of another scale.

use std::path::Path;
use voxloom_sdk::prelude::*;
use voxloom_sdk::tensor_of;
use voxloom_weights::Dtype;

/// Metadata key under which a saved module keeps what is not a tensor.
const EXTRA: &str = "voxloom.extra";

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
    let extra = file.metadata.get(EXTRA).map(|text| serde_json::from_str(text)).transpose()?.unwrap_or(Json::Null);
    file.strip_prefix("module.");
    let (mut copies, mut fresh, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for entry in state {
        let target = tensor_of(&entry.value)?;
        let optional =
            (allowed.seab && entry.name.contains(".seab.")) || (allowed.enlarging && entry.name.starts_with(ENLARGING));
        match file.get(&entry.name).map(tensor).transpose()? {
            Some(found) if found.size() == target.size() => copies.push((target, found)),
            Some(_) | None if optional => fresh.push(entry.name.clone()),
            Some(found) => wrong.push(format!("`{}` is {:?}, expected {:?}", entry.name, found.size(), target.size())),
            None => wrong.push(format!("`{}` is missing", entry.name)),
        }
    }
    for found in &file.tensors {
        let known = state.iter().any(|entry| entry.name == found.name);
        let shift = allowed.seab && (found.name.starts_with("sub_mean.") || found.name.starts_with("add_mean."));
        let enlarging = allowed.enlarging && found.name.starts_with(ENLARGING);
        if !(known || shift || enlarging) {
            wrong.push(format!("`{}` is not known to this network", found.name));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::item(format!("{}: {}", path.display(), wrong.join("; "))));
    }
    tch::no_grad(|| copies.into_iter().for_each(|(mut target, found)| target.copy_(&found)));
    Ok(Loaded { fresh, extra })
}

const ENLARGING: &str = "tail.0.";

fn tensor(found: &voxloom_weights::Tensor) -> Result<Tensor> {
    let kind = match found.dtype {
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::I64 => Kind::Int64,
        other => return Err(Error::item(format!("`{}` holds {}, expected numbers of a network", found.name, other.name()))),
    };
    let size: Vec<i64> = found.shape.iter().map(|&n| n as i64).collect();
    Ok(Tensor::f_from_data_size(&found.bytes, &size, kind)?)
}
