//! Synthetic eyes with six raters who differ by a rule: the first marks discs and cups too small, the last too large.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

/// Pixels along a side.
pub const SIDE: usize = 64;
/// Factors of the disc's and the cup's radius, rater by rater.
pub const BIASES: [(f64, f64); 6] = [(0.85, 0.75), (0.91, 0.85), (0.97, 0.95), (1.03, 1.05), (1.09, 1.15), (1.15, 1.25)];

const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const STD: [f64; 3] = [0.229, 0.224, 0.225];

/// A bright disc with a brighter cup in it, soft at their edges, under noise; equal numbers give equal images.
///
/// # Shapes
/// - out: images `[N, 3, 64, 64]`, normalised as the paper's, and masks `[N, 6, 2, 64, 64]`, disc before cup; float32
pub fn cases(numbers: &[u64]) -> (Tensor, Tensor) {
    let (mut images, mut masks) = (Vec::<f32>::new(), Vec::<f32>::new());
    for &number in numbers {
        let mut rng = ChaCha8Rng::seed_from_u64(number);
        let middle = [0; 2].map(|_| SIDE as f64 / 2.0 + rng.random_range(-5.0..5.0));
        let disc = rng.random_range(15.0..21.0);
        let cup = disc * rng.random_range(0.4..0.6);
        let brightness: [f64; 3] = [0.45, 0.3, 0.2].map(|value: f64| value + rng.random_range(-0.05..0.05));
        // Distances of the pixels from the centre, row by row.
        let at = |i: usize| [i / SIDE, i % SIDE].map(|index| index as f64 + 0.5);
        let distances: Vec<f64> =
            (0..SIDE * SIDE).map(|i| at(i).iter().zip(middle).map(|(p, c)| (p - c).powi(2)).sum::<f64>().sqrt()).collect();
        for channel in 0..3 {
            for distance in &distances {
                let within = |radius: f64| 1.0 / (1.0 + (distance - radius).exp());
                let value = brightness[channel] + 0.25 * within(disc) + 0.2 * within(cup) + rng.random_range(-0.06..0.06);
                images.push(((value - MEAN[channel]) / STD[channel]) as f32);
            }
        }
        for (of_disc, of_cup) in BIASES {
            for radius in [disc * of_disc, cup * of_cup] {
                masks.extend(distances.iter().map(|distance| if *distance < radius { 1f32 } else { 0.0 }));
            }
        }
    }
    let (n, side) = (numbers.len() as i64, SIDE as i64);
    (Tensor::from_slice(&images).view([n, 3, side, side]), Tensor::from_slice(&masks).view([n, 6, 2, side, side]))
}
