//! Several files of one grid as the channels of one volume.

use crate::geometry::corner_distance;
use crate::reorient::shape_ijk;
use std::path::{Path, PathBuf};
use voxloom_sdk::{dtype_name, prelude::*};

/// Voxels at a corner within which two files have one grid: above what float32 headers lose over a thousand voxels.
const SAME_GRID: f64 = 0.01;

/// Joins volumes `[D, H, W]` to one `[C, D, H, W]` with the place, header and meta of the first, and `sources` for all.
///
/// # Errors
/// Another size, place or element type than the first, or a file of several channels; the text names the file.
pub(super) fn join(files: Vec<(PathBuf, Volume)>) -> Result<Volume> {
    let Some((first_path, first)) = files.first() else { return Err(Error::item("a list of no file makes no volume")) };
    for (path, volume) in &files {
        fits(path, volume, first_path, first)?;
    }
    let voxels: Vec<&Tensor> = files.iter().map(|(_, volume)| &volume.data).collect();
    let mut joined = first.with_data(Tensor::f_stack(&voxels, 0)?);
    let sources = files.iter().map(|(path, _)| path.to_string_lossy().into_owned());
    joined.meta.insert("sources".into(), sources.collect::<Vec<_>>().into());
    let warnings = files.iter().filter_map(|(_, volume)| volume.meta.get("warnings").and_then(Json::as_array)).flatten();
    let warnings: Vec<Json> = warnings.cloned().collect();
    if !warnings.is_empty() {
        joined.meta.insert("warnings".into(), warnings.into());
    }
    Ok(joined)
}

fn fits(path: &Path, volume: &Volume, first_path: &Path, first: &Volume) -> Result<()> {
    let fault = |what: String| {
        Error::item(format!(
            "{}: {what}; files of a list become channels of one volume, so they must have one grid and one element type",
            path.display()
        ))
    };
    if volume.data.dim() != 3 {
        return Err(fault(format!("has {} channels itself", volume.data.size()[0])));
    }
    let (shape, wanted) = (shape_ijk(volume)?, shape_ijk(first)?);
    let first_name = first_path.display();
    if shape != wanted {
        return Err(fault(format!("has {shape:?} voxels along i, j, k, {first_name} has {wanted:?}")));
    }
    if volume.data.kind() != first.data.kind() {
        let (kind, wanted) = (dtype_name(volume.data.kind()), dtype_name(first.data.kind()));
        return Err(fault(format!("holds {kind}, {first_name} holds {wanted}")));
    }
    if volume.meta.get("placed_by") == first.meta.get("placed_by") && volume.affine == first.affine {
        return Ok(());
    }
    let placed = [volume, first].map(crate::place::is_placed);
    if placed[0] != placed[1] {
        let (this, other) = if placed[0] { ("has a place in space", "none") } else { ("has no place in space", "one") };
        return Err(fault(format!("{this}, {first_name} has {other}")));
    }
    match corner_distance(&first.affine.0, &volume.affine.0, shape) {
        distance if distance > SAME_GRID => Err(fault(format!("a corner lies {distance:.2} voxels off {first_name}"))),
        _ => Ok(()),
    }
}
