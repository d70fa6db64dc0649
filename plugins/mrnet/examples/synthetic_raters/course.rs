//! Training on synthetic eyes and what it is measured by: losses, overlap on eyes never seen, and whose readings a prediction resembles.

use super::cases::cases;
use super::iteration::{Fault, Training};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tch::{Tensor, no_grad};
use voxloom_mrnet::calibration::Scores;
use voxloom_mrnet::expertness::{Condition, draw, soft_truth};
use voxloom_mrnet::network::NetworkConfig;
use voxloom_parts::Mode;

const TRAINING: std::ops::Range<u64> = 0..24;
const UNSEEN: std::ops::Range<u64> = 1000..1006;
const BATCH: usize = 4;
const ROUND: usize = 6;

/// A training under way.
pub struct Course {
    training: Training,
    images: Tensor,
    masks: Tensor,
    rng: ChaCha8Rng,
    order: Vec<i64>,
    /// Of every iteration, coarse, reconstruction and perception network.
    pub totals: Vec<[f64; 3]>,
}

/// Means over the unseen eyes.
#[derive(Debug)]
pub struct Measured {
    /// Soft Dice against the mean of all raters, disc and cup.
    pub coarse: [f64; 2],
    pub refined: [f64; 2],
    /// Soft Dice of disc and cup against rater `i`'s mask where rater `k` alone was asked for, `[k][i]`, the first and the last rater.
    pub toward: [[[f64; 2]; 2]; 2],
}

impl Course {
    /// # Errors
    /// A width out of range.
    pub fn new(width: f64, rate: f64, seed: u64) -> Result<Self, Fault> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let training = Training::new(NetworkConfig { width, ..NetworkConfig::default() }, rate, &mut rng)?;
        let (images, masks) = cases(&TRAINING.collect::<Vec<_>>());
        Ok(Self { training, images, masks, rng, order: Vec::new(), totals: Vec::new() })
    }

    /// One more iteration, of the next four eyes of a shuffled round.
    ///
    /// # Errors
    /// None for these shapes.
    pub fn iterate(&mut self) -> Result<(), Fault> {
        if self.order.is_empty() {
            self.order = (0..TRAINING.end as i64).collect();
            self.order.shuffle(&mut self.rng);
        }
        let chosen = Tensor::from_slice(&self.order.split_off(self.order.len() - BATCH));
        let expertness = draw(&[Condition::One, Condition::Random, Condition::Average], BATCH as i64, 6, &mut self.rng);
        let [images, masks] = [&self.images, &self.masks].map(|tensor| tensor.index_select(0, &chosen));
        self.totals.push(self.training.iterate(&images, &masks, &expertness)?);
        Ok(())
    }

    /// Mean totals of the last round over all eyes.
    pub fn recent(&self) -> [f64; 3] {
        let last = &self.totals[self.totals.len().saturating_sub(ROUND)..];
        [0, 1, 2].map(|i| last.iter().map(|totals| totals[i]).sum::<f64>() / last.len() as f64)
    }

    /// # Errors
    /// None for these shapes.
    pub fn measure(&self) -> Result<Measured, Fault> {
        let numbers: Vec<u64> = UNSEEN.collect();
        let (images, masks) = cases(&numbers);
        let n = numbers.len() as i64;
        let average = draw(&[Condition::Average], n, 6, &mut self.rng.clone()).get(0);
        let truth = soft_truth(&masks, &average)?;
        let [coarse, refined] = self.predict(&images, &average)?;
        let mut toward = [[[0.0; 2]; 2]; 2];
        for (row, asked) in toward.iter_mut().zip([0, 5]) {
            let one = average.zeros_like();
            let _ = one.select(1, asked).fill_(1.0);
            let [_, refined] = self.predict(&images, &one)?;
            for (place, rater) in row.iter_mut().zip([0, 5]) {
                *place = overlap(&refined, &masks.select(1, rater));
            }
        }
        Ok(Measured { coarse: overlap(&coarse, &truth), refined: overlap(&refined, &truth), toward })
    }

    /// Probabilities before and after the refinement.
    fn predict(&self, images: &Tensor, expertness: &Tensor) -> Result<[Tensor; 2], Fault> {
        no_grad(|| {
            let nets = &self.training;
            let z = nets.coarse.forward(images, expertness, Mode::Eval)?;
            let raters = nets.reconstruction.forward(images, &z.logits, expertness, Mode::Eval)?;
            let refined = nets.perception.forward(&raters, &z.features, &z.logits, Mode::Eval)?;
            Ok([z.logits.sigmoid(), refined.logits.sigmoid()])
        })
    }
}

/// Mean soft Dice of disc and cup; both `[N, 2, H, W]`.
fn overlap(probability: &Tensor, target: &Tensor) -> [f64; 2] {
    let n = target.size()[0];
    let plane = |tensor: &Tensor, i: i64, c: i64| -> Vec<f32> {
        Vec::try_from(tensor.get(i).get(c).contiguous().view(-1)).expect("a flat float32 tensor")
    };
    [0, 1].map(|c| {
        let of = |i: i64| Scores::of(&plane(probability, i, c), &plane(target, i, c)).soft_dice();
        (0..n).map(of).sum::<f64>() / n as f64
    })
}
