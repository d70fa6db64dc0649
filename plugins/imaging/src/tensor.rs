//! Between tensors and the slices that kernels work on.

use tch::kind::Element;
use tch::{Kind, Tensor};
use voxloom_sdk::{Error, Result, Volume, dtype_name};

/// The elements, row-major, converted to `T`.
pub(crate) fn elements<T: Element + Copy + Default>(tensor: &Tensor) -> Result<Vec<T>> {
    let tensor = tensor.detach().f_to_kind(T::KIND)?.f_contiguous()?;
    let mut out = vec![T::default(); tensor.numel()];
    if !out.is_empty() {
        tensor.f_copy_data(&mut out, tensor.numel())?;
    }
    Ok(out)
}

/// Sizes along z, y, x.
pub(crate) fn shape_of(volume: &Volume) -> Result<[usize; 3]> {
    let size = volume.size_zyx()?;
    if size.contains(&0) {
        return Err(Error::item(format!("the volume has no voxels, its shape is {:?}", volume.data.size())));
    }
    Ok(size.map(|n| n as usize))
}

/// Whether the element type has whole numbers only.
pub(crate) fn is_whole(kind: Kind) -> bool {
    matches!(kind, Kind::Uint8 | Kind::Int8 | Kind::Int16 | Kind::Int | Kind::Int64 | Kind::Bool)
}

/// Voxels that are whole numbers, such as labels.
pub(crate) fn expect_whole(volume: &Volume, port: &str) -> Result<()> {
    match volume.data.kind() {
        kind if is_whole(kind) => Ok(()),
        kind => Err(Error::item(format!("`{port}` holds labels, so it must have whole numbers, got {}", dtype_name(kind)))),
    }
}

/// Two volumes on one grid.
pub(crate) fn expect_same_grid(a: (&str, &Volume), b: (&str, &Volume)) -> Result<()> {
    let (shape_a, shape_b) = (shape_of(a.1)?, shape_of(b.1)?);
    if shape_a != shape_b {
        return Err(Error::item(format!("`{}` has {shape_a:?} voxels (z, y, x), `{}` has {shape_b:?}", a.0, b.0)));
    }
    let ijk = [shape_a[2], shape_a[1], shape_a[0]];
    let apart = crate::geometry::corner_distance(&a.1.affine.0, &b.1.affine.0, ijk);
    // Rationale: affines that went through float32 headers differ by less than 1e-3 voxel over 1000 voxels.
    if apart > 0.01 {
        return Err(Error::item(format!(
            "`{}` and `{}` lie {apart:.2} voxels apart: bring one to the other's grid (imaging.resample with `like`)",
            a.0, b.0
        )));
    }
    Ok(())
}
