//! `imaging.reorient`: turns a volume to another orientation and back, by permuting and flipping axes only.

use crate::geometry::{Code, Plan, corner_distance, orientation, parse_code, plan};
use crate::place::{expect_placed, is_placed};
use voxloom_sdk::params::ParamType;
use voxloom_sdk::prelude::*;

/// An orientation code as a parameter, such as `RAS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation(pub Code);

impl ParamType for Orientation {
    fn schema() -> Json {
        json!({ "type": "string" })
    }

    fn parse(json: &Json) -> Result<Self> {
        let text = json.as_str().ok_or_else(|| Error::param("", format!("must be text such as RAS, got {json}")))?;
        parse_code(text).map(Self).map_err(|fault| Error::param("", fault))
    }

    fn to_json(&self) -> Json {
        String::from_utf8_lossy(&self.0).into()
    }
}

/// Turns a volume to an orientation by permuting and flipping axes; no value changes and no voxel moves.
///
/// # Way back
/// With `like`, the volume gets the orientation of `like` again, and with it the header of `like`'s file, byte for byte.
#[derive(Debug, Params)]
pub struct Reorient {
    /// Sides of the body towards which i, j, k run, as nibabel names them. Not used with `like`.
    #[param(default = Orientation(*b"RAS"))]
    pub to: Orientation,
}

