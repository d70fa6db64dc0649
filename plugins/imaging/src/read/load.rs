//! One file as a volume, whichever format it has.

use crate::dicom::{self, Slices};
use crate::formats::Format;
use crate::geometry::{Matrix, corner_distance, orientation};
use crate::nifti::{self, Image, Voxels};
use crate::place::{NOWHERE, PICTURE, is_placed};
use crate::raster::{self, Picture, Use};
use crate::reorient::turn_grid;
use crate::volume_file::to_tensor;
use crate::write::Meaning;
use std::path::Path;
use voxloom_sdk::prelude::*;

/// The image of a case, and its slices where it is a series.
pub(super) type Beside<'a> = (&'a Path, Option<&'a Slices>);

/// Reads a file; `image` is what labels belong to.
///
/// # Errors
/// A file that is not one whole volume, or labels that are not whole numbers; the text names the file.
pub(super) fn load(name: &str, path: &Path, content: Meaning, image: Option<Beside<'_>>) -> Result<Volume> {
    match Format::of(path) {
        Format::Dicom if content == Meaning::Labels => dicom::labels(name, path, image),
        Format::Dicom => dicom::volume(name, path, None),
        Format::Nifti => {
            let mut image = nifti::read(path)?;
            if content == Meaning::Labels {
                image.voxels = whole(image.voxels).map_err(|fault| Error::item(format!("{}: {fault}", path.display())))?;
            }
            Ok(of_nifti(name, path, image))
        }
        Format::Png => {
            let purpose = if content == Meaning::Labels { Use::Labels } else { Use::Image };
            Ok(of_picture(name, path, raster::read(path, purpose)?))
        }
    }
}

fn of_nifti(name: &str, path: &Path, image: Image) -> Volume {
    let mut meta = json!({
        "name": name,
        "source": path.to_string_lossy(),
        "dtype": image.stored.name(),
        "placed_by": image.placement.source.name(),
        "orientation": orientation(&image.placement.affine).map(|code| String::from_utf8_lossy(&code).into_owned()),
    });
    if let Some(scaling) = image.scaling {
        meta["scaling"] = json!({ "slope": scaling.slope, "inter": scaling.inter });
    }
    if !image.warnings.is_empty() {
        meta["warnings"] = json!(image.warnings);
    }
    Volume {
        data: to_tensor(&image.voxels, image.shape_ijk),
        affine: Affine(image.placement.affine),
        meta: meta.as_object().cloned().unwrap_or_default(),
        header: Some(Tensor::from_slice(&image.header_bytes())),
    }
}

fn of_picture(name: &str, path: &Path, picture: Picture) -> Volume {
    let meta = json!({
        "name": name,
        "source": path.to_string_lossy(),
        "dtype": format!("uint{}", picture.bits),
        "placed_by": NOWHERE,
        "format": "png",
        "colour": picture.colour.name(),
    });
    // Planes lie one after the other, as slices do.
    let planes = to_tensor(&picture.samples, [picture.width, picture.height, picture.n_channels]);
    let data = if picture.n_channels == 1 { planes } else { planes.unsqueeze(1) };
    Volume { data, affine: PICTURE, meta: meta.as_object().cloned().unwrap_or_default(), header: None }
}

/// Floats that are whole numbers as integers; many tools store labels so.
fn whole(voxels: Voxels) -> Result<Voxels, String> {
    // Above 2^53 a float64 no longer tells neighbours apart; above 2^24 a float32.
    let check = |value: f64, most: f64| match value.fract() == 0.0 && value.abs() <= most {
        true => Ok(value as i64),
        false => Err(format!("a label must hold whole numbers, found {value}; is it an image or a probability map?")),
    };
    Ok(match voxels {
        Voxels::F32(values) => {
            shrink(values.into_iter().map(|value| check(value.into(), 16_777_216.0)).collect::<Result<_, _>>()?)
        }
        Voxels::F64(values) => {
            shrink(values.into_iter().map(|value| check(value, 9_007_199_254_740_992.0)).collect::<Result<_, _>>()?)
        }
        integers => integers,
    })
}

fn shrink(values: Vec<i64>) -> Voxels {
    let voxels = Voxels::I64(values);
    voxels.narrowed().unwrap_or(voxels)
}

/// What a header says of its volume: sizes along i, j, k, and where it lies; pictures lie nowhere.
fn head((path, slices): Beside) -> Result<([usize; 3], Option<Matrix>)> {
    match Format::of(path) {
        Format::Nifti if slices.is_none() => {
            nifti::read_head(path).map(|head| (head.shape_ijk, Some(head.placement.affine))).map_err(Error::from)
        }
        Format::Png if slices.is_none() => {
            raster::read_size(path).map(|[width, height]| ([width, height, 1], None)).map_err(Error::from)
        }
        _ => dicom::head(path, slices),
    }
}

/// Labels on their image's grid. What converters make of DICOM runs along the same axes in another order or direction, so that labels
/// of a DICOM image are turned to it; any other difference is refused.
///
/// # Errors
/// Another size, or another place; one of the two has no place.
pub(super) fn fit(label: Volume, label_path: &Path, image: Beside) -> Result<Volume> {
    let head = head(image)?;
    let code = head.1.filter(|_| is_series(image) && is_placed(&label)).and_then(|place| orientation(&place));
    let label = match code {
        Some(code) => turn_grid(&label, code)?,
        None => label,
    };
    check_grid(&label, label_path, image.0, head)?;
    Ok(label)
}

fn is_series((path, slices): Beside) -> bool {
    slices.is_some() || Format::of(path) == Format::Dicom
}

/// A label that lies elsewhere than its image would train and measure nonsense.
fn check_grid(label: &Volume, label_path: &Path, image_path: &Path, head: ([usize; 3], Option<Matrix>)) -> Result<()> {
    let [d, h, w] = label.size_zyx()?.map(|size| size as usize);
    let (label_shape, (image_shape, image_place)) = ([w, h, d], head);
    let label_place = is_placed(label).then_some(label.affine.0);
    let fault = |what: String| {
        Error::item(format!(
            "{}: {what} {}; resample the label to the image, or pair them anew",
            label_path.display(),
            image_path.display()
        ))
    };
    if image_shape != label_shape {
        return Err(fault(format!("has {label_shape:?} voxels along i, j, k, {image_shape:?} has its image")));
    }
    match (label_place, image_place) {
        (None, None) => Ok(()),
        (Some(label), Some(image)) => match corner_distance(&image, &label, label_shape) {
            distance if distance > 0.5 => Err(fault(format!("a corner lies {distance:.2} voxels off its image"))),
            _ => Ok(()),
        },
        (None, Some(_)) => Err(fault("is a picture without a place in space, which its image has:".into())),
        (Some(_), None) => Err(fault("has a place in space, and its image is a picture without one:".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_labels_become_integers_or_are_refused() {
        assert_eq!(whole(Voxels::F32(vec![0.0, 3.0])).unwrap(), Voxels::U8(vec![0, 3]));
        assert_eq!(whole(Voxels::F64(vec![-1.0, 300.0])).unwrap(), Voxels::I16(vec![-1, 300]));
        assert_eq!(whole(Voxels::I32(vec![7])).unwrap(), Voxels::I32(vec![7]));
        for bad in [0.5, f32::NAN, f32::INFINITY, 2.0e9] {
            assert!(whole(Voxels::F32(vec![bad])).unwrap_err().starts_with("a label must hold whole numbers"), "{bad}");
        }
    }
}
