//! The whole loss: three contrasts and four reconstructions, each group averaged.

use crate::{Fault, Result};
use tch::{Kind, Reduction, Tensor};

/// What is summed up; a term that is absent is left out of its group's average.
#[derive(Debug, Default)]
pub struct Parts {
    /// Losses of the bank's calls.
    pub contrast: Vec<(&'static str, Tensor)>,
    /// Squared errors.
    pub reconstruction: Vec<(&'static str, Tensor)>,
}

/// Weights of the two groups; 0 leaves one out.
#[derive(Clone, Copy, Debug)]
pub struct Weights {
    pub contrast: f64,
    pub reconstruction: f64,
}

/// The loss, and each group's average where it has a term.
#[derive(Debug)]
pub struct Total {
    pub total: Tensor,
    pub contrast: Option<f64>,
    pub reconstruction: Option<f64>,
    /// Every term by its name.
    pub terms: Vec<(&'static str, f64)>,
}

/// Mean squared error over all elements.
///
/// # Errors
/// Shapes or element types that differ, or whole numbers.
pub fn squared(found: &Tensor, wanted: &Tensor) -> Result<Tensor> {
    if found.size() != wanted.size() {
        let text = format!("got {:?}, the target is {:?}", found.size(), wanted.size());
        return Err(Fault::Shape { what: "reconstruction", text });
    }
    if found.kind() != wanted.kind() || !found.is_floating_point() {
        let text = format!(
            "got {:?}, the target holds {:?}; both must be floating-point numbers of one type",
            found.kind(),
            wanted.kind()
        );
        return Err(Fault::Value { what: "reconstruction", text });
    }
    Ok(found.mse_loss(wanted, Reduction::Mean))
}

/// `alpha · own + (1 - alpha) · other`: what the decoder must make of blended features.
pub fn blend(own: &Tensor, other: &Tensor, alpha: f64) -> Tensor {
    own * alpha + other * (1.0 - alpha)
}

/// `w_c · mean of the contrasts + w_r · mean of the reconstructions`.
///
/// # Errors
/// Nothing that counts.
pub fn total(parts: &Parts, weights: Weights) -> Result<Total> {
    let value = |tensor: &Tensor| tensor.detach().double_value(&[]);
    let groups = [(&parts.contrast, weights.contrast), (&parts.reconstruction, weights.reconstruction)];
    let averages = groups.map(|(group, _)| average(group));
    let mut sum: Option<Tensor> = None;
    for (average, (_, weight)) in averages.iter().zip(groups) {
        // A group of weight 0 is not in the graph: its networks take no gradient, and no weight decay either.
        let Some(average) = average.as_ref().filter(|_| weight != 0.0) else { continue };
        let part = if weight == 1.0 { average.shallow_clone() } else { average * weight };
        sum = Some(sum.map_or_else(|| part.shallow_clone(), |sum| sum + &part));
    }
    let total = sum.ok_or_else(|| Fault::Value {
        what: "loss",
        text: "no term counts: connect a contrast or a reconstruction whose weight is above 0".to_owned(),
    })?;
    let terms = parts.contrast.iter().chain(&parts.reconstruction).map(|(name, term)| (*name, value(term))).collect();
    let [contrast, reconstruction] = averages.map(|average| average.as_ref().map(value));
    Ok(Total { total, contrast, reconstruction, terms })
}

fn average(terms: &[(&'static str, Tensor)]) -> Option<Tensor> {
    let tensors: Vec<&Tensor> = terms.iter().map(|(_, term)| term).collect();
    (!tensors.is_empty()).then(|| Tensor::stack(&tensors, 0).sum(None::<Kind>) / tensors.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        let term = |value: f64| Tensor::from(value).set_requires_grad(true);
        Parts { contrast: vec![("a", term(1.0)), ("b", term(3.0))], reconstruction: vec![("c", term(5.0))] }
    }

    #[test]
    fn groups_are_averaged_and_weighed() {
        let both = total(&parts(), Weights { contrast: 1.0, reconstruction: 0.5 }).expect("three terms");
        assert_eq!((both.total.double_value(&[]), both.contrast, both.reconstruction), (4.5, Some(2.0), Some(5.0)));
        assert_eq!(both.terms, [("a", 1.0), ("b", 3.0), ("c", 5.0)]);
    }

    #[test]
    fn a_weight_of_zero_leaves_a_group_without_gradient() {
        let parts = parts();
        let one = total(&parts, Weights { contrast: 1.0, reconstruction: 0.0 }).expect("two terms");
        one.total.backward();
        assert_eq!(parts.contrast[0].1.grad().double_value(&[]), 0.5);
        assert!(!parts.reconstruction[0].1.grad().defined());
        assert_eq!(one.reconstruction, Some(5.0), "it is still watched");
        assert!(total(&parts, Weights { contrast: 0.0, reconstruction: 0.0 }).is_err());
        assert!(total(&Parts::default(), Weights { contrast: 1.0, reconstruction: 1.0 }).is_err());
    }
}
