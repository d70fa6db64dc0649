//! Overlapping patch predictions averaged into one volume.

mod operator;
mod weights;

pub(crate) use operator::PatchReader;
pub use operator::{Activation, Blend, Weights};
pub use weights::Weighting;

/// A weighted average in the making.
pub struct Average {
    channels: usize,
    shape: [usize; 3],
    sums: Vec<f32>,
    weights: Vec<f32>,
}

impl Average {
    /// Nothing yet, of `[channels, z, y, x]`.
    pub fn new(channels: usize, shape: [usize; 3]) -> Self {
        let n: usize = shape.iter().product();
        Self { channels, shape, sums: vec![0.0; channels * n], weights: vec![0.0; n] }
    }

    /// Adds one patch with its first voxel at `corner`; false when it does not fit, then nothing changes.
    ///
    /// # Shapes
    /// - in: `patch` `[channels, z, y, x]` of `size`, `weight` `size`
    pub fn add(&mut self, patch: &[f32], weight: &[f32], size: [usize; 3], corner: [usize; 3]) -> bool {
        if (0..3).any(|axis| corner[axis] + size[axis] > self.shape[axis]) {
            return false;
        }
        let (n, m): (usize, usize) = (self.shape.iter().product(), size.iter().product());
        let [_, h, w] = self.shape;
        for (row, weight) in weight.chunks_exact(size[2]).enumerate() {
            let (z, y) = (corner[0] + row / size[1], corner[1] + row % size[1]);
            let to = (z * h + y) * w + corner[2];
            for (sum, weight) in self.weights[to..to + size[2]].iter_mut().zip(weight) {
                *sum += weight;
            }
            for channel in 0..self.channels {
                let sums = &mut self.sums[channel * n + to..][..size[2]];
                let values = &patch[channel * m + row * size[2]..][..size[2]];
                for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weight) {
                    *sum += weight * value;
                }
            }
        }
        true
    }

    /// The average, `[channels, z, y, x]`; voxels that no patch covers are 0.
    pub fn finish(mut self) -> Vec<f32> {
        for sums in self.sums.chunks_exact_mut(self.weights.len().max(1)) {
            divide(sums, &self.weights);
        }
        self.sums
    }
}

/// `sums / weights`, 0 where nothing was added.
pub(crate) fn divide(sums: &mut [f32], weights: &[f32]) {
    for (sum, &weight) in sums.iter_mut().zip(weights) {
        *sum = if weight > 0.0 { *sum / weight } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::Layout;

    fn blended(order: impl Fn(usize) -> usize, value: impl Fn(usize, [usize; 3]) -> f32) -> Vec<f32> {
        let (shape, size) = ([9, 10, 11], [4, 5, 6]);
        let layout = Layout::new(shape, size, [0.5; 3]).expect("fits");
        let weight = Weighting::Gaussian { sigma_scale: 0.125 }.map(size);
        let mut average = Average::new(2, shape);
        for i in 0..layout.len() {
            let corner = layout.corner(order(i)).expect("in range");
            let patch: Vec<f32> = (0..2 * 120)
                .map(|i| value(i / 120, [corner[0] + i / 30 % 4, corner[1] + i / 6 % 5, corner[2] + i % 6]))
                .collect();
            assert!(average.add(&patch, &weight, size, corner));
        }
        average.finish()
    }

    #[test]
    fn what_all_windows_agree_on_comes_back() {
        let value = |channel: usize, [z, y, x]: [usize; 3]| (channel * 1000 + z * 100 + y * 10 + x) as f32;
        for (i, blended) in blended(|i| i, value).into_iter().enumerate() {
            let truth = value(i / 990, [i / 110 % 9, i / 11 % 10, i % 11]);
            assert!((blended - truth).abs() < 1e-3, "{i}: {blended} {truth}");
        }
    }

    #[test]
    fn the_order_of_windows_hardly_matters() {
        let value = |channel: usize, [z, y, x]: [usize; 3]| ((channel + z * 7 + y * 3 + x) % 5) as f32;
        let n = Layout::new([9, 10, 11], [4, 5, 6], [0.5; 3]).expect("fits").len();
        for (a, b) in blended(|i| i, value).into_iter().zip(blended(|i| n - 1 - i, value)) {
            assert!((a - b).abs() < 5e-6); // values up to 4, eight float32 sums
        }
    }

    #[test]
    fn a_patch_outside_is_refused_and_gaps_are_zero() {
        let mut average = Average::new(1, [2, 2, 2]);
        assert!(!average.add(&[1.0], &[1.0], [1, 1, 1], [2, 0, 0]));
        assert!(average.add(&[5.0], &[2.0], [1, 1, 1], [1, 1, 1]));
        assert_eq!(average.finish(), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0]);
    }
}
