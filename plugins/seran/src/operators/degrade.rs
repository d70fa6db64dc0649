//! `seran.degrade`: pairs of coarse and fine volumes.

use super::params::{Grid, NOTE, SliceAxis, expect_voxels};
use crate::degrade::{Alignment, Degradation, crop, degrade};
use crate::slices::{regrid, slices, volume};
use voxloom_sdk::prelude::*;

/// How slices lose their resolution.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// BD: bicubic with antialiasing, as MATLAB's `imresize`.
    Bicubic,
    /// TD: k-space is truncated; the magnitude of what remains.
    KSpace,
}

/// Makes slices coarser: a volume to a pair of a coarse one and the fine one it comes from. Grids move along.
#[derive(Params)]
#[param(check)]
pub struct Degrade {
    /// How much coarser.
    #[param(default = 2, min = 2, max = 16)]
    pub scale: i64,
    /// How slices lose their resolution.
    #[param(default = Method::Bicubic)]
    pub method: Method,
    /// Where coarse pixels lie among the fine ones; `corner` is for `k_space` only.
    #[param(default = Grid::Center)]
    pub alignment: Grid,
    /// Across which axis the volume is cut into slices.
    #[param(default = SliceAxis::Z)]
    pub axis: SliceAxis,
    /// Round the coarse volume to whole numbers of at least 0, as the files of the IXI benchmark are.
    #[param(default = false)]
    pub round_clip: bool,
}

impl Degrade {
    fn check_relations(&self) -> Result<()> {
        match (self.method, self.alignment) {
            (Method::Bicubic, Grid::Corner) => {
                Err(Error::param("alignment", "must be `center` with `bicubic`; `corner` is for `k_space`"))
            }
            _ => Ok(()),
        }
    }
}

impl Operator for Degrade {
    const NAME: &'static str = "seran.degrade";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("[D, H, W] or [C, D, H, W]"))
            .output(Port::volume("lr").dtype("float32").about("coarse"))
            .output(
                Port::volume("hr")
                    .dtype("float32")
                    .about("fine: rows and columns beyond a multiple of `scale` are cut off at their end"),
            )
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (lr, hr) = self.apply(&call.input("volume")?)?;
        call.output("lr", lr)?;
        call.output("hr", hr)
    }
}

impl Degrade {
    /// The coarse volume and the fine one.
    ///
    /// # Errors
    /// Slices smaller than `scale`.
    pub fn apply(&self, fine: &Volume) -> Result<(Volume, Volume)> {
        expect_voxels(fine, "volume")?;
        let (axis, dims) = (self.axis.of(&fine.affine), fine.data.dim());
        let method = match self.method {
            Method::Bicubic => Degradation::Bicubic,
            Method::KSpace => Degradation::KSpace,
        };
        let all = slices(&fine.data, axis);
        let kept = crop(&all, self.scale).map_err(|fault| Error::from(fault).context(fine.name()))?;
        let hr = volume(&kept, axis, dims).to_kind(Kind::Float);
        // What does not lose a row keeps its file's header.
        let hr = if kept.size() == all.size() { fine.with_data(hr) } else { fine.with_grid(hr, fine.affine) };
        let mut coarse = degrade(&kept, self.scale, method, self.alignment.alignment());
        if self.round_clip {
            coarse = coarse.round().clamp_min(0.0);
        }
        let alignment = if self.method == Method::Bicubic { Alignment::Center } else { self.alignment.alignment() };
        let affine = regrid(&fine.affine, axis, self.scale as f64, alignment);
        let mut lr = fine.with_grid(volume(&coarse, axis, dims).to_kind(Kind::Float), affine);
        let method = if self.method == Method::Bicubic { "bicubic" } else { "k_space" };
        let note = json!({ "scale": self.scale, "method": method, "alignment": self.alignment.name() });
        lr.meta.insert(NOTE.into(), note);
        Ok((lr, hr))
    }
}
