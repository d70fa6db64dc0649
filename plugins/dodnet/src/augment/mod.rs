//! Changes of intensity that make a network indifferent to scanners: seven transforms, each now and then.

mod transforms;

pub use transforms::{GammaForm, add, blur, contrast, gamma, low_resolution, low_resolution_down, multiply, noise};

use rand::Rng;

/// How often each transform happens and how strong it is; the defaults are the paper's (section 4.4 of the specification).
#[derive(Clone, Debug)]
pub struct Augmentation {
    pub noise_probability: f64,
    /// Standard deviation of the noise.
    pub noise: [f64; 2],
    pub blur_probability: f64,
    /// Sigma in voxels.
    pub blur: [f64; 2],
    pub multiply_probability: f64,
    pub multiply: [f64; 2],
    pub add_probability: f64,
    /// Standard deviation of the offset.
    pub add: f64,
    pub contrast_probability: f64,
    pub contrast: [f64; 2],
    pub low_resolution_probability: f64,
    pub low_resolution: [f64; 2],
    pub gamma_probability: f64,
    pub gamma: [f64; 2],
    pub gamma_form: GammaForm,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            noise_probability: 0.1,
            noise: [0.0, 0.1],
            blur_probability: 0.2,
            blur: [0.5, 1.0],
            multiply_probability: 0.15,
            multiply: [0.75, 1.25],
            add_probability: 0.15,
            add: 0.1,
            contrast_probability: 0.15,
            contrast: [0.75, 1.25],
            low_resolution_probability: 0.25,
            low_resolution: [0.5, 1.0],
            gamma_probability: 0.15,
            gamma: [0.7, 1.5],
            gamma_form: GammaForm::Restored,
        }
    }
}

/// How often a transform that was drawn for a sample reaches its channel (a sample here has one).
const PER_CHANNEL: f64 = 0.5;

impl Augmentation {
    /// Changes one image in place. Results are not clipped back to the image's range.
    ///
    /// # Shapes
    /// - `image`: `shape`, row-major
    pub fn apply(&self, image: &mut Vec<f32>, shape: [usize; 3], rng: &mut impl Rng) {
        let chance = |rng: &mut dyn rand::RngCore, probability: f64| uniform(rng, [0.0, 1.0]) < probability;
        if chance(rng, self.noise_probability) {
            let std = uniform(rng, self.noise);
            noise(image, std, rng);
        }
        if chance(rng, self.blur_probability) && chance(rng, PER_CHANNEL) {
            *image = blur(image, shape, uniform(rng, self.blur));
        }
        if chance(rng, self.multiply_probability) {
            multiply(image, uniform(rng, self.multiply));
        }
        if chance(rng, self.add_probability) && chance(rng, PER_CHANNEL) {
            let offset: f64 = rng.sample(rand_distr::StandardNormal);
            add(image, self.add * offset);
        }
        if chance(rng, self.contrast_probability) {
            contrast(image, about_one(rng, self.contrast));
        }
        if chance(rng, self.low_resolution_probability) && chance(rng, PER_CHANNEL) {
            *image = low_resolution(image, shape, uniform(rng, self.low_resolution));
        }
        if chance(rng, self.gamma_probability) {
            gamma(image, about_one(rng, self.gamma), self.gamma_form);
        }
    }
}

fn uniform(rng: &mut (impl rand::RngCore + ?Sized), [low, high]: [f64; 2]) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

/// Below one and above it equally often, however the range lies about it.
fn about_one(rng: &mut (impl rand::RngCore + ?Sized), [low, high]: [f64; 2]) -> f64 {
    if rng.random::<f64>() < 0.5 && low < 1.0 { uniform(rng, [low, 1.0]) } else { uniform(rng, [low.max(1.0), high.max(1.0)]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const SHAPE: [usize; 3] = [6, 7, 8];

    fn image() -> Vec<f32> {
        (0..6 * 7 * 8).map(|i| (i as f32 * 0.37).sin()).collect()
    }

    #[test]
    fn a_seed_decides_everything() {
        let always =
            Augmentation { noise_probability: 1.0, blur_probability: 1.0, gamma_probability: 1.0, ..Augmentation::default() };
        let run = |seed| {
            let mut image = image();
            always.apply(&mut image, SHAPE, &mut ChaCha8Rng::seed_from_u64(seed));
            image
        };
        assert_eq!(run(4), run(4));
        assert_ne!(run(4), run(5));
    }

    #[test]
    fn most_samples_are_changed_and_none_is_broken() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut changed = 0;
        for _ in 0..200 {
            let mut x = image();
            Augmentation::default().apply(&mut x, SHAPE, &mut rng);
            assert!(x.len() == image().len() && x.iter().all(|value| value.is_finite()));
            changed += usize::from(x != image());
        }
        // 1 - 0.9·0.9·0.85·0.925·0.85·0.875·0.85 = 0.60 of 200.
        assert!((95..145).contains(&changed), "{changed} of 200");
    }

    #[test]
    fn factors_lie_on_both_sides_of_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let drawn: Vec<f64> = (0..1000).map(|_| about_one(&mut rng, [0.7, 1.5])).collect();
        let below = drawn.iter().filter(|&&factor| factor < 1.0).count();
        assert!((420..580).contains(&below), "{below} of 1000");
        assert!(drawn.iter().all(|factor| (0.7..=1.5).contains(factor)));
    }
}
