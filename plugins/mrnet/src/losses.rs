//! What the three networks learn from (spec 3).

use crate::network::Seen;
use crate::{Fault, Result};
use tch::{Kind, Reduction, Tensor};

/// Binary cross-entropy of logits against soft targets: the mean over all elements.
pub fn bce(logits: &Tensor, target: &Tensor) -> Tensor {
    logits.binary_cross_entropy_with_logits(&target.to_kind(logits.kind()), None::<&Tensor>, None::<&Tensor>, Reduction::Mean)
}

/// Cross-entropies of several conditions as one weighted mean, and each by itself.
///
/// # Shapes
/// - in:  logits and target `[K, …]`, K weights
///
/// # Errors
/// Shapes that differ, or another number of weights.
pub fn weighted(logits: &Tensor, target: &Tensor, weights: &[f64]) -> Result<(Tensor, Vec<f64>)> {
    let (found, expected) = (logits.size(), target.size());
    if found != expected || found.first() != Some(&(weights.len() as i64)) {
        let text =
            format!("got {found:?}, target is {expected:?}; expected one shape [K, …] with K the {} weights", weights.len());
        return Err(Fault::Shape { what: "logits", text });
    }
    let terms: Vec<Tensor> = (0..found[0]).map(|k| bce(&logits.get(k), &target.get(k))).collect();
    let sum: f64 = weights.iter().sum();
    // From the last condition to the first, as the authors add.
    let mut total: Option<Tensor> = None;
    for (term, weight) in terms.iter().zip(weights).rev() {
        let part = term * *weight;
        total = Some(match total {
            Some(total) => total + part,
            None => part,
        });
    }
    let total = total.ok_or_else(|| Fault::Shape { what: "logits", text: "there is no condition".into() })? / sum;
    Ok((total, terms.iter().map(value).collect()))
}

/// Every rater's reconstructed mask against his own, the mean over raters and conditions; and each by itself, `[K][R]`.
///
/// # Shapes
/// - in:  logits `[K, N, R, C, H, W]`, masks `[N, R, C, H, W]`
///
/// # Errors
/// Another shape.
pub fn of_raters(logits: &Tensor, masks: &Tensor) -> Result<(Tensor, Vec<Vec<f64>>)> {
    let (found, expected) = (logits.size(), masks.size());
    if found.len() != 6 || found[1..] != expected[..] {
        let text = format!("got {found:?} for masks {expected:?}, expected [K, N, R, C, H, W] and [N, R, C, H, W]");
        return Err(Fault::Shape { what: "logits", text });
    }
    let mut total: Option<Tensor> = None;
    let mut terms = Vec::new();
    for k in 0..found[0] {
        let of_condition: Vec<Tensor> = (0..found[2]).map(|r| bce(&logits.get(k).select(1, r), &masks.select(1, r))).collect();
        terms.push(of_condition.iter().map(value).collect());
        let mean = Tensor::stack(&of_condition, 0).mean(None::<Kind>);
        total = Some(match total {
            Some(total) => total + mean,
            None => mean,
        });
    }
    let total = total.ok_or_else(|| Fault::Shape { what: "logits", text: "there is no condition".into() })?;
    Ok((total / found[0] as f64, terms))
}

/// D: the squared Euclidean norm over the last axis of `a - b + 1e-6`, averaged over all other axes.
pub fn distance(a: &Tensor, b: &Tensor) -> Tensor {
    let width = a.size().last().copied().unwrap_or(1) as f64;
    let gap: Tensor = a - b + 1e-6;
    gap.square().mean(None::<Kind>) * width
}

/// A thousandth of the sum of D over the six features of two encodings; and each D.
pub fn consistency(a: &Seen, b: &Seen) -> (Tensor, Vec<f64>) {
    let terms: Vec<Tensor> = a.features.iter().zip(&b.features).map(|(a, b)| distance(a, b)).collect();
    (Tensor::stack(&terms, 0).sum(None::<Kind>) / 1000.0, terms.iter().map(value).collect())
}

fn value(term: &Tensor) -> f64 {
    term.detach().double_value(&[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn conditions_count_by_their_weights() {
        let logits = Tensor::from_slice(&[0f32, 0.0, 100.0, 100.0, -100.0, -100.0]).view([3, 1, 1, 1, 2]);
        let target = Tensor::from_slice(&[0.5f32, 0.5, 1.0, 1.0, 0.0, 0.0]).view([3, 1, 1, 1, 2]);
        let (total, terms) = weighted(&logits, &target, &[1.0, 2.0, 3.0]).unwrap();
        assert!((total.double_value(&[]) - std::f64::consts::LN_2 / 6.0).abs() < 1e-6);
        assert!(terms[1] < 1e-6 && (terms[0] - std::f64::consts::LN_2).abs() < 1e-6, "{terms:?}");
        assert!(weighted(&logits, &target, &[1.0]).unwrap_err().to_string().contains("the 1 weights"));
    }

    #[test]
    fn every_rater_has_a_target_of_his_own() {
        let logits = Tensor::from_slice(&[100f32, -100.0]).view([1, 1, 2, 1, 1, 1]);
        let masks = Tensor::from_slice(&[1f32, 0.0]).view([1, 2, 1, 1, 1]);
        assert!(of_raters(&logits, &masks).unwrap().0.double_value(&[]) < 1e-6);
        let (total, terms) = of_raters(&logits, &masks.flip([1])).unwrap();
        assert!((total.double_value(&[]) - 100.0).abs() < 1e-3 && terms[0].len() == 2);
        assert!(of_raters(&logits, &Tensor::zeros([1, 3, 1, 1, 1], (Kind::Float, Device::Cpu))).is_err());
    }
}
