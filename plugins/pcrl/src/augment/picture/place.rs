//! Crops, mirrors, turns.

use super::Picture;
use rand::Rng;
use voxloom_parts::pillow::{Filter, Plane, resize, rotate};

/// A window of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CropBox {
    pub top: usize,
    pub left: usize,
    pub height: usize,
    pub width: usize,
}

impl CropBox {
    /// torchvision's random crop: a share of the area and a ratio of width to height, ten tries, else the largest centred
    /// window whose ratio is allowed.
    pub fn draw(height: usize, width: usize, area: [f64; 2], ratio: [f64; 2], rng: &mut impl Rng) -> Self {
        let whole = (height * width) as f64;
        for _ in 0..10 {
            let target = whole * rng.random_range(area[0]..=area[1]);
            let ratio = rng.random_range(ratio[0].ln()..=ratio[1].ln()).exp();
            let w = (target * ratio).sqrt().round_ties_even() as usize;
            let h = (target / ratio).sqrt().round_ties_even() as usize;
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                let (top, left) = (rng.random_range(0..=height - h), rng.random_range(0..=width - w));
                return Self { top, left, height: h, width: w };
            }
        }
        Self::centred(height, width, ratio)
    }

    fn centred(height: usize, width: usize, ratio: [f64; 2]) -> Self {
        let own = width as f64 / height as f64;
        let (mut h, mut w) = (height, width);
        if own < ratio[0] {
            h = ((w as f64 / ratio[0]).round_ties_even() as usize).max(1);
        } else if own > ratio[1] {
            w = ((h as f64 * ratio[1]).round_ties_even() as usize).max(1);
        }
        Self { top: (height - h) / 2, left: (width - w) / 2, height: h, width: w }
    }
}

/// The window, at another size: bilinear, with anti-aliasing.
pub fn crop_resized(picture: &Picture, window: CropBox, [height, width]: [usize; 2]) -> Picture {
    picture.planes(|plane| resize(&cropped(plane, window), height, width, Filter::Bilinear))
}

/// Left and right exchanged.
pub fn mirrored(picture: &Picture) -> Picture {
    let mut out = picture.clone();
    for plane in &mut out.0 {
        plane.values.chunks_exact_mut(plane.width).for_each(<[u8]>::reverse);
    }
    out
}

/// Turned counter-clockwise about the centre: nearest neighbours, the same size, black outside.
pub fn rotated(picture: &Picture, degrees: f64) -> Picture {
    picture.planes(|plane| rotate(plane, degrees, Filter::Nearest))
}

fn cropped(plane: &Plane, window: CropBox) -> Plane {
    let rows = plane.values.chunks_exact(plane.width).skip(window.top).take(window.height);
    let values = rows.flat_map(|row| &row[window.left..window.left + window.width]).copied().collect();
    Plane { height: window.height, width: window.width, values }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn crops_stay_inside_and_have_the_area_that_was_asked_for() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        for _ in 0..500 {
            let crop = CropBox::draw(40, 56, [0.2, 1.0], [0.75, 4.0 / 3.0], &mut rng);
            assert!(crop.top + crop.height <= 40 && crop.left + crop.width <= 56);
            let share = (crop.height * crop.width) as f64 / 2240.0;
            assert!(share > 0.19, "{share}");
        }
    }

    #[test]
    fn where_no_try_fits_the_crop_is_centred() {
        let expected = CropBox { top: 0, left: 43, height: 10, width: 13 };
        assert_eq!(CropBox::centred(10, 100, [0.75, 4.0 / 3.0]), expected);
        assert_eq!(
            CropBox::draw(10, 100, [1.0, 1.0], [0.75, 4.0 / 3.0], &mut rand_chacha::ChaCha8Rng::seed_from_u64(0)),
            expected
        );
        assert_eq!(CropBox::centred(12, 12, [0.75, 4.0 / 3.0]), CropBox { top: 0, left: 0, height: 12, width: 12 });
    }
}
