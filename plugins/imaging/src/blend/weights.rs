//! How much each voxel of a window counts where windows overlap.

/// How overlapping windows are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weighting {
    /// Every voxel alike.
    Constant,
    /// A Gaussian about the voxel `floor(size / 2)` with `sigma = size * sigma_scale` per axis.
    Gaussian { sigma_scale: f64 },
}

impl Weighting {
    /// The map of one window, largest value 1, nowhere 0.
    ///
    /// The Gaussian is cut at radius `trunc(4 sigma + 0.5)` and values of 0 become the smallest positive one, as in the
    /// published code of DoDNet and nnU-Net (F. Isensee et al., Nature Methods 18, 2021).
    ///
    /// # Shapes
    /// - out: `size`, row-major
    pub fn map(self, size: [usize; 3]) -> Vec<f32> {
        let Self::Gaussian { sigma_scale } = self else { return vec![1.0; size.iter().product()] };
        let [z, y, x] = size.map(|n| profile(n, n as f64 * sigma_scale));
        let mut map = Vec::with_capacity(size.iter().product());
        for a in &z {
            for b in &y {
                map.extend(x.iter().map(|c| (a * b * c) as f32));
            }
        }
        let least = map.iter().copied().filter(|&weight| weight > 0.0).fold(1.0f32, f32::min);
        map.iter_mut().filter(|weight| **weight == 0.0).for_each(|weight| *weight = least);
        map
    }
}

fn profile(n: usize, sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5).floor();
    (0..n)
        .map(|i| {
            let from_centre = i as f64 - (n / 2) as f64;
            if from_centre.abs() > radius { 0.0 } else { (-0.5 * (from_centre / sigma).powi(2)).exp() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gaussian_is_one_at_its_centre_and_never_zero() {
        let map = Weighting::Gaussian { sigma_scale: 0.125 }.map([8, 10, 12]);
        assert_eq!(map[(4 * 10 + 5) * 12 + 6], 1.0);
        assert!(map.iter().all(|&weight| weight > 0.0 && weight <= 1.0));
        let edge = f64::from(map[(4 * 10 + 5) * 12]);
        assert!((edge - (-0.5f64 * 16.0).exp()).abs() < 1e-9);
    }

    #[test]
    fn zeros_become_the_smallest_positive() {
        let map = Weighting::Gaussian { sigma_scale: 0.05 }.map([1, 1, 20]);
        assert_eq!(map[10], 1.0);
        assert_eq!(map[0], map[6]);
        assert!(map[0] > 0.0 && map[0] < 1e-3);
    }
}
