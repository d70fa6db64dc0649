//! Intensities that a network can take.

use tch::{Kind, Tensor};

/// Clips to `[low, high]` and maps that to [-1, 1]. The paper's is -325 to 325 HU: clip, then divide by 325.
pub fn window(image: &Tensor, low: f64, high: f64) -> Tensor {
    let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
    (image.to_kind(Kind::Float).clamp(low, high) - centre) / half
}

/// Mean 0 and standard deviation 1 over the whole volume; a constant volume becomes 0.
pub fn z_score(image: &Tensor) -> Tensor {
    let image = image.to_kind(Kind::Double);
    let (mean, std) = (image.mean(None::<Kind>), image.std(false));
    ((&image - mean) / std.clamp_min(1e-8)).to_kind(Kind::Float)
}

/// Clips to two percentiles of the volume (0 to 100, linear between ranks), against single bright voxels.
pub fn clip_percentiles(image: &Tensor, low: f64, high: f64) -> Tensor {
    let image = image.to_kind(Kind::Float);
    // Rationale: libtorch's quantile refuses more than 16 million values; sorted values give the same.
    let (sorted, _) = image.flatten(0, -1).sort(0, false);
    let at = |percent: f64| {
        let rank = percent / 100.0 * (sorted.size()[0] - 1) as f64;
        let value = |rank: f64| sorted.double_value(&[rank as i64]);
        value(rank.floor()) + (value(rank.ceil()) - value(rank.floor())) * rank.fract()
    };
    image.clamp(at(low), at(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_at_one() {
        let image = Tensor::from_slice(&[-1000f32, -325.0, 0.0, 65.0, 325.0, 3000.0]);
        assert_eq!(Vec::<f32>::try_from(window(&image, -325.0, 325.0)).expect("flat"), [-1.0, -1.0, 0.0, 0.2, 1.0, 1.0]);
        assert_eq!(Vec::<f32>::try_from(window(&image, 0.0, 100.0)).expect("flat"), [-1.0, -1.0, -1.0, 0.3, 1.0, 1.0]);
    }

    #[test]
    fn a_z_score_takes_any_range() {
        let image = Tensor::arange(1000, (Kind::Float, tch::Device::Cpu)).view([10, 10, 10]) * 1e4 + 7e5;
        let score = z_score(&image);
        assert!(score.mean(Kind::Double).double_value(&[]).abs() < 1e-6);
        assert!((score.std(false).double_value(&[]) - 1.0).abs() < 1e-5);
        assert_eq!(z_score(&Tensor::ones([2, 2, 2], (Kind::Float, tch::Device::Cpu))).abs().max().double_value(&[]), 0.0);
    }

    #[test]
    fn percentiles_cut_single_bright_voxels() {
        let image = Tensor::arange(101, (Kind::Float, tch::Device::Cpu)).index_fill(0, &Tensor::from_slice(&[100i64]), 9e9);
        let clipped = clip_percentiles(&image, 1.0, 99.0);
        assert_eq!((clipped.min().double_value(&[]), clipped.max().double_value(&[])), (1.0, 99.0));
    }
}
