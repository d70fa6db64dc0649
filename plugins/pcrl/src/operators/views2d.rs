//! `pcrl.views2d`: two corrupted views of a picture, with the targets that belong to them.

use super::images::{not_falling, picture, rising};
use crate::augment::{CropRule, Cutout, PictureRule, View};
use voxloom_sdk::prelude::*;

/// Draws two views of a picture: crops that are turned, mirrored, blurred, recoloured and cut out; each with its flipped and turned version, its clean crop, and the indicator of flips and turn. 8 bit, rounded as Pillow rounds.
#[derive(Params)]
#[param(check)]
pub struct Views2d {
    /// Rows and columns of a view: equal, and multiples of 32 for the network. The paper's are 224.
    #[param(default = [224, 224], min = 8)]
    pub size: [usize; 2],
    /// Share of the picture's area that a crop has.
    #[param(default = [0.2, 1.0], above = 0.0, max = 1.0)]
    pub area: [f64; 2],
    /// Width over height of a crop.
    #[param(default = [0.75, 4.0 / 3.0], above = 0.0)]
    pub ratio: [f64; 2],
    /// A view is rotated by up to so much either way.
    #[param(default = 10.0, min = 0.0, max = 180.0, unit = "degrees")]
    pub rotation: f64,
    /// How often left and right are exchanged.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub flip_probability: f64,
    /// How often colours are taken away.
    #[param(default = 0.2, min = 0.0, max = 1.0)]
    pub grey_probability: f64,
    /// How often a view is blurred.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub blur_probability: f64,
    /// Sigma of the blur.
    #[param(default = [0.1, 2.0], above = 0.0, unit = "pixels")]
    pub blur: [f64; 2],
    /// Brightness, contrast and saturation are multiplied by 1 plus or minus up to this.
    #[param(default = 0.4, min = 0.0, max = 1.0)]
    pub jitter: f64,
    /// The hue is moved by up to this part of the circle.
    #[param(default = 0.4, min = 0.0, max = 0.5)]
    pub hue: f64,
    /// Square holes in a view.
    #[param(default = 3)]
    pub holes: usize,
    /// Side of a hole.
    #[param(default = 32, min = 1, unit = "pixels")]
    pub hole: i64,
    /// Rotate and mirror the clean crop as the view, so that mixup's target lies under it. The published method does not.
    #[param(default = false)]
    pub align_gt: bool,
    /// Values that become black and white, for pictures that are not 8 bit.
    pub window: Option<[f64; 2]>,
}

impl Views2d {
    fn check_relations(&self) -> Result<()> {
        if self.size[0] != self.size[1] {
            let text = format!("must be square, for quarter turns; got {} × {}", self.size[0], self.size[1]);
            return Err(Error::param("size", text));
        }
        not_falling("area", self.area)?;
        not_falling("ratio", self.ratio)?;
        not_falling("blur", self.blur)?;
        self.window.map_or(Ok(()), |window| rising("window", window))
    }

    fn rule(&self) -> PictureRule {
        PictureRule {
            crop: CropRule { size: self.size, area: self.area, ratio: self.ratio },
            degrees: self.rotation,
            flip: self.flip_probability,
            grey: self.grey_probability,
            blur: self.blur_probability,
            sigma: self.blur,
            jitter: self.jitter,
            hue: self.hue,
            cutout: Cutout { holes: self.holes, length: self.hole },
            align: self.align_gt,
        }
    }
}

impl Operator for Views2d {
    const NAME: &'static str = "pcrl.views2d";

    fn entry() -> Entry {
        let image = Port::volume("image").about("one slice, grey or RGB, uint8 unless `window` is given");
        view_outputs(Entry::map().input(image), "[3, H, W]", "[6]")
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let image: Volume = call.input("image")?;
        let picture = picture(&image, self.window)?;
        let (rule, mut rng) = (self.rule(), call.rng());
        let views = [rule.draw(&picture, &mut rng)?, rule.draw(&picture, &mut rng)?];
        give(call, views)
    }
}

/// The eight outputs of two views.
pub(super) fn view_outputs(entry: Entry, image: &str, indicator: &str) -> Entry {
    let port = |name: &str, shape: &str, about: &str| Port::tensor(name).shape(shape).dtype("float32").about(about);
    entry
        .output(port("x1", image, "the first view"))
        .output(port("x2", image, "the second view"))
        .output(port("m1", image, "the first view, flipped and turned"))
        .output(port("m2", image, "the second view, flipped and turned"))
        .output(port("g1", image, "the first view before it was corrupted"))
        .output(port("g2", image, "the second view before it was corrupted"))
        .output(port("v1", indicator, "flips of `m1`, then one of four quarter turns"))
        .output(port("v2", indicator, "flips of `m2`, then one of four quarter turns"))
}

pub(super) fn give(call: &mut Call, views: [View; 2]) -> Result<()> {
    for (view, number) in views.into_iter().zip(1..) {
        for (name, tensor) in [("x", view.x), ("m", view.m), ("g", view.g), ("v", view.v)] {
            call.output(&format!("{name}{number}"), tensor)?;
        }
    }
    Ok(())
}
