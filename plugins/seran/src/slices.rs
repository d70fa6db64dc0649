//! Volumes as batches of slices, and what a change of their resolution does to a volume's place in space.

use crate::degrade::Alignment;
use tch::Tensor;
use voxloom_sdk::Affine;

/// The slices across an axis (0 is z) of `[D, H, W]` or `[C, D, H, W]`, as `[n, C, H, W]`.
pub fn slices(data: &Tensor, axis: i64) -> Tensor {
    match data.dim() {
        3 => data.movedim_int(axis, 0).unsqueeze(1),
        _ => data.movedim_int(axis + 1, 0),
    }
}

/// The opposite of [`slices`]: `[D, H, W]`, or `[C, D, H, W]` where `dims` is 4.
pub fn volume(slices: &Tensor, axis: i64, dims: usize) -> Tensor {
    match dims {
        3 => slices.squeeze_dim(1).movedim_int(0, axis),
        _ => slices.movedim_int(0, axis + 1),
    }
    .contiguous()
}

/// The grid whose voxels are `factor` times as large inside the slices across `axis`; direction and the slice axis stay.
///
/// With [`Alignment::Center`] the extent stays, so the first voxel's centre moves; with [`Alignment::Corner`] that stays.
pub fn regrid(affine: &Affine, axis: i64, factor: f64, alignment: Alignment) -> Affine {
    let mut factors = [factor; 3];
    factors[axis as usize] = 1.0;
    match alignment {
        Alignment::Center => affine.scaled(factors),
        Alignment::Corner => affine.after(&Affine::upright([factors[2], factors[1], factors[0]], [0.0; 3])),
    }
}

/// What intensities are divided by before they are brought to the network's range: the largest of the coarse volume, the only
/// one that is known when a network is used.
pub fn divisor(lr: &Tensor) -> f64 {
    lr.max().double_value(&[]).max(1e-8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn slices_go_and_come_back() {
        let data = Tensor::arange(2 * 3 * 4, (Kind::Float, Device::Cpu)).view([2, 3, 4]);
        for axis in 0..3 {
            let cut = slices(&data, axis);
            assert_eq!(cut.size()[..2], [data.size()[axis as usize], 1]);
            assert!(volume(&cut, axis, 3).equal(&data));
        }
        let colours = data.view([2, 3, 1, 4]);
        assert_eq!(slices(&colours, 2).size(), [4, 2, 3, 1]);
        assert!(volume(&slices(&colours, 2), 2, 4).equal(&colours));
    }

    #[test]
    fn a_finer_grid_starts_a_quarter_of_a_coarse_voxel_earlier() {
        let oblique = Affine([[0.0, 0.5, 0.0, 7.0], [0.6, 0.0, 0.1, -3.0], [0.0, 0.0, 3.0, 2.0], [0.0, 0.0, 0.0, 1.0]]);
        let finer = regrid(&oblique, 0, 0.5, Alignment::Center);
        // -(s-1)/(2s) coarse pixels along both axes of the slice, none across.
        assert_eq!(finer.index_to_world([0.0; 3]), oblique.index_to_world([-0.25, -0.25, 0.0]));
        assert_eq!(finer.spacing_zyx()[1..], [0.25, 0.3]);
        assert_eq!(finer.spacing_zyx()[0], oblique.spacing_zyx()[0]);
        let corner = regrid(&oblique, 2, 3.0, Alignment::Corner);
        assert_eq!(corner.index_to_world([1.0, 1.0, 1.0]), oblique.index_to_world([1.0, 3.0, 3.0]));
    }

    #[test]
    fn the_divisor_is_never_zero() {
        assert_eq!(divisor(&Tensor::zeros([2], (Kind::Float, Device::Cpu))), 1e-8);
    }
}
