//! The seven transforms, each a plain function on one image. The definitions are batchgenerators'.

use rand::Rng;
use voxloom_imaging::resample::{AxisMap, Border, Interpolation, gaussian, nearest, resample};

/// Adds normal noise of a standard deviation.
pub fn noise(image: &mut [f32], std: f64, rng: &mut impl Rng) {
    for value in image {
        let normal: f64 = rng.sample(rand_distr::StandardNormal);
        *value += (std * normal) as f32;
    }
}

/// Gaussian blur, sigma in voxels, cut at `trunc(4 sigma + 0.5)`, mirrored at the outer face.
pub fn blur(image: &[f32], shape: [usize; 3], sigma: f64) -> Vec<f32> {
    gaussian(image, shape, [sigma; 3], 4.0, Border::Reflect, 1)
}

pub fn multiply(image: &mut [f32], factor: f64) {
    image.iter_mut().for_each(|value| *value *= factor as f32);
}

pub fn add(image: &mut [f32], offset: f64) {
    image.iter_mut().for_each(|value| *value += offset as f32);
}

/// Stretches about the mean, clipped to the range that was.
pub fn contrast(image: &mut [f32], factor: f64) {
    let (mean, _) = mean_std(image);
    let (low, high) = range(image);
    image.iter_mut().for_each(|value| *value = ((f64::from(*value) - mean) * factor + mean).clamp(low, high) as f32);
}

/// A scanner of lower resolution: down to `zoom` times the size by nearest neighbours, up again by a cubic spline,
/// clipped to the small image's range.
pub fn low_resolution(image: &[f32], shape: [usize; 3], zoom: f64) -> Vec<f32> {
    let (small, size) = low_resolution_down(image, shape, zoom);
    let maps = std::array::from_fn(|axis| AxisMap::zoom(size[axis], shape[axis]));
    let (low, high) = range(&small);
    let mut out = resample(&small, size, &maps, Interpolation::Cubic, Border::Edge, 1);
    out.iter_mut().for_each(|value| *value = value.clamp(low as f32, high as f32));
    out
}

/// The small image of [`low_resolution`], and its shape.
pub fn low_resolution_down(image: &[f32], shape: [usize; 3], zoom: f64) -> (Vec<f32>, [usize; 3]) {
    let size = shape.map(|n| ((n as f64 * zoom).round_ties_even() as usize).max(1));
    let maps = std::array::from_fn(|axis| AxisMap::zoom(shape[axis], size[axis]));
    (nearest(image, shape, &maps, Border::Edge, 0.0), size)
}

/// How mean and standard deviation are restored after [`gamma`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GammaForm {
    /// Both are what they were.
    #[default]
    Restored,
    /// As batchgenerators 0.20, the paper's time: the mean is added before the rescaling, which moves it.
    Shifted,
}

/// `((x - min) / range)^γ · range + min`, then mean and standard deviation as before.
pub fn gamma(image: &mut [f32], gamma: f64, form: GammaForm) {
    let (mean, std) = mean_std(image);
    let (low, high) = range(image);
    let span = high - low + 1e-7;
    image.iter_mut().for_each(|value| *value = (((f64::from(*value) - low) / span).powf(gamma) * span + low) as f32);
    let (new_mean, new_std) = mean_std(image);
    let scale = std / (new_std + 1e-8);
    image.iter_mut().for_each(|value| {
        let centred = f64::from(*value) - new_mean;
        *value = match form {
            GammaForm::Restored => centred * scale + mean,
            GammaForm::Shifted => (centred + mean) * scale,
        } as f32;
    });
}

fn mean_std(image: &[f32]) -> (f64, f64) {
    let n = image.len() as f64;
    let mean = image.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
    let variance = image.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

fn range(image: &[f32]) -> (f64, f64) {
    let (low, high) =
        image.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
    (f64::from(low), f64::from(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_restores_mean_and_spread_or_moves_the_mean() {
        let image: Vec<f32> = (0..500).map(|i| 1.0 + (i as f32 * 0.1).sin()).collect();
        let (mean, std) = mean_std(&image);
        let after = |form| {
            let mut image = image.clone();
            gamma(&mut image, 1.4, form);
            mean_std(&image)
        };
        let (restored, shifted) = (after(GammaForm::Restored), after(GammaForm::Shifted));
        assert!((restored.0 - mean).abs() < 1e-6 && (restored.1 - std).abs() < 1e-6);
        assert!((shifted.0 - mean).abs() > 1e-3 && (shifted.1 - std).abs() < 1e-6);
    }

    #[test]
    fn a_constant_image_survives_everything() {
        let flat = vec![0.5f32; 64];
        let mut image = low_resolution(&blur(&flat, [4; 3], 1.0), [4; 3], 0.5);
        contrast(&mut image, 1.2);
        gamma(&mut image, 0.8, GammaForm::Restored);
        assert!(image.iter().all(|value| (value - 0.5).abs() < 1e-5));
    }
}
