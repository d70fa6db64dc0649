//! A series as a volume, and a SEG as labels on its image's grid.

use super::{Slices, series};
use crate::geometry::{Matrix, orientation};
use crate::nifti::Voxels;
use crate::place::NOWHERE;
use crate::volume_file::to_tensor;
use std::path::Path;
use voxloom_dicom::seg::{Segmentation, is_segmentation};
use voxloom_dicom::{Place, Values, Volume as Scan, grid};
use voxloom_sdk::prelude::*;

/// Reads the series of a path, or of its slices where they are known.
///
/// # Errors
/// The files do not make one volume; the text names them.
pub(crate) fn volume(name: &str, path: &Path, slices: Option<&Slices>) -> Result<Volume> {
    let scan = Scan::read(&series(path, slices)?)?;
    let mut meta = json!({
        "name": name,
        "source": path.to_string_lossy(),
        "dtype": scan.stored,
        "placed_by": placed_by(scan.place),
        "orientation": code(&scan.affine),
        "format": "dicom",
        "modality": scan.modality,
    });
    if let Some(slices) = slices {
        slices.describe(&mut meta);
    }
    if scan.channels == 3 {
        meta["colour"] = json!("rgb");
    }
    if !scan.warnings.is_empty() {
        meta["warnings"] = json!(scan.warnings);
    }
    let [i, j, k] = scan.shape_ijk;
    // Channels lie one after the other, as slices do.
    let data = to_tensor(&voxels(scan.values), [i, j, k * scan.channels]);
    let data = match scan.channels {
        1 => data,
        n => data.view([n, k, j, i].map(|size| size as i64)),
    };
    Ok(Volume { data, affine: Affine(scan.affine), meta: meta.as_object().cloned().unwrap_or_default(), header: None })
}

fn placed_by(place: Place) -> &'static str {
    match place {
        Place::Patient => "patient",
        Place::Spacing(_) => "spacing",
        Place::Nowhere => NOWHERE,
    }
}

fn code(affine: &Matrix) -> Option<String> {
    orientation(affine).map(|code| String::from_utf8_lossy(&code).into_owned())
}

fn voxels(values: Values) -> Voxels {
    match values {
        Values::U8(values) => Voxels::U8(values),
        Values::I16(values) => Voxels::I16(values),
        Values::I32(values) => Voxels::I32(values),
        Values::I64(values) => Voxels::I64(values),
        Values::F32(values) => Voxels::F32(values),
        Values::F64(values) => Voxels::F64(values),
    }
}

/// Labels from DICOM: a SEG, put onto the grid of the image it belongs to, or an image of whole numbers.
///
/// # Errors
/// A SEG without an image in DICOM, or on another grid; an image that holds no whole numbers.
pub(crate) fn labels(name: &str, path: &Path, image: Option<(&Path, Option<&Slices>)>) -> Result<Volume> {
    if path.is_dir() || !is_segmentation(path)? {
        let volume = volume(name, path, None)?;
        return match volume.data.is_floating_point() {
            false => Ok(volume),
            true => {
                Err(Error::item(format!("{}: a label must hold whole numbers, these are rescaled to floats", path.display())))
            }
        };
    }
    let shown = path.display();
    let (image, slices) = image.filter(|(image, slices)| slices.is_some() || super::is_dicom(image)).ok_or_else(|| {
        Error::item(format!("{shown}: a SEG is read as the label of a case whose image is the DICOM series it refers to"))
    })?;
    let source = series(image, slices)?;
    let stack = grid(&source)?;
    let segmentation = Segmentation::open(path)?;
    let numbers =
        segmentation.label_map(stack.shape_ijk, &stack.affine).map_err(|fault| Error::item(format!("{shown}: {fault}")))?;
    let most = segmentation.segments.iter().map(|segment| segment.number).max().unwrap_or(0);
    let voxels = match u8::try_from(most) {
        Ok(_) => Voxels::U8(numbers.into_iter().map(|number| number as u8).collect()),
        Err(_) => Voxels::I32(numbers.into_iter().map(i32::from).collect()),
    };
    let names: JsonMap =
        segmentation.segments.iter().map(|segment| (segment.number.to_string(), segment.name.clone().into())).collect();
    let meta = json!({
        "name": name,
        "source": path.to_string_lossy(),
        "dtype": "bits",
        "placed_by": placed_by(stack.place),
        "orientation": code(&stack.affine),
        "format": "dicom",
        "labels": names,
    });
    let data = to_tensor(&voxels, stack.shape_ijk);
    Ok(Volume { data, affine: Affine(stack.affine), meta: meta.as_object().cloned().unwrap_or_default(), header: None })
}

/// What the heads of a series say of its volume: sizes along i, j, k, and where it lies, if anywhere.
///
/// # Errors
/// As [`volume`].
pub(crate) fn head(path: &Path, slices: Option<&Slices>) -> Result<([usize; 3], Option<Matrix>)> {
    let stack = grid(&series(path, slices)?)?;
    Ok((stack.shape_ijk, (stack.place != Place::Nowhere).then_some(stack.affine)))
}
