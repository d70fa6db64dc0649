//! Self-ensemble: the mean over the eight symmetries of a slice.

use crate::Result;
use crate::patches::{Symmetry, turned};
use tch::Tensor;

/// Runs `enlarge` on the eight flips and transpositions of the images, undoes each, and averages, sample by sample.
///
/// # Errors
/// Those of `enlarge`.
pub fn self_ensemble(images: &Tensor, mut enlarge: impl FnMut(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let mut sum: Option<Tensor> = None;
    for symmetry in Symmetry::all() {
        let part = undone(&enlarge(&turned(images, symmetry))?, symmetry);
        sum = Some(sum.map_or_else(|| part.shallow_clone(), |sum| sum + &part));
    }
    // There are eight of them.
    Ok(sum.map_or_else(|| images.shallow_clone(), |sum| sum / 8.0))
}

/// The opposite of [`turned`]: the same steps, in reverse.
fn undone(images: &Tensor, symmetry: Symmetry) -> Tensor {
    let images = if symmetry.transpose { images.transpose(-2, -1) } else { images.shallow_clone() };
    turned(&images, Symmetry { transpose: false, ..symmetry })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn what_has_all_symmetries_is_not_changed_by_averaging() {
        let images = Tensor::arange(2 * 3 * 5, (Kind::Double, Device::Cpu)).view([2, 1, 3, 5]);
        let nearest = |x: &Tensor| Ok(x.repeat_interleave_self_int(2, -1, None).repeat_interleave_self_int(2, -2, None));
        let mut runs = 0;
        let averaged = self_ensemble(&images, |x| {
            runs += 1;
            nearest(x)
        });
        assert!(averaged.unwrap().equal(&nearest(&images).unwrap()));
        assert_eq!(runs, 8);
    }
}
