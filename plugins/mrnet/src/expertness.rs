//! Weights of raters, drawn or chosen, and the soft truth that they make.

use crate::{Fault, Result};
use rand::{Rng, RngCore};
use tch::{Kind, Tensor};
use voxloom_sdk::Choice;

/// How the weights of a sample's raters are found (spec 3: m, p, ave).
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// m: one rater, the others 0.
    One,
    /// p: a number from 1 to 10 a rater, over their sum.
    Random,
    /// ave: all alike.
    Average,
}

/// Weights for every condition and sample, in the authors' order of drawing: condition by condition, sample by sample.
///
/// # Shapes
/// - out: `[K, N, R]`, each row with sum 1
pub fn draw(conditions: &[Condition], n: i64, raters: i64, rng: &mut dyn RngCore) -> Tensor {
    let mut values: Vec<f32> = Vec::with_capacity(conditions.len() * (n * raters) as usize);
    for condition in conditions {
        for _ in 0..n {
            match condition {
                Condition::One => {
                    let chosen = rng.random_range(0..raters);
                    values.extend((0..raters).map(|r| if r == chosen { 1.0 } else { 0.0 }));
                }
                Condition::Random => {
                    let parts: Vec<f32> = (0..raters).map(|_| f32::from(rng.random_range(1..=10u8))).collect();
                    let sum: f32 = parts.iter().sum();
                    values.extend(parts.iter().map(|part| part / sum));
                }
                Condition::Average => values.extend((0..raters).map(|_| 1.0 / raters as f32)),
            }
        }
    }
    Tensor::from_slice(&values).view([conditions.len() as i64, n, raters])
}

/// Chosen weights with sum 1; none chosen is all alike.
///
/// # Errors
/// Another number than `raters`, a weight that is negative or not finite, or none above 0.
pub fn normalised(weights: &[f64], raters: i64) -> Result<Vec<f32>> {
    let fault = |text| Err(Fault::Weights { found: weights.to_vec(), text });
    let sum: f64 = weights.iter().sum();
    match weights {
        [] => Ok(vec![1.0 / raters as f32; raters as usize]),
        _ if weights.len() as i64 != raters => fault("expected one for each rater"),
        _ if weights.iter().any(|weight| !weight.is_finite() || *weight < 0.0) => fault("none may be negative"),
        _ if sum <= 0.0 => fault("one must be above 0"),
        _ => Ok(weights.iter().map(|weight| (weight / sum) as f32).collect()),
    }
}

/// The raters' masks, weighted and added in their order in float32 (spec 3).
///
/// # Shapes
/// - in:  masks `[N, R, …]` of any element type, expertness `[N, R]` or `[K, N, R]`
/// - out: `[N, …]` or `[K, N, …]`
///
/// # Errors
/// Sizes that do not belong together.
pub fn soft_truth(masks: &Tensor, expertness: &Tensor) -> Result<Tensor> {
    let (size, weights) = (masks.size(), expertness.size());
    if size.len() < 2 || !matches!(weights.len(), 2 | 3) || weights[weights.len() - 2..] != size[..2] {
        let text = format!("masks are {size:?} and expertness {weights:?}, expected [N, R, …] and [N, R] or [K, N, R]");
        return Err(Fault::Shape { what: "masks", text });
    }
    let masks = masks.to_kind(Kind::Float);
    let trailing = vec![1; size.len() - 2];
    let mut sum: Option<Tensor> = None;
    for r in 0..size[1] {
        let weight = expertness.select(-1, r);
        let weight = weight.view([weight.size(), trailing.clone()].concat().as_slice());
        let part = weight * masks.select(1, r);
        sum = Some(match sum {
            Some(sum) => sum + part,
            None => part,
        });
    }
    sum.ok_or(Fault::Shape { what: "masks", text: "there is no rater".into() })
}

/// 1 where more than half of the raters marked, or half of them with `ties`.
///
/// # Shapes
/// - in:  `[N, R, …]`
/// - out: `[N, …]`, float32
pub fn majority(masks: &Tensor, ties: bool) -> Tensor {
    let share = masks.to_kind(Kind::Double).mean_dim([1i64].as_slice(), false, Kind::Double);
    let marked = if ties { share.ge(0.5) } else { share.gt(0.5) };
    marked.to_kind(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn floats(tensor: &Tensor) -> Vec<f32> {
        Vec::try_from(tensor.contiguous().view(-1)).unwrap()
    }

    #[test]
    fn draws_are_as_often_as_they_should_be() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let drawn = draw(&[Condition::One, Condition::Random, Condition::Average], 10_000, 6, &mut rng);
        let chosen = floats(&drawn.get(0).mean_dim([0i64].as_slice(), false, Kind::Float));
        assert!(chosen.iter().all(|share| (share - 1.0 / 6.0).abs() < 0.02), "{chosen:?}");
        let random = drawn.get(1);
        let sums = floats(&random.sum_dim_intlist([1i64].as_slice(), false, Kind::Float));
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() <= 1e-6));
        let values = floats(&random);
        assert!(values.iter().all(|&value| (1.0 / 51.0 - 1e-6..=10.0 / 15.0 + 1e-6).contains(&value)));
        assert!(values.iter().any(|&value| value < 0.03) && values.iter().any(|&value| value > 0.5), "the whole range is used");
        assert!(floats(&drawn.get(2)).iter().all(|&value| value == 1.0 / 6.0));
    }

    #[test]
    fn permuted_raters_with_permuted_weights_are_the_same_truth() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let masks: Vec<f32> = (0..2 * 6 * 8).map(|_| f32::from(rng.random_range(0..2u8))).collect();
        let masks = Tensor::from_slice(&masks).view([2, 6, 1, 2, 4]);
        let weights = draw(&[Condition::Random, Condition::One], 2, 6, &mut rng);
        let order = Tensor::from_slice(&[3i64, 0, 5, 1, 4, 2]);
        let plain = soft_truth(&masks, &weights).unwrap();
        let moved = soft_truth(&masks.index_select(1, &order), &weights.index_select(2, &order)).unwrap();
        assert!((&plain - moved).abs().max().double_value(&[]) < 1e-6);
        let chosen = weights.get(1).argmax(1, false);
        for n in 0..2 {
            assert_eq!(plain.get(1).get(n), masks.get(n).get(chosen.int64_value(&[n])), "one rater's weights give his mask");
        }
    }

    #[test]
    fn halves_and_wholes_are_exact() {
        let masks = Tensor::from_slice(&[1f32, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]).view([2, 6, 1]);
        let all = draw(&[Condition::Average], 2, 6, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(floats(&soft_truth(&masks, &all).unwrap()), [0.5, 1.0]);
        assert_eq!((floats(&majority(&masks, false)), floats(&majority(&masks, true))), (vec![0.0, 1.0], vec![1.0, 1.0]));
    }

    #[test]
    fn weights_that_say_nothing_are_refused() {
        assert_eq!(normalised(&[2.0, 1.0, 1.0], 3).unwrap(), [0.5, 0.25, 0.25]);
        assert_eq!(normalised(&[], 4).unwrap(), [0.25; 4]);
        for (weights, word) in [(vec![1.0, -0.5], "negative"), (vec![0.0, 0.0], "above 0"), (vec![1.0], "each rater")] {
            let fault = normalised(&weights, 2).unwrap_err().to_string();
            assert!(fault.contains(word), "{fault}");
        }
        assert!(
            soft_truth(&Tensor::from_slice(&[1f32]).view([1, 1, 1]), &Tensor::from_slice(&[1f32]).view([1, 1, 1, 1])).is_err()
        );
    }
}
