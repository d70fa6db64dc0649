//! How alike two images are, voxel by voxel: PSNR and SSIM.

use crate::resample::{Border, correlate, gaussian_kernel};

/// Peak signal-to-noise ratio in dB: `10 log10(range^2 / mean squared error)`; infinite for equal images.
pub fn psnr(a: &[f64], b: &[f64], range: f64) -> f64 {
    let error: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / a.len() as f64;
    10.0 * (range * range / error).log10()
}

/// Settings of the structural similarity.
///
/// Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image quality assessment: from error visibility to structural similarity",
/// IEEE Trans. Image Processing 13 (2004). The default is theirs: Gaussian window of 11 samples with sigma 1.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ssim {
    pub window: Window,
    pub k1: f64,
    pub k2: f64,
    /// Largest minus smallest value that the images can take.
    pub range: f64,
    /// Slices apart (`[D, H, W]` as `D` images), or the volume with a window in three dimensions.
    pub volume: bool,
    /// Variances and covariance of the window as a sample's, times n/(n-1): scikit-image's default with a uniform window.
    pub sample: bool,
}

/// Window of local means and variances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Window {
    /// Cut at 3.5 sigma; sigma 1.5 gives 11 samples.
    Gaussian { sigma: f64 },
    /// Every sample alike; an odd number of them.
    Uniform { size: usize },
}

impl Window {
    fn kernel(self) -> Vec<f64> {
        match self {
            Self::Gaussian { sigma } => gaussian_kernel(sigma, 3.5),
            Self::Uniform { size } => vec![1.0 / size as f64; size],
        }
    }
}

impl Ssim {
    pub fn new(range: f64) -> Self {
        Self { window: Window::Gaussian { sigma: 1.5 }, k1: 0.01, k2: 0.03, range, volume: true, sample: false }
    }

    /// Samples that the window spans along each of its axes.
    pub fn span(&self) -> usize {
        self.window.kernel().len()
    }

    /// Mean of the SSIM map over all places where the window fits (population variances unless `sample` is set, as Wang et
    /// al. and scikit-image with `gaussian_weights=True, use_sample_covariance=False`).
    ///
    /// `None` when the window fits nowhere.
    pub fn mean(&self, a: &[f64], b: &[f64], shape: [usize; 3], threads: usize) -> Option<f64> {
        let kernel = self.window.kernel();
        let margin = kernel.len() / 2;
        let axes = if self.volume { 0..3 } else { 1..3 };
        if axes.clone().any(|axis| shape[axis] < kernel.len()) {
            return None;
        }
        let smooth = |data: Vec<f64>| {
            axes.clone().fold(data, |data, axis| correlate(&data, shape, axis, &kernel, Border::Reflect, threads))
        };
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<_>>();
        let (mean_a, mean_b) = (smooth(a.to_vec()), smooth(b.to_vec()));
        let (aa, bb, ab) = (smooth(product(a, a)), smooth(product(b, b)), smooth(product(a, b)));
        let (c1, c2) = ((self.k1 * self.range).powi(2), (self.k2 * self.range).powi(2));
        let inside = |axis: usize| if axes.contains(&axis) { margin..shape[axis] - margin } else { 0..shape[axis] };
        let samples = kernel.len().pow(axes.len() as u32) as f64;
        let unbiased = if self.sample { samples / (samples - 1.0) } else { 1.0 };
        let (mut sum, mut n) = (0.0, 0usize);
        for z in inside(0) {
            for y in inside(1) {
                for x in inside(2) {
                    let i = (z * shape[1] + y) * shape[2] + x;
                    let (ma, mb) = (mean_a[i], mean_b[i]);
                    let [va, vb, cov] = [aa[i] - ma * ma, bb[i] - mb * mb, ab[i] - ma * mb].map(|v| v * unbiased);
                    sum += (2.0 * ma * mb + c1) * (2.0 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
                    n += 1;
                }
            }
        }
        Some(sum / n as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_images_are_perfectly_alike() {
        let image: Vec<f64> = (0..11 * 12 * 13).map(|i| f64::from(i * 37 % 101)).collect();
        let ssim = Ssim::new(100.0).mean(&image, &image, [11, 12, 13], 1).expect("the window fits");
        assert!((ssim - 1.0).abs() < 1e-12);
        assert_eq!(psnr(&image, &image, 100.0), f64::INFINITY);
    }

    #[test]
    fn psnr_of_a_known_error() {
        assert!((psnr(&[0.0, 0.0], &[10.0, 10.0], 255.0) - 28.130_803_608_679_102).abs() < 1e-12);
    }

    #[test]
    fn a_window_that_fits_nowhere_gives_nothing() {
        let image = vec![0.0; 10 * 20 * 20];
        assert_eq!(Ssim::new(1.0).mean(&image, &image, [10, 20, 20], 1), None);
        let slices = Ssim { volume: false, ..Ssim::new(1.0) };
        assert_eq!(slices.mean(&image, &image, [10, 20, 20], 1), Some(1.0));
    }
}
