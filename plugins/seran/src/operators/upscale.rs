//! `upscale`: a whole volume through the network.

use super::params::{Grid, NOTE, SliceAxis, expect_voxels};
use crate::inference::{Chop, chop, self_ensemble};
use crate::network::{Mode, Network};
use crate::slices::{divisor, regrid, slices, volume};
use voxloom_parts::Placed;
use voxloom_precision::Widen;
use voxloom_sdk::prelude::*;

/// How a volume is enlarged.
#[derive(Params, Clone, Debug)]
pub struct UpscaleParams {
    /// Across which axis the volume is cut into slices.
    #[param(default = SliceAxis::Z)]
    pub axis: SliceAxis,
    /// Slices that go through the network together.
    #[param(default = 4, min = 1)]
    pub slices: i64,
    /// Averages over the eight flips and transpositions of each slice: eight times the time.
    #[param(default = false)]
    pub self_ensemble: bool,
    /// Where coarse pixels lie among the fine ones; left out, as `seran.degrade` noted, else `center`.
    pub alignment: Option<Grid>,
    /// Cuts slices into overlapping quarters, for little memory. The result is not that of whole slices.
    #[param(default = false)]
    pub chop: bool,
    /// With `chop`: pixels that a quarter reaches over the middle.
    #[param(default = 10, min = 0)]
    pub chop_shave: i64,
    /// With `chop`: quarters of at least so many pixels are quartered again.
    #[param(default = 160_000, min = 1)]
    pub chop_min_size: i64,
}

/// The finer volume, in the units of the coarse one.
///
/// # Errors
/// Channels that the network does not have; a self-ensemble of volumes with `corner` alignment.
pub fn upscale(network: &Placed<Network>, data_range: f64, coarse: &Volume, how: &UpscaleParams, call: &Call) -> Result<Volume> {
    expect_voxels(coarse, "volume")?;
    let grid = Grid::of(how.alignment, coarse);
    if how.self_ensemble && grid == Grid::Corner {
        let text = "must be off for `corner` alignment: flipped slices would be enlarged about another point";
        return Err(Error::param("self_ensemble", text));
    }
    let (axis, dims, scale) = (how.axis.of(&coarse.affine), coarse.data.dim(), network.config().scale);
    let images = slices(&coarse.data, axis);
    let (n, channels) = (images.size()[0], images.size()[1]);
    if channels != network.config().n_colors {
        let expected = network.config().n_colors;
        return Err(Error::item(format!("`volume` has {channels} channels, the network takes {expected}")));
    }
    if how.chop {
        call.warn("slices are enlarged in quarters: the result is not that of whole slices, whose attention sees all of a slice");
    }
    let unit = divisor(&coarse.data) / data_range;
    let enlarge = |network: &Network, images: &Tensor| {
        let forward = |x: &Tensor| network.forward(x, Mode::Eval).widen();
        let by = Chop { shave: how.chop_shave, min_size: how.chop_min_size };
        let whole = |x: &Tensor| if how.chop { chop(x, scale, by, &mut |part| forward(part)) } else { forward(x) };
        if how.self_ensemble { self_ensemble(images, whole) } else { whole(images) }
    };
    let mut fine = Vec::new();
    for first in (0..n).step_by(usize::try_from(how.slices)?) {
        if call.cancelled() {
            return Err(Error::cancelled());
        }
        let part = images.narrow(0, first, how.slices.min(n - first)).to_kind(Kind::Float) / unit;
        let large = network.run(|network| enlarge(network, &part));
        fine.push(large.map_err(|fault| fault.context(format_args!("slice {first}")))? * unit);
        call.progress((first + how.slices).min(n) as u64, n as u64);
    }
    let affine = regrid(&coarse.affine, axis, 1.0 / scale as f64, grid.alignment());
    let mut fine = coarse.with_grid(volume(&Tensor::f_cat(&fine, 0)?, axis, dims), affine);
    fine.meta.remove(NOTE);
    Ok(fine)
}
