//! Between files and tensors: what `imaging.read` and `imaging.write` share.

use crate::nifti::Voxels;
use tch::{Kind, Tensor};

/// A tensor `[D, H, W]` of the voxels; sizes are given along i, j, k.
pub fn to_tensor(voxels: &Voxels, shape_ijk: [usize; 3]) -> Tensor {
    let flat = match voxels {
        Voxels::U8(values) => Tensor::from_slice(values),
        Voxels::I8(values) => Tensor::from_slice(values),
        Voxels::I16(values) => Tensor::from_slice(values),
        Voxels::I32(values) => Tensor::from_slice(values),
        Voxels::I64(values) => Tensor::from_slice(values),
        Voxels::F32(values) => Tensor::from_slice(values),
        Voxels::F64(values) => Tensor::from_slice(values),
    };
    let [i, j, k] = shape_ijk.map(|size| size as i64);
    flat.view([k, j, i])
}

/// The voxels of a tensor `[D, H, W]` or `[1, D, H, W]`, and its sizes along i, j, k. Masks become uint8, half floats float32.
///
/// # Errors
/// Other ranks, several channels, complex numbers.
pub fn to_voxels(tensor: &Tensor) -> Result<(Voxels, [usize; 3]), String> {
    let size = tensor.size();
    let [d, h, w] = match size[..] {
        [d, h, w] | [1, d, h, w] => [d, h, w],
        [n, _, _, _] => return Err(format!("has {n} channels; write one channel a file")),
        _ => return Err(format!("is {size:?}, expected [D, H, W]")),
    };
    let flat = tensor.detach().to_device(tch::Device::Cpu).contiguous().view(-1);
    let fault = |error: tch::TchError| error.to_string().lines().next().unwrap_or_default().to_owned();
    let voxels = match tensor.kind() {
        Kind::Uint8 => Voxels::U8(Vec::try_from(flat).map_err(fault)?),
        Kind::Bool => Voxels::U8(Vec::try_from(flat.to_kind(Kind::Uint8)).map_err(fault)?),
        Kind::Int8 => Voxels::I8(Vec::try_from(flat).map_err(fault)?),
        Kind::Int16 => Voxels::I16(Vec::try_from(flat).map_err(fault)?),
        Kind::Int => Voxels::I32(Vec::try_from(flat).map_err(fault)?),
        Kind::Int64 => Voxels::I64(Vec::try_from(flat).map_err(fault)?),
        Kind::Half | Kind::BFloat16 => Voxels::F32(Vec::try_from(flat.to_kind(Kind::Float)).map_err(fault)?),
        Kind::Float => Voxels::F32(Vec::try_from(flat).map_err(fault)?),
        Kind::Double => Voxels::F64(Vec::try_from(flat).map_err(fault)?),
        other => return Err(format!("holds {other:?}, which NIfTI volumes cannot")),
    };
    Ok((voxels, [w as usize, h as usize, d as usize]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn the_fastest_axis_of_the_file_is_the_last_of_the_tensor() {
        let voxels = Voxels::I16((0..24).collect());
        let tensor = to_tensor(&voxels, [4, 3, 2]);
        assert_eq!(tensor.size(), [2, 3, 4]);
        assert_eq!(tensor.int64_value(&[1, 2, 3]), 23);
        assert_eq!(tensor.int64_value(&[0, 0, 1]), 1);
        assert_eq!(to_voxels(&tensor).unwrap(), (voxels, [4, 3, 2]));
    }

    #[test]
    fn views_are_written_as_they_look() {
        let tensor = to_tensor(&Voxels::U8((0..24).collect()), [4, 3, 2]).permute([2, 1, 0]);
        let (voxels, shape) = to_voxels(&tensor).unwrap();
        assert_eq!(shape, [2, 3, 4]);
        assert_eq!(
            voxels,
            Voxels::U8(vec![0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23])
        );
    }

    #[test]
    fn channels_are_refused() {
        let tensor = Tensor::zeros([2, 3, 3, 3], (Kind::Float, Device::Cpu));
        assert_eq!(to_voxels(&tensor).unwrap_err(), "has 2 channels; write one channel a file");
    }
}
