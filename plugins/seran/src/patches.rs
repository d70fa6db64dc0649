//! Pairs of coarse and fine patches, and the eight symmetries of a square.

use crate::{Fault, Result};
use rand::Rng;
use tch::Tensor;

/// Flips and a transposition, applied in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Symmetry {
    pub reverse_width: bool,
    pub reverse_height: bool,
    pub transpose: bool,
}

impl Symmetry {
    /// All eight; the reversed width changes fastest.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..8).map(|bits| Self { reverse_width: bits & 1 != 0, reverse_height: bits & 2 != 0, transpose: bits & 4 != 0 })
    }

    /// Each with probability one half.
    pub fn random(rng: &mut impl Rng, transpose: bool) -> Self {
        let [reverse_width, reverse_height, transposed] = [rng.random(), rng.random(), rng.random()];
        Self { reverse_width, reverse_height, transpose: transpose && transposed }
    }
}

/// The images under a symmetry; the last two axes are height and width.
pub fn turned(images: &Tensor, symmetry: Symmetry) -> Tensor {
    let flipped = voxloom_parts::spatial::flip(images, &[symmetry.reverse_height, symmetry.reverse_width]);
    if symmetry.transpose { voxloom_parts::spatial::transpose(&flipped) } else { flipped }
}

/// A square of a coarse slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub slice: i64,
    pub y: i64,
    pub x: i64,
    pub size: i64,
}

impl Place {
    /// Anywhere in `[slices, …, h, w]`, every place alike.
    pub fn random(size: i64, slices: &[i64], rng: &mut impl Rng) -> Self {
        let (h, w) = (slices[slices.len() - 2], slices[slices.len() - 1]);
        let slice = rng.random_range(0..slices[0]);
        Self { slice, y: rng.random_range(0..=h - size), x: rng.random_range(0..=w - size), size }
    }

    /// The square itself, of slices that are `scale` times as fine.
    pub fn cut(self, slices: &Tensor, scale: i64) -> Tensor {
        let [y, x, size] = [self.y, self.x, self.size].map(|n| n * scale);
        slices.select(0, self.slice).narrow(-2, y, size).narrow(-1, x, size)
    }
}

/// What patches are drawn, and how they are varied.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    pub count: usize,
    /// Pixels of a coarse patch along each side.
    pub size: i64,
    pub scale: i64,
    pub flips: bool,
    pub transpose: bool,
    /// A coarse patch whose spread is not above this is drawn anew…
    pub spread: f64,
    /// … until so many have been tried.
    pub tries: usize,
}

/// Random pairs of patches, each pair under one symmetry.
///
/// # Shapes
/// - `lr`: `[n, C, h, w]`; `hr`: `[n, C, scale·h, scale·w]`
/// - out: `[count, C, size, size]` and `[count, C, scale·size, scale·size]`
///
/// # Errors
/// Slices that do not belong together, or are smaller than a patch.
pub fn draw(lr: &Tensor, hr: &Tensor, how: &Draw, rng: &mut impl Rng) -> Result<(Tensor, Tensor)> {
    let (coarse, fine) = (lr.size(), hr.size());
    let [n, c, h, w] = coarse[..] else {
        return Err(Fault::Shape { what: "lr", text: format!("got {coarse:?}, expected [n, C, h, w]") });
    };
    let expected = [n, c, h * how.scale, w * how.scale];
    if fine != expected {
        return Err(Fault::Shape { what: "hr", text: format!("got {fine:?}, expected {expected:?} for lr of {coarse:?}") });
    }
    if n == 0 || h < how.size || w < how.size {
        let text = format!("{n} slices of {h} by {w} hold no patch of {0} by {0}; draw smaller patches", how.size);
        return Err(Fault::Shape { what: "lr", text });
    }
    let mut pairs = (Vec::with_capacity(how.count), Vec::with_capacity(how.count));
    for _ in 0..how.count {
        let mut place = Place::random(how.size, &coarse, rng);
        for _ in 1..how.tries {
            if place.cut(lr, 1).std(false).double_value(&[]) > how.spread {
                break;
            }
            place = Place::random(how.size, &coarse, rng);
        }
        let symmetry = if how.flips { Symmetry::random(rng, how.transpose) } else { Symmetry::default() };
        pairs.0.push(turned(&place.cut(lr, 1), symmetry));
        pairs.1.push(turned(&place.cut(hr, how.scale), symmetry));
    }
    Ok((Tensor::stack(&pairs.0, 0), Tensor::stack(&pairs.1, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use tch::{Device, Kind};

    fn pair() -> (Tensor, Tensor) {
        let lr = Tensor::arange(3 * 9 * 8, (Kind::Float, Device::Cpu)).view([3, 1, 9, 8]);
        let hr = lr.repeat_interleave_self_int(2, -1, None).repeat_interleave_self_int(2, -2, None);
        (lr, hr)
    }

    fn draws() -> Draw {
        Draw { count: 40, size: 5, scale: 2, flips: true, transpose: true, spread: 0.0, tries: 1 }
    }

    #[test]
    fn both_patches_show_the_same_place_under_the_same_symmetry() {
        let (lr, hr) = pair();
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let (coarse, fine) = draw(&lr, &hr, &draws(), &mut rng).unwrap();
        assert_eq!((coarse.size(), fine.size()), (vec![40, 1, 5, 5], vec![40, 1, 10, 10]));
        assert!(coarse.repeat_interleave_self_int(2, -1, None).repeat_interleave_self_int(2, -2, None).equal(&fine));
        let corners: std::collections::BTreeSet<i64> = (0..40).map(|i| coarse.double_value(&[i, 0, 0, 0]) as i64 / 72).collect();
        assert_eq!(corners.len(), 3, "every slice is drawn");
    }

    #[test]
    fn empty_patches_are_drawn_anew() {
        let (lr, hr) = pair();
        let lr = &lr * lr.ge(144.0);
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let how = Draw { tries: 60, spread: 0.5, ..draws() };
        let (coarse, _) = draw(&lr, &hr, &how, &mut rng).unwrap();
        assert!(coarse.min().double_value(&[]) >= 144.0);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let (lr, hr) = pair();
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let mut refused = |lr: &Tensor, hr: &Tensor, how: &Draw| draw(lr, hr, how, &mut rng).unwrap_err().to_string();
        assert_eq!(refused(&lr, &lr, &draws()), "hr: got [3, 1, 9, 8], expected [3, 1, 18, 16] for lr of [3, 1, 9, 8]");
        let large = Draw { size: 9, ..draws() };
        assert_eq!(refused(&lr, &hr, &large), "lr: 3 slices of 9 by 8 hold no patch of 9 by 9; draw smaller patches");
    }
}
