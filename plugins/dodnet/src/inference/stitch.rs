//! A whole volume from overlapping windows.

use crate::data::padded;
use crate::{Fault, Result};
use tch::{Kind, Tensor};
use voxloom_imaging::blend::Weighting;
use voxloom_imaging::windows::Layout;

/// Standard deviation of the windows' weights, as a part of their size.
const SIGMA_SCALE: f64 = 1.0 / 8.0;

/// How a volume is cut.
#[derive(Clone, Debug)]
pub struct Tiling {
    /// Size of a window along D, H, W.
    pub tile: [i64; 3],
    /// What lies beyond the end of a volume that is smaller than a window.
    pub pad_value: f64,
    /// As the authors' code: the stride along W is half the window's H, sums are float64, and what was padded stays.
    pub compat: bool,
}

impl Tiling {
    /// How many windows [`stitch`] will take.
    ///
    /// # Errors
    /// A window without voxels.
    pub fn n_windows(&self, volume: &Tensor) -> Result<usize> {
        Ok(self.layout(volume)?.len())
    }

    /// A volume that is smaller than a window counts as one as large.
    fn layout(&self, volume: &Tensor) -> Result<Layout> {
        let tile = self.tile.map(|n| n as usize);
        let shape: [usize; 3] = std::array::from_fn(|axis| (volume.size()[axis] as usize).max(tile[axis]));
        let mut overlap = [0.5; 3];
        if self.compat {
            overlap[2] = 1.0 - tile[1].div_ceil(2) as f64 / tile[2] as f64;
        }
        let text = || format!("got {tile:?}, expected every size above 0");
        Layout::new(shape, tile, overlap).ok_or_else(|| Fault::Shape { what: "tile", text: text() })
    }
}

