//! Volumes without a place in space: pictures. Nothing may pretend that their pixels have a size.

use voxloom_sdk::{Affine, Error, Json, Result, Volume};

/// `placed_by` of a volume's meta where nothing placed it.
pub const NOWHERE: &str = "none";

/// The grid of a picture: pixels of 1, the first column on the patient's right and the first row in front (LPS, as ITK), so that every
/// view shows it as it lies. A convention, not a place.
pub const PICTURE: Affine = Affine([[-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]);

/// Whether a volume has a place in space and voxels of a size.
pub fn is_placed(volume: &Volume) -> bool {
    volume.meta.get("placed_by").and_then(Json::as_str) != Some(NOWHERE)
}

/// # Errors
/// The volume has no place; `what` says what would need one, and what to do instead.
pub fn expect_placed(volume: &Volume, what: &str) -> Result<()> {
    match is_placed(volume) {
        true => Ok(()),
        false => {
            Err(Error::item(format!("{} is a picture without a place in space and a size of pixels: {what}", volume.name())))
        }
    }
}
