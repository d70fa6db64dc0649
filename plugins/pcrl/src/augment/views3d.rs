//! Views of two windows of one volume, as the paper's 3D training draws them.

use super::volume::{Affine3, Bezier, Grid, Paint, affine, bezier, blur, flip_x, shuffle_randomly};
use super::{Turn, View};
use crate::Result;
use rand::Rng;

/// How windows are corrupted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VolumeRule {
    /// How often x is flipped.
    pub flip: f64,
    pub scales: [f64; 2],
    pub degrees: [f64; 2],
    /// Of the blur, in voxels.
    pub sigma: [f64; 2],
    pub shuffle: f64,
    /// Blocks that are shuffled.
    pub shuffled: usize,
    /// How often both windows are painted.
    pub paint: f64,
    /// How often that is in-painting.
    pub inpaint: f64,
    pub painting: Paint,
    /// How often intensities take another course. The authors never did.
    pub bezier: f64,
    /// The clean window is flipped and turned as the input is.
    pub align: bool,
}

impl VolumeRule {
    /// A view of each window; whether and how they are painted is drawn once for both.
    ///
    /// # Errors
    /// Windows that are no squares in x and y.
    pub fn draw(&self, windows: [&Grid; 2], rng: &mut impl Rng) -> Result<[View; 2]> {
        let corrupted = windows.map(|window| self.corrupted(window, rng));
        let painted = rng.random_bool(self.paint);
        let inside = rng.random_bool(self.inpaint);
        let view = |(clean, x): (Grid, Grid), rng: &mut _| -> Result<View> {
            let x = match (painted, inside) {
                (false, _) => x,
                (true, true) => self.painting.inside(&x, rng),
                (true, false) => self.painting.outside(&x, rng),
            };
            let (x, turn) = (x.tensor(), Turn::draw(3, rng));
            Ok(View { m: turn.apply(&x)?, v: turn.indicator(), g: clean.tensor(), x })
        };
        let [first, second] = corrupted;
        Ok([view(first, rng)?, view(second, rng)?])
    }

    /// The target, and the input before it is painted.
    fn corrupted(&self, window: &Grid, rng: &mut impl Rng) -> (Grid, Grid) {
        let flipped = if rng.random_bool(self.flip) { flip_x(window) } else { window.clone() };
        let placed = affine(&flipped, &Affine3::draw(self.scales, self.degrees, rng));
        let sigma = std::array::from_fn(|_| rng.random_range(self.sigma[0]..=self.sigma[1]));
        let mut x = blur(&placed, sigma);
        if rng.random_bool(self.bezier) {
            x = bezier(&x, &Bezier::draw(rng));
        }
        if rng.random_bool(self.shuffle) {
            x = shuffle_randomly(&x, self.shuffled, rng);
        }
        (if self.align { placed } else { window.clone() }, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rule() -> VolumeRule {
        VolumeRule {
            flip: 0.5,
            scales: [0.9, 1.1],
            degrees: [-10.0, 10.0],
            sigma: [0.0, 2.0],
            shuffle: 0.5,
            shuffled: 100,
            paint: 0.9,
            inpaint: 0.2,
            painting: Paint::default(),
            bezier: 0.0,
            align: false,
        }
    }

    #[test]
    fn views_have_their_targets_and_equal_seeds_give_equal_bits() {
        let grid = Grid { shape: [16, 16, 8], values: (0..2048).map(|i| (i % 97) as f32 / 97.0).collect() };
        let draw =
            |rule: &VolumeRule, seed| rule.draw([&grid, &grid], &mut rand_chacha::ChaCha8Rng::seed_from_u64(seed)).unwrap();
        for seed in 0..6 {
            let ([one, two], again) = (draw(&rule(), seed), draw(&rule(), seed));
            assert!(one.x.equal(&again[0].x) && two.m.equal(&again[1].m));
            assert!(one.g.equal(&grid.tensor()) && !one.x.equal(&two.x));
            assert_eq!((one.m.size(), one.v.size()), (vec![1, 16, 16, 8], vec![7]));
        }
        let still = VolumeRule { shuffle: 0.0, paint: 0.0, sigma: [0.0; 2], align: true, ..rule() };
        let [one, _] = draw(&still, 1);
        assert!(one.x.equal(&one.g) && !one.g.equal(&grid.tensor()), "the aligned target has the input's place");
    }
}
