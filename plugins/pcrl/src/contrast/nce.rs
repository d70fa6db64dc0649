//! Scores of a query against its key and the queue, and the two losses on them.

use crate::{Fault, Result};
use tch::{Kind, Reduction, Tensor};

/// Keeps the fractions of the loss away from 0/0.
const EPSILON: f64 = 1e-5;

/// Rows of length 1.
///
/// Rationale: no epsilon, as in the authors' code; a row of zeros gives NaN, which the optimizer refuses.
pub fn unit(x: &Tensor) -> Tensor {
    x / x.square().sum_dim_intlist([1i64].as_slice(), true, None::<Kind>).sqrt()
}

/// Inner products, the positive one first.
///
/// # Shapes
/// - in:  query and key `[B, D]`, memory `[K, D]`
/// - out: `[B, 1 + K]`
pub fn scores(query: &Tensor, key: &Tensor, memory: &Tensor) -> Tensor {
    let own = (query * key).sum_dim_intlist([1i64].as_slice(), true, None::<Kind>);
    Tensor::cat(&[own, query.matmul(&memory.transpose(0, 1))], 1)
}

/// The constant that scores are divided by: the mean of `exponentials` times `n_data`, truncated to a whole number.
///
/// # Errors
/// It is 0, or not finite.
pub fn partition(exponentials: &Tensor, n_data: f64) -> Result<i64> {
    let mean = exponentials.detach().mean(None::<Kind>).double_value(&[]);
    let whole = (mean * n_data).trunc();
    if !whole.is_finite() {
        let text = format!("the first scores are {mean}: an embedding is zero or not finite");
        return Err(Fault::Value { what: "Z", text });
    }
    if whole < 1.0 {
        let text = format!(
            "the mean of the first scores, {mean:.4}, times `n_data` {n_data} truncates to 0, which nothing can be divided by; \
             raise `n_data` (the number of batches, or of images)"
        );
        return Err(Fault::Value { what: "Z", text });
    }
    Ok(whole as i64)
}

/// Noise-contrastive estimation: summed over the negatives, averaged over the batch.
///
/// With c = K / n_data: `-1/B Σ_i [ln(o_i0 / (o_i0 + c + ε)) + Σ_j ln(c / (o_ij + c + ε))]`.
///
/// # Shapes
/// - in:  `[B, 1 + K]`, scores after the exponential and the division by Z
/// - out: one number
pub fn nce(out: &Tensor, n_data: f64) -> Tensor {
    let (batch, negatives) = (out.size()[0], out.size()[1] - 1);
    let c = negatives as f64 / n_data;
    let (own, other) = (out.narrow(1, 0, 1), out.narrow(1, 1, negatives));
    let found = (&own / (&own + (c + EPSILON))).log();
    let refused = ((other + (c + EPSILON)).reciprocal() * c).log();
    -(found.sum(None::<Kind>) + refused.sum(None::<Kind>)) / batch as f64
}

/// Cross-entropy of the positive among all.
///
/// # Shapes
/// - in:  `[B, 1 + K]`, scores divided by the temperature
/// - out: one number
pub fn softmax(out: &Tensor) -> Tensor {
    let first = Tensor::zeros([out.size()[0]], (Kind::Int64, out.device()));
    out.cross_entropy_loss(&first, None::<&Tensor>, Reduction::Mean, -100, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_length_one_and_scores_begin_with_the_positive() {
        let q = unit(&Tensor::from_slice(&[3f32, 4.0, 0.0, 2.0]).view([2, 2]));
        assert!((q.double_value(&[0, 1]) - 0.8).abs() < 1e-6 && (q.double_value(&[1, 1]) - 1.0).abs() < 1e-6);
        let memory = Tensor::from_slice(&[1f32, 0.0, 0.0, 1.0, -1.0, 0.0]).view([3, 2]);
        let found = scores(&q, &q, &memory);
        assert_eq!(found.size(), [2, 4]);
        assert!((found.double_value(&[0, 0]) - 1.0).abs() < 1e-6, "the positive");
        assert!((found.double_value(&[0, 3]) + 0.6).abs() < 1e-6, "the last row of the memory");
    }

    #[test]
    fn a_partition_of_nothing_is_refused_with_the_remedy() {
        let low = Tensor::from_slice(&[0.5f32, 0.5]);
        assert_eq!(partition(&low, 5.0).expect("2.5 truncates to 2"), 2);
        let text = partition(&low, 1.0).expect_err("0.5 truncates to 0").to_string();
        assert!(text.starts_with("Z: the mean of the first scores, 0.5000, times `n_data` 1 truncates to 0"), "{text}");
        assert!(partition(&(low * f64::NAN), 5.0).is_err());
    }
}
