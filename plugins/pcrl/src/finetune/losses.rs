//! Losses of fine-tuning, on probabilities.

use crate::{Fault, Result};
use tch::{Kind, Reduction, Tensor};

/// What the cross-entropy beside Dice takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bce {
    /// None: the form for evaluation.
    Off,
    /// The probabilities as they are.
    Probabilities,
    /// As the authors' code, which takes the probabilities for logits and applies another sigmoid.
    AsLogits,
}

/// Share of the cross-entropy in [`bce_dice`].
pub const BCE_SHARE: f64 = 0.2;
const SMOOTH: f64 = 1e-5;
/// Classes that [`multi_class_dice`] counts, and their weights while training.
const CLASS_WEIGHTS: [f64; 4] = [2.0, 0.4, 0.9, 0.7];

/// `1 - mean_b (2 Σpt + ε) / (Σp + Σt + ε) + 0.2 BCE(p, t)`, sums over all of a sample.
///
/// # Shapes
/// - in:  `[N, …]` probabilities and a target of the same shape
/// - out: one number
///
/// # Errors
/// Other shapes.
pub fn bce_dice(probability: &Tensor, target: &Tensor, bce: Bce) -> Result<Tensor> {
    same(probability, target)?;
    let rows = |x: &Tensor| x.reshape([x.size()[0], -1]);
    let sum = |x: &Tensor| x.sum_dim_intlist([1i64].as_slice(), false, None::<Kind>);
    let (p, t) = (rows(probability), rows(target));
    let dice = (sum(&(&p * &t)) * 2.0 + SMOOTH) / (sum(&p) + sum(&t) + SMOOTH);
    let loss = dice.mean(None::<Kind>).neg() + 1.0;
    Ok(match bce {
        Bce::Off => loss,
        Bce::Probabilities => loss + p.binary_cross_entropy::<Tensor>(&t, None, Reduction::Mean) * BCE_SHARE,
        Bce::AsLogits => loss + p.binary_cross_entropy_with_logits::<Tensor>(&t, None, None, Reduction::Mean) * BCE_SHARE,
    })
}

/// [`bce_dice`] of every channel, summed: the regions of a tumour, which lie inside of each other.
///
/// # Shapes
/// - in:  `[N, C, …]` twice
///
/// # Errors
/// Other shapes.
pub fn regions(probability: &Tensor, target: &Tensor, bce: Bce) -> Result<Tensor> {
    same(probability, target)?;
    let channel = |x: &Tensor, channel: i64| x.narrow(1, channel, 1);
    let mut sum = bce_dice(&channel(probability, 0), &channel(target, 0), bce)?;
    for c in 1..probability.size()[1] {
        sum += bce_dice(&channel(probability, c), &channel(target, c), bce)?;
    }
    Ok(sum)
}

/// Soft Dice of the classes 1 to 4, weighted while training, summed over the classes, mean over the batch.
///
/// # Shapes
/// - in: `[N, 5, …]` probabilities, `[N, 1, …]` or `[N, …]` class numbers
///
/// # Errors
/// Other shapes.
pub fn multi_class_dice(probability: &Tensor, label: &Tensor, training: bool) -> Result<Tensor> {
    let size = probability.size();
    let label = match label.size()[..] {
        [_, 1, ..] if label.dim() == probability.dim() => label.squeeze_dim(1),
        _ => label.shallow_clone(),
    };
    let fits = matches!(size[..], [n, 5, ref rest @ ..] if label.size() == [&[n], rest].concat());
    if !fits {
        let text = format!("`probability` is {size:?} and `target` {:?}, expected [N, 5, …] and [N, …]", label.size());
        return Err(Fault::Shape { what: "multi_class", text });
    }
    let label = label.to_kind(Kind::Int64);
    let sum = |x: &Tensor| x.reshape([size[0], -1]).sum_dim_intlist([1i64].as_slice(), false, None::<Kind>);
    let mut total = Tensor::zeros([size[0]], (probability.kind(), probability.device()));
    for (class, weight) in (1..).zip(CLASS_WEIGHTS) {
        let (p, t) = (probability.select(1, class), label.eq(class).to_kind(probability.kind()));
        let dice = (sum(&(&p * &t)) * 2.0 + 1e-6) / (sum(&t) + sum(&p) + 1e-6);
        total += (dice.neg() + 1.0) * if training { weight } else { 1.0 };
    }
    Ok(total.mean(None::<Kind>))
}

/// `1 - mean_b (Σpt + 1) / (Σpt + fp Σp(1-t) + fn Σ(1-p)t + 1)`; the paper's weights are 0.3 for false positives, 0.7 for false negatives.
///
/// # Errors
/// Other shapes.
pub fn tversky(probability: &Tensor, target: &Tensor, [positive, negative]: [f64; 2]) -> Result<Tensor> {
    same(probability, target)?;
    let rows = |x: &Tensor| x.reshape([x.size()[0], -1]);
    let sum = |x: Tensor| x.sum_dim_intlist([1i64].as_slice(), false, None::<Kind>);
    let (p, t) = (rows(probability), rows(target));
    let hit = sum(&p * &t);
    let (over, under) = (sum(&p * (t.neg() + 1.0)), sum((p.neg() + 1.0) * &t));
    let index = (&hit + 1.0) / (hit + over * positive + under * negative + 1.0);
    Ok(index.mean(None::<Kind>).neg() + 1.0)
}

fn same(probability: &Tensor, target: &Tensor) -> Result<()> {
    if probability.size() == target.size() && probability.dim() > 1 {
        return Ok(());
    }
    let text = format!("is {:?}, `probability` is {:?}; both must be [N, C, …]", target.size(), probability.size());
    Err(Fault::Shape { what: "target", text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Tensor, Tensor) {
        (
            Tensor::from_slice(&[0.9f32, 0.2, 0.8, 0.1]).view([1, 1, 2, 2]),
            Tensor::from_slice(&[1f32, 0.0, 1.0, 0.0]).view([1, 1, 2, 2]),
        )
    }

    fn value(loss: Result<Tensor>) -> f64 {
        loss.unwrap().double_value(&[])
    }

    #[test]
    fn perfection_costs_nothing_in_the_right_form_and_something_in_the_authors() {
        let (_, target) = pair();
        assert!(value(bce_dice(&target, &target, Bce::Probabilities)).abs() < 1e-6);
        // Probabilities 0 and 1 as logits: (ln 2 + ln(1 + 1/e)) / 2 of cross-entropy stay.
        let left = BCE_SHARE * (2f64.ln() + (1.0 + (-1f64).exp()).ln()) / 2.0;
        assert!((value(bce_dice(&target, &target, Bce::AsLogits)) - left).abs() < 1e-6);
        assert!(value(tversky(&target, &target, [0.3, 0.7])).abs() < 1e-6);
    }

    #[test]
    fn the_tversky_index_is_that_of_the_formula() {
        let (p, t) = pair();
        // TP 1.7, FP 0.3, FN 0.3.
        let expected = 1.0 - 2.7 / (1.7 + 0.3 * 0.3 + 0.7 * 0.3 + 1.0);
        assert!((value(tversky(&p, &t, [0.3, 0.7])) - expected).abs() < 1e-6);
    }

    #[test]
    fn other_shapes_are_refused() {
        let (p, t) = pair();
        let fault = bce_dice(&p, &t.view([1, 4]), Bce::Off).unwrap_err().to_string();
        assert_eq!(fault, "target: is [1, 4], `probability` is [1, 1, 2, 2]; both must be [N, C, …]");
        assert!(multi_class_dice(&p, &t, true).is_err());
    }
}