/// Predictions of overlapping windows, averaged with Gaussian weights. Windows overlap by half; the last one of an axis is
/// shifted back to end with the volume.
///
/// # Shapes
/// - in:  `[D, H, W]`; `predict` takes `[1, 1, d, h, w]` windows and gives `[1, K, d, h, w]` or `[K, d, h, w]`
/// - out: `[K, D, H, W]`
///
/// # Errors
/// What `predict` refuses.
pub fn stitch(volume: &Tensor, tiling: &Tiling, mut predict: impl FnMut(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let tile = tiling.tile.map(|n| n as usize);
    let size = volume.size();
    let grown = padded(volume, tiling.tile.map(|n| n as f64), tiling.pad_value);
    let layout = tiling.layout(&grown)?;
    let kind = if tiling.compat { Kind::Double } else { Kind::Float };
    let weight = Tensor::from_slice(&Weighting::Gaussian { sigma_scale: SIGMA_SCALE }.map(tile)).view(tiling.tile);
    let weight = weight.to_kind(kind).to_device(volume.device());

    let mut sums: Option<Tensor> = None;
    let weights = Tensor::zeros(grown.size(), (kind, volume.device()));
    for corner in (0..layout.len()).filter_map(|i| layout.corner(i)) {
        let patch = window(&grown, corner, tiling.tile);
        let prediction = predict(&patch.unsqueeze(0).unsqueeze(0))?.to_kind(kind);
        let prediction = prediction.view([&[-1], &tiling.tile[..]].concat().as_slice());
        let sums = sums.get_or_insert_with(|| {
            Tensor::zeros([&[prediction.size()[0]], grown.size().as_slice()].concat(), (kind, volume.device()))
        });
        let _ = window(sums, corner, tiling.tile).g_add_(&(prediction * &weight));
        let _ = window(&weights, corner, tiling.tile).g_add_(&weight);
    }
    let mut sums =
        sums.ok_or_else(|| Fault::Shape { what: "volume", text: format!("got {size:?}, expected [D, H, W] with voxels") })?;
    // In place: scores of a large volume are not held twice.
    let _ = sums.g_div_(&weights);
    let kept = if tiling.compat { grown.size() } else { size };
    Ok(window(&sums.to_kind(Kind::Float), [0; 3], [kept[0], kept[1], kept[2]]).contiguous())
}

/// A view of the last three axes.
fn window(volume: &Tensor, corner: [usize; 3], size: [i64; 3]) -> Tensor {
    (0..3).fold(volume.shallow_clone(), |view, axis| view.narrow(axis as i64 - 3, corner[axis] as i64, size[axis]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn tiling(compat: bool) -> Tiling {
        Tiling { tile: [4, 6, 8], pad_value: -1.0, compat }
    }

    #[test]
    fn a_constant_stays_a_constant() -> Result<()> {
        let volume = Tensor::zeros([9, 7, 20], (Kind::Float, Device::Cpu));
        let flat = stitch(&volume, &tiling(false), |patch| Ok(patch.zeros_like() + 0.75))?;
        assert_eq!(flat.size(), [1, 9, 7, 20]);
        assert!((flat - 0.75).abs().max().double_value(&[]) < 1e-6);
        Ok(())
    }

    #[test]
    fn a_function_of_the_voxel_has_no_seams() -> Result<()> {
        let volume = (Tensor::arange(9 * 7 * 20, (Kind::Float, Device::Cpu)) * 0.01).sin().view([9, 7, 20]);
        let same = stitch(&volume, &tiling(false), |patch| Ok(Tensor::cat(&[patch.shallow_clone(), patch * 2.0], 1)))?;
        assert!((same.get(0) - &volume).abs().max().double_value(&[]) < 1e-6);
        assert!((same.get(1) - &volume * 2.0).abs().max().double_value(&[]) < 1e-6);
        Ok(())
    }

    /// A network whose answer depends on the whole window: its mean, everywhere.
    fn mean(patch: &Tensor) -> Result<Tensor> {
        Ok(patch.zeros_like() + patch.mean(Kind::Float))
    }

    #[test]
    fn the_order_of_windows_does_not_count() -> Result<()> {
        // Odd windows have symmetric weights, and these sizes a symmetric layout: mirrored, the windows come last to first.
        let tiling = Tiling { tile: [5, 7, 9], pad_value: 0.0, compat: false };
        let volume = (Tensor::arange(11 * 15 * 19, (Kind::Float, Device::Cpu)) * 0.37).sin().view([11, 15, 19]);
        let forwards = stitch(&volume, &tiling, mean)?;
        let backwards = stitch(&volume.flip([0, 1, 2]), &tiling, mean)?.flip([1, 2, 3]);
        assert!((&forwards - backwards).abs().max().double_value(&[]) < 1e-6);
        assert!(forwards.std(false).double_value(&[]) > 1e-3, "windows answer differently");
        Ok(())
    }

    #[test]
    fn windows_that_answer_differently_leave_no_seams() -> Result<()> {
        let tiling = Tiling { tile: [4, 4, 16], pad_value: 0.0, compat: false };
        let volume = Tensor::arange(64, (Kind::Float, Device::Cpu)).square().view([1, 1, 64]).expand([4, 4, 64], false);
        let line = stitch(&volume.contiguous(), &tiling, mean)?.select(1, 0).select(1, 0).squeeze_dim(0);
        let jumps = Vec::<f32>::try_from(line.diff(1, -1, None::<&Tensor>, None::<&Tensor>).abs()).expect("a row of numbers");
        // Windows begin and end at multiples of 8.
        let most = |border: bool| {
            let chosen = jumps.iter().enumerate().filter(|(at, _)| ((at + 1) % 8 == 0) == border);
            chosen.fold(0f32, |most, (_, jump)| most.max(*jump))
        };
        assert!(most(true) < 0.2 * most(false), "{} at borders, {} inside", most(true), most(false));
        Ok(())
    }

    #[test]
    fn what_is_padded_is_cut_off_again_unless_as_the_authors() -> Result<()> {
        let volume = Tensor::ones([2, 7, 5], (Kind::Float, Device::Cpu));
        let mut least = 0.0f64;
        let out = stitch(&volume, &tiling(false), |patch| {
            least = least.min(patch.min().double_value(&[]));
            Ok(patch.shallow_clone())
        })?;
        assert_eq!((out.size(), least), (vec![1, 2, 7, 5], -1.0));
        assert_eq!(stitch(&volume, &tiling(true), |patch| Ok(patch.shallow_clone()))?.size(), [1, 4, 7, 8]);
        Ok(())
    }
}
