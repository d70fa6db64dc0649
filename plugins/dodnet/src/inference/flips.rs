//! Each window seen from eight sides.

use crate::Result;
use tch::Tensor;

/// Axes (of `[N, C, D, H, W]`) that are flipped in each pass.
pub const FLIPS: [&[i64]; 8] = [&[], &[2], &[3], &[4], &[2, 3], &[2, 4], &[3, 4], &[2, 3, 4]];

/// The mean of `predict` over all flips of a patch, each flipped back.
///
/// Rationale: the network is not indifferent to flips, nor are the heads it makes, so every pass is a whole one.
///
/// # Errors
/// What `predict` refuses.
pub fn averaged_over_flips(patch: &Tensor, mut predict: impl FnMut(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let mut sum = predict(patch)?;
    for axes in &FLIPS[1..] {
        sum += predict(&patch.flip(*axes))?.flip(*axes);
    }
    Ok(sum / FLIPS.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn what_does_not_know_its_place_is_unchanged() -> Result<()> {
        let patch = Tensor::arange(2 * 3 * 4, (Kind::Double, Device::Cpu)).view([1, 1, 2, 3, 4]);
        let mean = averaged_over_flips(&patch, |x| Ok(x * 2.0))?;
        assert!((mean - patch * 2.0).abs().max().double_value(&[]) < 1e-12);
        Ok(())
    }

    #[test]
    fn what_knows_its_place_is_evened_out() -> Result<()> {
        let place = Tensor::arange(8, (Kind::Double, Device::Cpu)).view([1, 1, 2, 2, 2]);
        let mean = averaged_over_flips(&place.zeros_like(), |x| Ok(x + &place))?;
        assert!((mean - 3.5).abs().max().double_value(&[]) < 1e-12);
        Ok(())
    }
}
