//! What an iteration draws, and how it mixes a batch with itself.

use rand::seq::SliceRandom;
use rand::{Rng, RngCore};
use tch::Tensor;

/// `max(b, 1 - b)`: of two shares the larger.
pub fn fold(b: f64) -> f64 {
    b.max(1.0 - b)
}

/// What is mixed at all.
#[derive(Clone, Copy, Debug)]
pub struct Mixing {
    /// Student's and teacher's features.
    pub features: bool,
    /// The images of a batch.
    pub images: bool,
    /// The teacher sees the batch in another order.
    pub shuffle: bool,
}

/// The random numbers of one iteration; shares are folded.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// The order in which the teacher sees the batch; empty: as it is.
    pub shuffle: Vec<i64>,
    /// Share of the student's features in the first blend.
    pub alpha1: f64,
    /// Share of an image itself in its mixture.
    pub lambda: f64,
    /// With which image of the batch each one is mixed.
    pub index: Vec<i64>,
    /// Share of the student's features in the second blend.
    pub alpha2: f64,
}

impl Draws {
    /// In the authors' order: the order for the teacher, alpha1, lambda, the partners, alpha2. What is not mixed has the share 1.
    pub fn new(batch: usize, mixing: Mixing, rng: &mut dyn RngCore) -> Self {
        // Beta(1, 1) is uniform.
        let shuffle = if mixing.shuffle { order(batch, rng) } else { Vec::new() };
        let [alpha1, lambda] = [rng.random::<f64>(), rng.random()].map(fold);
        let index = order(batch, rng);
        let alpha2 = fold(rng.random());
        let share = |mixed: bool, share: f64| if mixed { share } else { 1.0 };
        Self {
            shuffle,
            alpha1: share(mixing.features, alpha1),
            lambda: share(mixing.images, lambda),
            index,
            alpha2: share(mixing.features, alpha2),
        }
    }

    /// `lambda · y + (1 - lambda) · y[index]` along the first axis.
    pub fn mix(&self, y: &Tensor) -> Tensor {
        if self.lambda == 1.0 {
            return y.shallow_clone();
        }
        let partners = Tensor::from_slice(&self.index).to_device(y.device());
        y * self.lambda + y.index_select(0, &partners) * (1.0 - self.lambda)
    }

    /// The batch as the teacher sees it.
    pub fn shuffled(&self, x: &Tensor) -> Tensor {
        self.reordered(x, &self.shuffle)
    }

    /// Back to the batch's own order.
    pub fn unshuffled(&self, x: &Tensor) -> Tensor {
        let mut back = vec![0; self.shuffle.len()];
        self.shuffle.iter().zip(0..).for_each(|(&from, place)| back[from as usize] = place);
        self.reordered(x, &back)
    }

    fn reordered(&self, x: &Tensor, order: &[i64]) -> Tensor {
        if order.is_empty() { x.shallow_clone() } else { x.index_select(0, &Tensor::from_slice(order).to_device(x.device())) }
    }
}

fn order(n: usize, rng: &mut dyn RngCore) -> Vec<i64> {
    let mut order: Vec<i64> = (0..n as i64).collect();
    order.shuffle(rng);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const ALL: Mixing = Mixing { features: true, images: true, shuffle: true };

    #[test]
    fn shares_are_at_least_one_half_and_orders_are_whole() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let drawn: Vec<Draws> = (0..200).map(|_| Draws::new(6, ALL, &mut rng)).collect();
        let mean = drawn.iter().map(|draws| draws.alpha1).sum::<f64>() / 200.0;
        assert!((mean - 0.75).abs() < 0.03, "{mean}");
        for draws in &drawn {
            assert!([draws.alpha1, draws.lambda, draws.alpha2].iter().all(|share| (0.5..=1.0).contains(share)));
            let mut index = draws.index.clone();
            index.sort_unstable();
            assert_eq!(index, [0, 1, 2, 3, 4, 5]);
        }
    }

    #[test]
    fn without_mixing_everything_stays_and_the_other_draws_are_the_same() {
        let draw = |mixing| Draws::new(4, mixing, &mut ChaCha8Rng::seed_from_u64(9));
        let plain = draw(Mixing { features: false, images: false, shuffle: false });
        let y = Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0]);
        assert!(plain.mix(&y).equal(&y) && plain.shuffled(&y).equal(&y));
        assert_eq!((plain.alpha1, plain.alpha2), (1.0, 1.0));
        let images = draw(Mixing { features: false, images: true, shuffle: false });
        assert_eq!(images.index, plain.index);
        assert!(images.lambda < 1.0);
    }
}
