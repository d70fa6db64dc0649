//! From the channels of a slice to PNG files.

use super::Meaning;
use crate::nifti::{LabelStats, Voxels, label_stats};
use crate::raster::{Encoded, encode};
use crate::volume_file::to_voxels;
use std::collections::BTreeMap;
use voxloom_sdk::prelude::*;

/// One PNG file to be.
#[derive(Debug)]
pub(super) struct Sheet {
    pub encoded: Encoded,
    /// Of labels: every one but 0.
    pub labels: BTreeMap<i64, LabelStats>,
    /// Floats were scaled.
    pub scaled: bool,
}

/// The files of a volume `[1, H, W]` or `[C, 1, H, W]`: one for grey, one for colours, one a channel otherwise.
///
/// # Errors
/// Several slices, labels that are not whole numbers, values that do not fit.
pub(super) fn sheets(volume: &Volume, content: Meaning, range: [f64; 2]) -> Result<Vec<Sheet>, String> {
    let [d, h, w] = volume.size_zyx().map_err(|error| error.to_string())?;
    if d != 1 {
        return Err(format!("has {d} slices, and a PNG holds one; write it as NIfTI (`format: nifti`)"));
    }
    let n_channels = if volume.data.dim() == 3 { 1 } else { volume.data.size()[0] };
    let planes = volume.data.reshape([n_channels, h, w]);
    let colour = volume.meta.get("colour").and_then(Json::as_str);
    let colours = content == Meaning::Image && n_channels == 3 && colour.is_some_and(|colour| colour != "grey");
    let size = [w as usize, h as usize];
    match colours {
        true => Ok(vec![sheet(&planes, size, content, range)?]),
        false => (0..n_channels).map(|at| sheet(&planes.narrow(0, at, 1), size, content, range)).collect(),
    }
}

/// A file of planes `[1, H, W]` or `[3, H, W]`.
fn sheet(planes: &Tensor, size: [usize; 2], content: Meaning, range: [f64; 2]) -> Result<Sheet, String> {
    let (voxels, [w, h, n_channels]) = to_voxels(planes)?;
    let scaled = !voxels.are_integers();
    let (samples, labels, least_bits) = match content {
        Meaning::Labels if scaled => {
            return Err("labels must be whole numbers, these are floats; write them as an image, or round them first".into());
        }
        Meaning::Labels => {
            let labels = label_stats(&voxels, [w, h, n_channels]).unwrap_or_default();
            (voxels, labels, 8)
        }
        Meaning::Image if scaled => (scale(&voxels, range)?, BTreeMap::new(), 16),
        Meaning::Image => {
            let least_bits = if matches!(voxels, Voxels::U8(_)) { 8 } else { 16 };
            (voxels, BTreeMap::new(), least_bits)
        }
    };
    let encoded = encode(&samples, size, n_channels, least_bits).map_err(|fault| fault.to_string())?;
    Ok(Sheet { encoded, labels, scaled: scaled && content == Meaning::Image })
}

/// Values from `low` to `high` as whole numbers from 0 to 65535.
fn scale(voxels: &Voxels, [low, high]: [f64; 2]) -> Result<Voxels, String> {
    let one = |value: f64| match (low..=high).contains(&value) {
        true => Ok(((value - low) / (high - low) * 65_535.0).round() as i32),
        false => {
            Err(format!("holds {value}, and a PNG of floats goes from {low} to {high}; give another `range`, or clip the values"))
        }
    };
    let scaled: Result<Vec<i32>, String> = match voxels {
        Voxels::F32(values) => values.iter().map(|&value| one(value.into())).collect(),
        Voxels::F64(values) => values.iter().map(|&value| one(value)).collect(),
        _ => return Ok(voxels.clone()),
    };
    scaled.map(Voxels::I32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::{Use, decode};

    fn written(volume: &Volume, content: Meaning) -> Result<Vec<Voxels>, String> {
        let sheets = sheets(volume, content, [0.0, 1.0])?;
        Ok(sheets.iter().map(|sheet| decode(&sheet.encoded.bytes, Use::Image).unwrap().samples).collect())
    }

    fn volume(data: Tensor, colour: &str) -> Volume {
        let mut volume = Volume::new(data, crate::place::PICTURE);
        volume.meta.insert("colour".into(), colour.into());
        volume
    }

    #[test]
    fn probabilities_are_scaled_to_16_bits() {
        let small = volume(Tensor::from_slice(&[0.0_f32, 1.0, 0.5, 0.001]).view([1, 2, 2]), "grey");
        assert_eq!(written(&small, Meaning::Image).unwrap(), [Voxels::I32(vec![0, 65_535, 32_768, 66])]);
        for bad in [1.001_f32, -0.1, f32::NAN] {
            let fault = written(&volume(Tensor::from_slice(&[bad]).view([1, 1, 1]), "grey"), Meaning::Image).unwrap_err();
            assert!(fault.contains("and a PNG of floats goes from 0 to 1; give another `range`"), "{fault}");
        }
    }

    #[test]
    fn colours_are_one_file_and_other_channels_are_several() {
        let data = || Tensor::arange(6, (Kind::Uint8, Device::Cpu)).view([3, 1, 1, 2]);
        assert_eq!(written(&volume(data(), "rgb"), Meaning::Image).unwrap(), [Voxels::U8((0..6).collect())]);
        let apart = [Voxels::U8(vec![0, 1]), Voxels::U8(vec![2, 3]), Voxels::U8(vec![4, 5])];
        assert_eq!(written(&volume(data(), "rgb"), Meaning::Labels).unwrap(), apart);
        assert_eq!(written(&volume(data(), "grey"), Meaning::Image).unwrap(), apart);
    }

    #[test]
    fn images_keep_their_bits_and_labels_take_few() {
        let dark = volume(Tensor::from_slice(&[3_i32, 7]).view([1, 1, 2]), "grey");
        assert_eq!(written(&dark, Meaning::Image).unwrap(), [Voxels::I32(vec![3, 7])]);
        assert_eq!(written(&dark, Meaning::Labels).unwrap(), [Voxels::U8(vec![3, 7])]);
        let many = volume(Tensor::from_slice(&[3_i32, 300]).view([1, 1, 2]), "grey");
        assert_eq!(written(&many, Meaning::Labels).unwrap(), [Voxels::I32(vec![3, 300])]);
    }

    #[test]
    fn slices_and_float_labels_are_refused() {
        let thick = volume(Tensor::zeros([2, 1, 1], (Kind::Uint8, Device::Cpu)), "grey");
        assert_eq!(
            written(&thick, Meaning::Labels).unwrap_err(),
            "has 2 slices, and a PNG holds one; write it as NIfTI (`format: nifti`)"
        );
        let half = volume(Tensor::full([1, 1, 1], 0.5, (Kind::Float, Device::Cpu)), "grey");
        assert!(written(&half, Meaning::Labels).unwrap_err().starts_with("labels must be whole numbers"));
    }
}