impl Operator for Reorient {
    const NAME: &'static str = "imaging.reorient";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").shape("[…, D, H, W]"))
            .input(Port::volume("like").optional().about("the volume whose orientation, grid and header the result has"))
            .output(Port::volume("volume"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let turned = match call.optional::<Volume>("like")? {
            None => turn_volume(&volume, self.to.0)?,
            Some(like) => turn_like(&volume, &like)?,
        };
        call.output("volume", turned)
    }
}

/// Turns a volume; its header goes along only where nothing moves.
///
/// # Errors
/// A matrix that cannot place a volume, or a picture without a place.
pub fn turn_volume(volume: &Volume, target: Code) -> Result<Volume> {
    if !is_placed(volume) && orientation(&volume.affine.0) != Some(target) {
        expect_placed(volume, "it has no sides of a body to be turned to")?;
    }
    turn_grid(volume, target)
}

/// The same for anything with a grid, pictures too.
///
/// # Errors
/// A matrix that cannot place a volume.
pub(crate) fn turn_grid(volume: &Volume, target: Code) -> Result<Volume> {
    let plan = plan(&volume.affine.0, shape_ijk(volume)?, target).ok_or_else(|| singular(volume))?;
    if plan.is_identity() {
        return Ok(volume.with_data(volume.data.shallow_clone()));
    }
    let mut turned = volume.with_grid(turn(&volume.data, &plan), Affine(plan.affine));
    turned.meta.insert("orientation".into(), String::from_utf8_lossy(&target).into());
    Ok(turned)
}

fn turn_like(volume: &Volume, like: &Volume) -> Result<Volume> {
    let target = orientation(&like.affine.0).ok_or_else(|| singular(like))?;
    let mut turned = turn_volume(volume, target)?;
    let (found, wanted) = (shape_ijk(&turned)?, shape_ijk(like)?);
    if found != wanted {
        return Err(Error::item(format!(
            "has {found:?} voxels along i, j, k after the turn, `like` has {wanted:?}; resample it to `like` first"
        )));
    }
    let distance = corner_distance(&like.affine.0, &turned.affine.0, wanted);
    if distance > SAME_GRID {
        return Err(Error::item(format!(
            "a corner lies {distance:.3} voxels off `like` after the turn; resample it to `like` first"
        )));
    }
    // The way there and back may cost the last bit of an offset; the original has it.
    turned.affine = like.affine;
    turned.header = like.header.as_ref().map(Tensor::shallow_clone);
    Ok(turned)
}

/// Voxels at a corner within which two grids are one: far above rounding, far below what can be seen.
pub(crate) const SAME_GRID: f64 = 1e-3;

fn singular(volume: &Volume) -> Error {
    Error::item(format!("the affine of {} flattens space: {:?}", volume.name(), volume.affine.0))
}

pub(crate) fn shape_ijk(volume: &Volume) -> Result<[usize; 3]> {
    let [d, h, w] = volume.size_zyx()?;
    Ok([w, h, d].map(|size| size as usize))
}

/// Permutes and flips the last three axes of a tensor `[…, D, H, W]`.
pub fn turn(tensor: &Tensor, plan: &Plan) -> Tensor {
    let n = tensor.dim();
    // Axis i of the file is the last of the tensor.
    let at = |axis: usize| (n - 1 - axis) as i64;
    let mut order: Vec<i64> = (0..n as i64).collect();
    for (new, &old) in plan.permutation.iter().enumerate() {
        order[n - 1 - new] = at(old);
    }
    let flipped: Vec<i64> = (0..3).filter(|&axis| plan.flip[axis]).map(at).collect();
    tensor.permute(&order).flip(&flipped).contiguous()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume() -> Volume {
        let data = Tensor::arange(24, (Kind::Float, Device::Cpu)).view([2, 3, 4]);
        Volume::new(data, Affine([[0.0, 0.0, 2.0, -3.0], [-1.5, 0.1, 0.0, 5.0], [0.1, 1.0, 0.0, 7.0], [0.0, 0.0, 0.0, 1.0]]))
    }

    #[test]
    fn every_voxel_stays_where_it_is() {
        let before = volume();
        let after = turn_volume(&before, *b"RAS").unwrap();
        assert_eq!(after.data.size(), [3, 4, 2]);
        let (back, [i, j, k]) = (before.affine.inverse().unwrap(), shape_ijk(&after).unwrap());
        for (x, y, z) in (0..i).flat_map(|x| (0..j).flat_map(move |y| (0..k).map(move |z| (x, y, z)))) {
            let old = back
                .index_to_world(after.affine.index_to_world([x as f64, y as f64, z as f64]))
                .map(|value| value.round() as i64);
            let value = after.data.double_value(&[z as i64, y as i64, x as i64]);
            assert_eq!(value, before.data.double_value(&[old[2], old[1], old[0]]));
        }
    }

    #[test]
    fn like_brings_everything_back() {
        let mut before = volume();
        before.header = Some(Tensor::from_slice(&[1_u8, 2, 3]));
        let turned = turn_volume(&before, *b"LPS").unwrap();
        assert!(turned.header.is_none());
        let back = turn_like(&turned, &before).unwrap();
        assert_eq!((back.data.equal(&before.data), back.affine), (true, before.affine));
        assert!(back.header.unwrap().equal(&before.header.unwrap()));
    }

    #[test]
    fn like_on_another_grid_is_refused() {
        let (before, other) = (volume(), volume());
        let turned = turn_volume(&before, *b"RAS").unwrap();
        let smaller = other.with_data(other.data.narrow(0, 0, 1));
        let fault = turn_like(&turned, &smaller).unwrap_err().to_string();
        assert_eq!(fault, "has [4, 3, 2] voxels along i, j, k after the turn, `like` has [4, 3, 1]; resample it to `like` first");
        let mut moved = volume();
        moved.affine.0[0][3] += 1.0;
        let fault = turn_like(&turned, &moved).unwrap_err().to_string();
        assert_eq!(fault, "a corner lies 0.500 voxels off `like` after the turn; resample it to `like` first");
    }

    #[test]
    fn a_volume_that_lies_right_keeps_its_header() {
        let mut upright = Volume::new(Tensor::zeros([2, 2, 2], (Kind::Uint8, Device::Cpu)), Affine::IDENTITY);
        upright.header = Some(Tensor::from_slice(&[9_u8]));
        assert!(turn_volume(&upright, *b"RAS").unwrap().header.is_some());
    }
}
