//! `pcrl.picture`: a picture as the fine-tuned networks take it, with its mask where there is one.

use super::images::{not_falling, picture, rising, slice};
use crate::augment::picture::{CropBox, crop_resized, mirrored, rotated};
use crate::augment::{CropRule, Picture, Turn, normalised};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use voxloom_sdk::prelude::*;

/// Whether pictures are varied.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variation {
    /// Always the same: the whole picture, or with `resize` its centre.
    None,
    /// A random crop, mirrored, rotated a little: for classification.
    Crop,
    /// Flips and quarter turns, the same for picture and mask: for segmentation.
    Turn,
}

/// Brings an 8-bit picture to the size and the numbers that the networks take, varied while training. The authors' follow-up varies pictures of validation too: `crop` there is its `compat`.
#[derive(Params)]
#[param(check)]
pub struct PictureParams {
    /// Rows and columns of the result; multiples of 32 for the network.
    #[param(default = [224, 224], min = 1)]
    pub size: [usize; 2],
    /// Whether pictures are varied.
    #[param(default = Variation::None)]
    pub vary: Variation,
    /// With `vary: none`: the shorter side is brought to this first, and the centre is cut (the paper: 256); left out, the whole picture is brought to `size`.
    #[param(min = 1)]
    pub resize: Option<usize>,
    /// With `vary: crop`: share of the picture's area.
    #[param(default = [0.08, 1.0], above = 0.0, max = 1.0)]
    pub area: [f64; 2],
    /// With `vary: crop`: width over height.
    #[param(default = [0.75, 4.0 / 3.0], above = 0.0)]
    pub ratio: [f64; 2],
    /// With `vary: crop`: how often left and right are exchanged.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub flip_probability: f64,
    /// With `vary: crop`: rotated by up to so much either way.
    #[param(default = 10.0, min = 0.0, max = 180.0, unit = "degrees")]
    pub rotation: f64,
    /// Of several masks (one a channel, one a rater): the share that must mark a pixel. 0.5 is the majority, even votes included.
    #[param(default = 0.5, above = 0.0, max = 1.0)]
    pub vote: f64,
    /// Values that become black and white, for pictures that are not 8 bit.
    pub window: Option<[f64; 2]>,
}

impl PictureParams {
    fn check_relations(&self) -> Result<()> {
        not_falling("area", self.area)?;
        not_falling("ratio", self.ratio)?;
        if self.vary == Variation::Turn && self.size[0] != self.size[1] {
            return Err(Error::param("size", "must be square for `vary: turn`"));
        }
        self.window.map_or(Ok(()), |window| rising("window", window))
    }
}

impl Operator for PictureParams {
    const NAME: &'static str = "pcrl.picture";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("image").about("one slice, grey or RGB, uint8 unless `window` is given"))
            .input(
                Port::volume("label")
                    .optional()
                    .about("masks of the picture's size, one a channel; not with `vary: crop` or another size"),
            )
            .output(Port::tensor("image").shape("[1, 3, H, W]").dtype("float32").about("normalised with ImageNet's numbers"))
            .output(Port::tensor("label").dtype("float32").about("[1, 1, H, W], 0 or 1; empty without masks"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("image")?;
        let (picture, mut rng) = (picture(&volume, self.window)?, call.rng());
        let mask = call.optional::<Volume>("label")?.map(|label| self.mask(&label, &picture)).transpose()?;
        let mut image = normalised(&self.placed(&picture, &mut rng)).unsqueeze(0);
        let mut mask = mask.unwrap_or_else(|| Tensor::zeros([0], (Kind::Float, Device::Cpu)));
        if self.vary == Variation::Turn {
            let turn = Turn::draw(2, &mut rng);
            image = turn.apply(&image)?;
            mask = if mask.numel() > 0 { turn.apply(&mask)? } else { mask };
        }
        call.output("image", image)?;
        call.output("label", mask)
    }
}

impl PictureParams {
    fn placed(&self, picture: &Picture, rng: &mut ChaCha8Rng) -> Picture {
        let (height, width) = (picture.height(), picture.width());
        let whole = CropBox { top: 0, left: 0, height, width };
        match (self.vary, self.resize) {
            (Variation::Crop, _) => {
                let rule = CropRule { size: self.size, area: self.area, ratio: self.ratio };
                let mut cropped = rule.draw(picture, rng);
                if rng.random_bool(self.flip_probability) {
                    cropped = mirrored(&cropped);
                }
                rotated(&cropped, rng.random_range(-self.rotation..=self.rotation))
            }
            (Variation::None, Some(side)) => {
                let shorter = height.min(width);
                let large = [(side * height / shorter).max(self.size[0]), (side * width / shorter).max(self.size[1])];
                let resized = crop_resized(picture, whole, large);
                let middle = |axis: usize| ((large[axis] - self.size[axis]) as f64 / 2.0).round_ties_even() as usize;
                let centre = CropBox { top: middle(0), left: middle(1), height: self.size[0], width: self.size[1] };
                crop_resized(&resized, centre, self.size)
            }
            _ if [height, width] == self.size => picture.clone(),
            _ => crop_resized(picture, whole, self.size),
        }
    }

