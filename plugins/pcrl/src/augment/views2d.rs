//! Two views of a picture, as the paper's 2D training draws them.

use super::picture::{CropBox, brightness, contrast, crop_resized, gaussian_blur, grey, hue, mirrored, rotated, saturation};
use super::{Cutout, Picture, Turn, View, cut, normalised};
use crate::Result;
use rand::Rng;
use rand::seq::SliceRandom;

/// Which crop is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropRule {
    /// Rows and columns of the result.
    pub size: [usize; 2],
    /// Share of the picture's area.
    pub area: [f64; 2],
    /// Width over height.
    pub ratio: [f64; 2],
}

impl CropRule {
    pub fn draw(&self, picture: &Picture, rng: &mut impl Rng) -> Picture {
        let window = CropBox::draw(picture.height(), picture.width(), self.area, self.ratio, rng);
        crop_resized(picture, window, self.size)
    }
}

/// How a picture is corrupted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureRule {
    pub crop: CropRule,
    /// Turned by up to so many degrees either way.
    pub degrees: f64,
    pub flip: f64,
    pub grey: f64,
    pub blur: f64,
    pub sigma: [f64; 2],
    /// Brightness, contrast and saturation are multiplied by 1 ± this.
    pub jitter: f64,
    /// Hue is moved by up to this part of the circle either way.
    pub hue: f64,
    pub cutout: Cutout,
    /// The clean crop is turned and flipped as the input is.
    pub align: bool,
}

impl PictureRule {
    /// One view; every number comes from `rng`.
    ///
    /// # Errors
    /// A crop that is no square.
    pub fn draw(&self, picture: &Picture, rng: &mut impl Rng) -> Result<View> {
        let clean = self.crop.draw(picture, rng);
        let placed = self.placed(&clean, rng);
        let corrupted = normalised(&self.coloured(placed.clone(), rng));
        let centres = self.cutout.draw(corrupted.size()[1], corrupted.size()[2], rng);
        let x = cut(&corrupted, &centres, self.cutout.length);
        let turn = Turn::draw(2, rng);
        let g = normalised(if self.align { &placed } else { &clean });
        Ok(View { m: turn.apply(&x)?, v: turn.indicator(), g, x })
    }

    fn placed(&self, picture: &Picture, rng: &mut impl Rng) -> Picture {
        let turned = rotated(picture, rng.random_range(-self.degrees..=self.degrees));
        if rng.random_bool(self.flip) { mirrored(&turned) } else { turned }
    }

    fn coloured(&self, mut picture: Picture, rng: &mut impl Rng) -> Picture {
        if rng.random_bool(self.grey) {
            picture = grey(&picture);
        }
        if rng.random_bool(self.blur) {
            picture = gaussian_blur(&picture, rng.random_range(self.sigma[0]..=self.sigma[1]));
        }
        let mut factor = || rng.random_range((1.0 - self.jitter).max(0.0)..=1.0 + self.jitter);
        let (bright, strong, coloured) = (factor(), factor(), factor());
        let shift = rng.random_range(-self.hue..=self.hue);
        let mut order = [0, 1, 2, 3];
        order.shuffle(rng);
        order.iter().fold(picture, |picture, step| match step {
            0 => brightness(&picture, bright),
            1 => contrast(&picture, strong),
            2 => saturation(&picture, coloured),
            _ => hue(&picture, shift),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use tch::{Kind, Tensor};

    fn rule(align: bool) -> PictureRule {
        PictureRule {
            crop: CropRule { size: [32, 32], area: [0.2, 1.0], ratio: [0.75, 4.0 / 3.0] },
            degrees: 10.0,
            flip: 0.5,
            grey: 0.2,
            blur: 0.5,
            sigma: [0.1, 2.0],
            jitter: 0.4,
            hue: 0.4,
            cutout: Cutout { holes: 3, length: 8 },
            align,
        }
    }

    fn picture() -> Picture {
        let values: Vec<u8> = (0..40 * 48).map(|i: u32| (i * 7 % 251) as u8).collect();
        Picture::new(&Tensor::from_slice(&values).view([1, 40, 48])).unwrap()
    }

    #[test]
    fn the_target_is_the_turned_input_and_equal_seeds_give_equal_bits() {
        let draw = |seed| rule(false).draw(&picture(), &mut rand_chacha::ChaCha8Rng::seed_from_u64(seed)).unwrap();
        let (view, again, other) = (draw(1), draw(1), draw(2));
        assert!(view.x.equal(&again.x) && view.g.equal(&again.g) && !view.x.equal(&other.x));
        assert_eq!((view.x.size(), view.v.size()), (vec![3, 32, 32], vec![6]));
        let told = Vec::<f32>::try_from(&view.v).unwrap();
        let quarters = told[2..].iter().position(|flag| *flag == 1.0).unwrap() as i64;
        let turn = Turn { flips: told[..2].iter().map(|flag| *flag == 1.0).collect(), quarters };
        assert!(turn.apply(&view.x).unwrap().equal(&view.m));
        assert!(view.x.eq(0.0).sum(Kind::Int64).int64_value(&[]) > 0, "holes");
    }

    #[test]
    fn an_aligned_target_has_the_inputs_place() {
        // Without corruption of values, x is the aligned g.
        let bare =
            PictureRule { grey: 0.0, blur: 0.0, jitter: 0.0, hue: 0.0, cutout: Cutout { holes: 0, length: 8 }, ..rule(true) };
        let draw = |rule: &PictureRule| rule.draw(&picture(), &mut rand_chacha::ChaCha8Rng::seed_from_u64(4)).unwrap();
        let aligned = draw(&bare);
        assert!(aligned.x.equal(&aligned.g));
        let published = draw(&PictureRule { align: false, ..bare });
        assert!(!published.x.equal(&published.g) && published.x.equal(&aligned.x));
    }
}
