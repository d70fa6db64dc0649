//! `pcrl.views3d`: corrupted views of two windows, with the targets that belong to them.

use super::images::not_falling;
use super::views2d::{give, view_outputs};
use crate::augment::volume::Paint;
use crate::augment::{Grid, VolumeRule};
use voxloom_sdk::prelude::*;

/// Corrupts two windows of one volume: flip, affine, blur, local shuffling, in- or out-painting; each with its flipped and turned version, its clean window, and the indicator of flips and turn.
#[derive(Params)]
#[param(check)]
pub struct Views3d {
    /// How often the first axis is flipped.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub flip_probability: f64,
    /// Scales along each axis.
    #[param(default = [0.9, 1.1], above = 0.0)]
    pub scales: [f64; 2],
    /// Angles about each axis.
    #[param(default = [-10.0, 10.0], min = -180.0, max = 180.0, unit = "degrees")]
    pub rotation: [f64; 2],
    /// Sigma of the blur along each axis.
    #[param(default = [0.0, 2.0], min = 0.0, unit = "voxels")]
    pub blur: [f64; 2],
    /// How often intensities take another course (a Bézier curve); the paper's code has it and never calls it.
    #[param(default = 0.0, min = 0.0, max = 1.0)]
    pub bezier_probability: f64,
    /// How often the voxels of small blocks are shuffled, each window by itself.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub shuffle_probability: f64,
    /// How many blocks.
    #[param(default = 10_000)]
    pub shuffle_blocks: usize,
    /// How often both windows are painted over with noise.
    #[param(default = 0.9, min = 0.0, max = 1.0)]
    pub paint_probability: f64,
    /// How often that is in-painting; otherwise out-painting.
    #[param(default = 0.2, min = 0.0, max = 1.0)]
    pub inpaint_probability: f64,
    /// At most so many blocks are painted, or left out.
    #[param(default = 5, min = 1)]
    pub paint_blocks: usize,
    /// Flip and turn the clean window as the view, so that mixup's target lies under it. The published method does not.
    #[param(default = false)]
    pub align_gt: bool,
}

impl Views3d {
    fn check_relations(&self) -> Result<()> {
        not_falling("scales", self.scales)?;
        not_falling("rotation", self.rotation)?;
        not_falling("blur", self.blur)
    }

    fn rule(&self) -> VolumeRule {
        VolumeRule {
            flip: self.flip_probability,
            scales: self.scales,
            degrees: self.rotation,
            sigma: self.blur,
            shuffle: self.shuffle_probability,
            shuffled: self.shuffle_blocks,
            paint: self.paint_probability,
            inpaint: self.inpaint_probability,
            painting: Paint { blocks: self.paint_blocks, ..Paint::default() },
            bezier: self.bezier_probability,
            align: self.align_gt,
        }
    }
}

impl Operator for Views3d {
    const NAME: &'static str = "pcrl.views3d";

    fn entry() -> Entry {
        let window =
            |name: &str| Port::tensor(name).shape("[1, X, Y, Z]").about("0 to 1, square in x and y; from `pcrl.pairs3d`");
        view_outputs(Entry::map().input(window("first")).input(window("second")), "[1, X, Y, Z]", "[7]")
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (first, second): (Tensor, Tensor) = (call.input("first")?, call.input("second")?);
        let windows = [Grid::new(&first)?, Grid::new(&second)?];
        if windows[0].shape != windows[1].shape {
            let text = format!("`second` is {:?}, `first` is {:?}: they must be of one size", windows[1].shape, windows[0].shape);
            return Err(Error::item(text));
        }
        let views = self.rule().draw([&windows[0], &windows[1]], &mut call.rng())?;
        give(call, views)
    }
}