    /// What enough of the masks mark.
    fn mask(&self, label: &Volume, picture: &Picture) -> Result<Tensor> {
        let masks = slice(label, "label")?;
        let size = masks.size();
        let expected = [picture.height() as i64, picture.width() as i64];
        if size[1..] != expected {
            return Err(Error::item(format!(
                "`label` is {:?}, `image` {expected:?}: masks must have the picture's size",
                &size[1..]
            )));
        }
        if self.vary == Variation::Crop || self.size.map(|n| n as i64) != expected {
            return Err(Error::item(format!(
                "masks are neither cropped nor resized: give `size` {expected:?} and `vary` `turn` or `none`, or pictures of `size`"
            )));
        }
        let share = masks.gt(0.0).to_kind(Kind::Double).mean_dim([0i64].as_slice(), true, None::<Kind>);
        Ok(share.ge(self.vote - 1e-9).to_kind(Kind::Float).unsqueeze(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use voxloom_sdk::params::ParamType;

    fn picture(height: i64, width: i64) -> Picture {
        let ramp = Tensor::arange(height * width, (Kind::Int64, Device::Cpu)).remainder(251).to_kind(Kind::Uint8);
        Picture::new(&ramp.view([1, height, width])).unwrap()
    }

    fn params(json: Json) -> PictureParams {
        PictureParams::parse(&json).unwrap()
    }

    #[test]
    fn pictures_get_the_size_that_was_asked_for() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for more in [json!({}), json!({ "resize": 40 }), json!({ "resize": 20 }), json!({ "vary": "crop" })] {
            let mut asked = json!({ "size": [32, 24] });
            asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let placed = params(asked).placed(&picture(50, 70), &mut rng);
            assert_eq!((placed.height(), placed.width()), (32, 24), "{more}");
        }
        let same = params(json!({ "size": [50, 70] })).placed(&picture(50, 70), &mut rng);
        assert_eq!(same.channel(0), picture(50, 70).channel(0));
        let centre = params(json!({ "size": [48, 50], "resize": 50 })).placed(&picture(50, 70), &mut rng);
        assert_eq!(centre.channel(0)[0], picture(50, 70).channel(0)[70 + 10], "the middle of the whole picture");
    }

    #[test]
    fn the_majority_of_the_masks_counts_even_votes_included() {
        let masks = Tensor::from_slice(&[1u8, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]).view([4, 1, 2, 2]);
        let label = Volume::new(masks, Affine::upright([1.0; 3], [0.0; 3]));
        let voted = |vote: f64| {
            let mask = params(json!({ "size": [2, 2], "vote": vote })).mask(&label, &picture(2, 2)).unwrap();
            Vec::<f32>::try_from(mask.view(-1)).unwrap()
        };
        // Of four raters 4, 2, 1 and 0 mark the pixels.
        assert_eq!(
            (voted(0.5), voted(0.75), voted(0.25)),
            (vec![1.0, 1.0, 0.0, 0.0], vec![1.0, 0.0, 0.0, 0.0], vec![1.0, 1.0, 1.0, 0.0])
        );
        let fault = params(json!({ "size": [4, 4] })).mask(&label, &picture(2, 2)).unwrap_err();
        assert!(fault.message().starts_with("masks are neither cropped nor resized: give `size` [2, 2]"), "{fault}");
    }
}
