//! Volumes as pictures and scans.

use crate::augment::{Grid, Picture};
use voxloom_sdk::prelude::*;

/// A volume of one slice as an 8-bit picture. `window` brings other numbers to 8 bit.
///
/// # Errors
/// Several slices, other than one or three channels, numbers of another type without a window.
pub fn picture(volume: &Volume, window: Option<[f64; 2]>) -> Result<Picture> {
    let data = slice(volume, "image")?;
    let data = match window {
        Some([low, high]) => {
            let unit = (data.to_kind(Kind::Double) - low) / (high - low);
            (unit.clamp(0.0, 1.0) * 255.0).round().to_kind(Kind::Uint8)
        }
        None if data.kind() == Kind::Uint8 => data,
        None => {
            let kind = voxloom_sdk::dtype_name(data.kind());
            return Err(Error::item(format!(
                "`image` holds {kind}, expected uint8: say in `window` which values are black and white"
            )));
        }
    };
    Ok(Picture::new(&data)?)
}

/// `[C, H, W]` of a volume with one slice.
///
/// # Errors
/// Several slices.
pub fn slice(volume: &Volume, port: &str) -> Result<Tensor> {
    match volume.data.size()[..] {
        [1, _, _] => Ok(volume.data.shallow_clone()),
        [_, 1, _, _] => Ok(volume.data.squeeze_dim(1)),
        ref other => Err(Error::item(format!("`{port}` is {other:?}, expected one slice: [1, H, W] or [C, 1, H, W]"))),
    }
}

/// A volume as numbers in the order x, y, z, with its spacing in that order.
///
/// # Errors
/// Several channels, no voxels.
pub fn scan(volume: &Volume) -> Result<(Grid, [f64; 3])> {
    let data = match volume.data.size()[..] {
        [_, _, _] => volume.data.shallow_clone(),
        [1, _, _, _] => volume.data.squeeze_dim(0),
        ref other => return Err(Error::item(format!("`volume` is {other:?}, expected [D, H, W]"))),
    };
    let [z, y, x] = volume.affine.spacing_zyx();
    Ok((Grid::new(&data.permute([2, 1, 0]))?, [x, y, z]))
}

/// Two numbers, the first below the second.
pub fn rising(name: &str, [low, high]: [f64; 2]) -> Result<()> {
    if low < high { Ok(()) } else { Err(Error::param(name, format!("must rise, got {low} to {high}"))) }
}

/// Two numbers, the first not above the second.
pub fn not_falling(name: &str, [low, high]: [f64; 2]) -> Result<()> {
    if low <= high { Ok(()) } else { Err(Error::param(name, format!("must not fall, got {low} to {high}"))) }
}
