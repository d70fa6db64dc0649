//! Weight standardisation: every output channel of a convolution has mean 0 and standard deviation 1.

use tch::{Kind, Tensor};

const EPSILON: f64 = 1e-12;

/// `(w - mean) / sqrt(variance + 1e-12)` over all but the first dimension, variance unbiased; never below float32.
///
/// There is no division by the fan-in: activations grow with it, and the next GroupNorm takes that back.
///
/// Rationale: a layer norm over a row is the same formula with the biased variance. With n numbers in a row the unbiased
/// one is n/(n-1) times that, so layer norm with epsilon·(n-1)/n, times sqrt((n-1)/n), is exactly what is wanted, in one
/// fused kernel forwards and one backwards.
///
/// # Shapes
/// - in:  `[O, …]` with at least two numbers a row
/// - out: the same
pub fn standardise(weight: &Tensor) -> Tensor {
    let size = weight.size();
    let n: i64 = size[1..].iter().product();
    let shrink = (n - 1) as f64 / n as f64;
    // 1e-12 is zero in half precision.
    let weight = if weight.kind() == Kind::Double { weight.shallow_clone() } else { weight.to_kind(Kind::Float) };
    let rows = weight.view([size[0], n]).layer_norm([n], None::<&Tensor>, None::<&Tensor>, EPSILON * shrink, false);
    (rows * shrink.sqrt()).view(size.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(kind: Kind) -> Tensor {
        (Tensor::arange(6 * 4 * 27, (Kind::Double, tch::Device::Cpu)).sin() * 0.5 + 0.2).to_kind(kind).view([6, 4, 3, 3, 3])
    }

    /// The formula as it is written.
    fn naive(weight: &Tensor) -> Tensor {
        let rows = weight.view([6, -1]);
        let mean = rows.mean_dim(1, true, None::<Kind>);
        let variance = (&rows - &mean).square().sum_dim_intlist(1, true, None::<Kind>) / (rows.size()[1] - 1) as f64;
        ((rows - mean) / (variance + EPSILON).sqrt()).view([6, 4, 3, 3, 3])
    }

    #[test]
    fn it_is_the_formula_and_so_are_its_gradients() {
        let (a, b) = (weight(Kind::Double).set_requires_grad(true), weight(Kind::Double).set_requires_grad(true));
        let (fused, plain) = (standardise(&a), naive(&b));
        assert!((&fused - &plain).abs().max().double_value(&[]) < 1e-12);
        fused.pow_tensor_scalar(3).sum(Kind::Double).backward();
        plain.pow_tensor_scalar(3).sum(Kind::Double).backward();
        assert!((a.grad() - b.grad()).abs().max().double_value(&[]) < 1e-10);
    }

    #[test]
    fn half_precision_is_standardised_in_float32() {
        let half = standardise(&weight(Kind::BFloat16));
        assert_eq!(half.kind(), Kind::Float);
        let rows = half.view([6, -1]).std_dim(1, true, false);
        assert!((rows - 1.0).abs().max().double_value(&[]) < 1e-5);
    }

    #[test]
    fn a_constant_row_gives_zeros() {
        let flat = standardise(&Tensor::full([2, 3, 1, 1, 1], 0.25, (Kind::Float, tch::Device::Cpu)));
        assert_eq!(flat.abs().max().double_value(&[]), 0.0);
    }
}
