//! `imaging.read`: a case's image or label as a volume. What is legal in a file is decided in `nifti`.

use crate::geometry::{corner_distance, orientation};
use crate::nifti::{self, Image, Voxels};
use crate::volume_file::to_tensor;
use std::path::{Path, PathBuf};
use voxloom_sdk::prelude::*;

/// Which file of a case.
#[derive(Clone, Copy, Choice, Debug, PartialEq, Eq)]
pub enum Which {
    Image,
    Label,
}

/// Reads a case's image or label (NIfTI-1 and 2, gzipped or not, or a .hdr/.img pair).
///
/// # Values
/// Integers stay integers; scaled files become float32, or float64 where the stored type needs it. A label must hold whole
/// numbers and lie on its image's grid. Nothing is reoriented or resampled.
#[derive(Debug, Params)]
pub struct Read {
    /// Which file of the case.
    #[param(default = Which::Image)]
    pub which: Which,
}

impl Operator for Read {
    const NAME: &'static str = "imaging.read";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::of("case", "case").about("the case to read"))
            .output(Port::volume("volume").shape("[D, H, W]").about("voxels, their place, and the header of the file"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let meta: JsonMap = call.input::<Record>("case")?.get("meta", call)?;
        let path = |key: &str| meta.get(key).and_then(Json::as_str).map(PathBuf::from);
        let name = meta.get("name").and_then(Json::as_str).unwrap_or("?").to_owned();
        let image_path = path("image").ok_or_else(|| Error::item(format!("case {name} has no image")))?;
        let volume = match self.which {
            Which::Image => self.volume(&name, &image_path, nifti::read(&image_path)?),
            Which::Label => {
                let label_path = path("label")
                    .ok_or_else(|| Error::item(format!("case {name} has no label; give `imaging.cases` the labels' folder")))?;
                let mut label = nifti::read(&label_path)?;
                label.voxels = whole(label.voxels).map_err(|fault| Error::item(format!("{}: {fault}", label_path.display())))?;
                check_grid(&label, &label_path, &image_path)?;
                self.volume(&name, &label_path, label)
            }
        };
        if let Some(Json::Array(warnings)) = volume.meta.get("warnings") {
            for warning in warnings {
                call.warn(&format!("{name}: {}", warning.as_str().unwrap_or_default()));
            }
        }
        call.output("volume", volume)
    }
}

impl Read {
    fn volume(&self, name: &str, path: &Path, image: Image) -> Volume {
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

/// A label that lies elsewhere than its image would train and measure nonsense.
fn check_grid(label: &Image, label_path: &Path, image_path: &Path) -> Result<()> {
    let image = nifti::read_head(image_path)?;
    let (label_shape, label_place) = (label.shape_ijk, label.placement.affine);
    let fault = |what: String| {
        Error::item(format!(
            "{}: {what} {}; resample the label to the image, or pair them anew",
            label_path.display(),
            image_path.display()
        ))
    };
    if image.shape_ijk != label_shape {
        return Err(fault(format!("has {label_shape:?} voxels along i, j, k, {:?} has its image", image.shape_ijk)));
    }
    match corner_distance(&image.placement.affine, &label_place, label_shape) {
        distance if distance > 0.5 => Err(fault(format!("a corner lies {distance:.2} voxels off its image"))),
        _ => Ok(()),
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
