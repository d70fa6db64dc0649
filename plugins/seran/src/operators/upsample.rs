//! `seran.upsample`: what a network must beat.

use super::params::{Grid, NOTE, SliceAxis, expect_voxels};
use crate::degrade::{Alignment, bicubic_up, zero_fill};
use crate::slices::{regrid, slices, volume};
use voxloom_sdk::prelude::*;

/// How finer slices are found without learning.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The baseline for bicubic degradation.
    Bicubic,
    /// The baseline for truncated k-space: its missing frequencies are 0.
    ZeroFill,
}

/// Makes slices finer without a network: the baselines. The grid moves along.
#[derive(Params)]
pub struct Upsample {
    /// How much finer.
    #[param(default = 2, min = 2, max = 16)]
    pub scale: i64,
    /// How finer slices are found.
    #[param(default = Way::Bicubic)]
    pub method: Way,
    /// Where coarse pixels lie among the fine ones; left out, as `seran.degrade` noted, else `center`. Only `zero_fill` can do `corner`.
    pub alignment: Option<Grid>,
    /// Across which axis the volume is cut into slices.
    #[param(default = SliceAxis::Z)]
    pub axis: SliceAxis,
}

impl Operator for Upsample {
    const NAME: &'static str = "seran.upsample";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("[D, H, W] or [C, D, H, W]"))
            .output(Port::volume("volume").dtype("float32").about("finer inside the slices"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let coarse: Volume = call.input("volume")?;
        let alignment = Grid::of(self.alignment, &coarse).alignment();
        if self.method == Way::Bicubic && alignment == Alignment::Corner {
            call.warn(
                "bicubic interpolation puts pixels at centres; for a volume with `corner` alignment it is off, take zero_fill",
            );
        }
        call.output("volume", self.apply(&coarse)?)
    }
}

impl Upsample {
    /// The finer volume.
    ///
    /// # Errors
    /// A volume without voxels.
    pub fn apply(&self, coarse: &Volume) -> Result<Volume> {
        expect_voxels(coarse, "volume")?;
        let alignment = Grid::of(self.alignment, coarse).alignment();
        let (axis, cut) = (self.axis.of(&coarse.affine), |axis| slices(&coarse.data, axis));
        let fine = match self.method {
            Way::Bicubic => bicubic_up(&cut(axis), self.scale),
            Way::ZeroFill => zero_fill(&cut(axis), self.scale, alignment),
        };
        let affine = regrid(&coarse.affine, axis, 1.0 / self.scale as f64, alignment);
        let mut fine = coarse.with_grid(volume(&fine, axis, coarse.data.dim()).to_kind(Kind::Float), affine);
        fine.meta.remove(NOTE);
        Ok(fine)
    }
}
