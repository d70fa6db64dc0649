//! From 8-bit pictures and masks to what the networks take (spec 4).

use crate::{Fault, Result};
use rand::{Rng, RngCore};
use voxloom_parts::pillow::{Filter, Plane, resize, rotate};

/// Mean and standard deviation of red, green and blue (ImageNet).
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const STD: [f64; 3] = [0.229, 0.224, 0.225];

/// How pictures and masks are brought to their size, and what the masks' grey values mean.
#[derive(Clone, Debug, PartialEq)]
pub struct How {
    pub height: usize,
    pub width: usize,
    /// Of masks; pictures are always bicubic.
    pub labels: Filter,
    /// A pixel belongs to structure c from this grey value on.
    pub levels: Vec<u8>,
}

/// One sample's transformation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    pub flip: bool,
    /// Counter-clockwise.
    pub degrees: i32,
}

/// How often samples are flipped and turned, and how far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chances {
    pub flip: f64,
    pub rotate: f64,
    /// First and last whole angle.
    pub degrees: [i32; 2],
}

impl Draw {
    pub fn random(chances: &Chances, rng: &mut dyn RngCore) -> Self {
        let flip = rng.random_bool(chances.flip);
        let [first, last] = chances.degrees;
        let degrees = if rng.random_bool(chances.rotate) { rng.random_range(first..=last) } else { 0 };
        Self { flip, degrees }
    }
}

/// Resized, flipped, turned.
pub fn vary(plane: &Plane, how: &How, filter: Filter, draw: Draw) -> Plane {
    let mut plane = resize(plane, how.height, how.width, filter);
    if draw.flip {
        plane.values.chunks_mut(how.width).for_each(<[u8]>::reverse);
    }
    if draw.degrees == 0 { plane } else { rotate(&plane, f64::from(draw.degrees), filter) }
}

/// The picture as red, green and blue, normalised, `[3, H, W]`; a grey one is taken three times.
///
/// # Errors
/// Neither one channel nor three.
pub fn image(planes: &[Plane], how: &How, draw: Draw) -> Result<Vec<f32>> {
    if !matches!(planes.len(), 1 | 3) {
        let text = format!("it has {} channels, expected 1 (grey) or 3 (red, green, blue)", planes.len());
        return Err(Fault::Shape { what: "image", text });
    }
    let varied: Vec<Plane> = planes.iter().map(|plane| vary(plane, how, Filter::Bicubic, draw)).collect();
    let channel = |c: usize| {
        let plane = &varied[c.min(varied.len() - 1)];
        plane.values.iter().map(move |&value| ((f64::from(value) / 255.0 - MEAN[c]) / STD[c]) as f32)
    };
    Ok((0..3).flat_map(channel).collect())
}

/// The raters' masks, `[R, C, H, W]`, 0 or 1.
///
/// # Errors
/// Masks of 0 and 1 where a structure begins at a higher grey value: they are coded otherwise than `levels` says.
pub fn masks(planes: &[Plane], how: &How, draw: Draw) -> Result<Vec<f32>> {
    let mut values = Vec::with_capacity(planes.len() * how.levels.len() * how.height * how.width);
    for plane in planes {
        let most = plane.values.iter().max().copied().unwrap_or(0);
        if most == 1 && how.levels.iter().any(|&level| level > 1) {
            let text = format!(
                "the mask holds 0 and 1 only, and structures begin at grey values {:?}: give the masks' own `levels`",
                how.levels
            );
            return Err(Fault::Shape { what: "masks", text });
        }
        let varied = vary(plane, how, how.labels, draw);
        let marked = |&level: &u8| varied.values.iter().map(move |&value| if value >= level { 1.0 } else { 0.0 });
        values.extend(how.levels.iter().flat_map(marked));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const HOW: fn() -> How = || How { height: 2, width: 3, labels: Filter::Nearest, levels: vec![1, 255] };

    #[test]
    fn a_flip_reverses_rows_of_picture_and_masks() {
        let plane = Plane { height: 2, width: 3, values: vec![0, 128, 255, 0, 0, 128] };
        let draw = Draw { flip: true, degrees: 0 };
        assert_eq!(masks(std::slice::from_ref(&plane), &HOW(), draw).unwrap(), [1., 1., 0., 1., 0., 0., 1., 0., 0., 0., 0., 0.]);
        let grey = image(&[plane], &HOW(), draw).unwrap();
        assert_eq!(grey.len(), 18);
        assert!((f64::from(grey[0]) - (1.0 - 0.485) / 0.229).abs() < 1e-6, "{}", grey[0]);
    }

    #[test]
    fn other_codings_and_channels_are_refused() {
        let ones = Plane { height: 2, width: 3, values: vec![0, 1, 1, 0, 0, 0] };
        assert!(masks(std::slice::from_ref(&ones), &HOW(), Draw::default()).unwrap_err().to_string().contains("0 and 1 only"));
        let how = How { levels: vec![1], ..HOW() };
        assert_eq!(masks(std::slice::from_ref(&ones), &how, Draw::default()).unwrap(), [0., 1., 1., 0., 0., 0.]);
        assert!(image(&[ones.clone(), ones], &HOW(), Draw::default()).is_err());
    }

    #[test]
    fn angles_and_flips_come_as_often_as_asked() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let chances = Chances { flip: 0.5, rotate: 0.2, degrees: [-15, 14] };
        let draws: Vec<Draw> = (0..10_000).map(|_| Draw::random(&chances, &mut rng)).collect();
        let share = |pick: fn(&Draw) -> bool| draws.iter().filter(|draw| pick(draw)).count() as f64 / 1e4;
        assert!((share(|draw| draw.flip) - 0.5).abs() < 0.02);
        // One angle in thirty is 0.
        assert!((share(|draw| draw.degrees != 0) - 0.2 * 29.0 / 30.0).abs() < 0.02);
        assert_eq!(
            (draws.iter().map(|draw| draw.degrees).min(), draws.iter().map(|draw| draw.degrees).max()),
            (Some(-15), Some(14))
        );
    }
}
