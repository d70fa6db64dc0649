//! A label map as a SEG beside the series it was made from.

use super::{Slices, is_dicom, series};
use crate::nifti::Voxels;
use std::collections::BTreeMap;
use std::path::PathBuf;
use voxloom_dicom::seg::{Request, encode};
use voxloom_sdk::prelude::*;

/// A label map and what it was made from.
pub(crate) struct Segments<'a> {
    pub voxels: &'a Voxels,
    pub shape_ijk: [usize; 3],
    pub volume: &'a Volume,
    pub case: &'a JsonMap,
    pub names: &'a BTreeMap<i64, String>,
    /// SeriesDescription.
    pub description: &'a str,
}

/// The bytes of a SEG.
///
/// # Errors
/// The source is no DICOM, a label does not fit, or as [`encode`].
pub(crate) fn segments(segments: &Segments) -> Result<Vec<u8>> {
    let (path, slices) = source(segments)?;
    if slices.is_none() && !is_dicom(&path) {
        let shown = path.display();
        return Err(Error::item(format!(
            "{shown}: a SEG refers to DICOM images, and this is none; write NIfTI (`format: nifti`)"
        )));
    }
    let labels = numbers(segments.voxels).map_err(Error::item)?;
    let names = segments
        .names
        .iter()
        .filter_map(|(label, name)| Some((u16::try_from(*label).ok().filter(|label| *label > 0)?, name.clone())));
    let request = Request {
        labels: &labels,
        shape_ijk: segments.shape_ijk,
        affine: &segments.volume.affine.0,
        names: &names.collect(),
        source: &series(&path, slices.as_ref())?,
        description: segments.description,
    };
    Ok(encode(&request)?)
}

/// The case's image; without a case, what the volume was read from.
fn source(segments: &Segments) -> Result<(PathBuf, Option<Slices>)> {
    let text = |map: &JsonMap, key: &str| map.get(key).and_then(Json::as_str).map(PathBuf::from);
    let meta = &segments.volume.meta;
    if let Some(image) = text(segments.case, "image") {
        return Ok((image, Slices::of_case(segments.case)?));
    }
    let path = text(meta, "source").ok_or_else(|| Error::item("a SEG refers to its source; connect `case`"))?;
    Ok((path, Slices::of_meta(meta)?))
}

fn numbers(voxels: &Voxels) -> Result<Vec<u16>, String> {
    fn all<T: Copy + TryInto<u16> + std::fmt::Display>(values: &[T]) -> Result<Vec<u16>, String> {
        let one = |value: &T| (*value).try_into().map_err(|_| format!("label {value} does not fit; a SEG holds 0 to 65535"));
        values.iter().map(one).collect()
    }
    match voxels {
        Voxels::U8(values) => all(values),
        Voxels::I8(values) => all(values),
        Voxels::I16(values) => all(values),
        Voxels::I32(values) => all(values),
        Voxels::I64(values) => all(values),
        Voxels::F32(_) | Voxels::F64(_) => Err("labels must be whole numbers, these are floats".into()),
    }
}

/// What a SEG is called.
pub(crate) const ENDING: &str = ".dcm";

/// The description of a result: what stands behind the case's name, or a word.
pub(crate) fn description(suffix: &str) -> &str {
    let words = suffix.trim_matches(['_', '-', ' ', '.']);
    if words.is_empty() { "Segmentation" } else { words }
}
