//! Blending that holds only the planes that later windows can still touch.

use crate::blend::divide;
use std::collections::VecDeque;
use std::fmt;

/// Scores of a plane and the weights that they carry so far.
struct Open {
    sums: Vec<f32>,
    weights: Vec<f32>,
}

/// A weighted average of windows that come ordered along z; each plane is given away as soon as it is complete.
pub struct PlaneBlend {
    channels: usize,
    shape: [usize; 3],
    /// Plane that `open[0]` holds; all before it are given away.
    first: usize,
    open: VecDeque<Open>,
    spare: Vec<Open>,
}

impl PlaneBlend {
    /// Windows of `[channels, ...]` in a volume of `shape`.
    pub fn new(channels: usize, shape: [usize; 3]) -> Self {
        Self { channels, shape, first: 0, open: VecDeque::new(), spare: Vec::new() }
    }

    /// Adds a window. Planes before it are complete: `done` gets each with its index, in order.
    ///
    /// # Shapes
    /// - in:   `patch` `[channels, z, y, x]` of `size`, `weight` `size`
    /// - done: `[channels, H, W]`; voxels that no window covers are 0. `done` may swap the buffer for another one.
    ///
    /// # Errors
    /// The window lies outside of the volume, or begins before a plane that was given away.
    pub fn add(
        &mut self,
        patch: &[f32],
        weight: &[f32],
        size: [usize; 3],
        corner: [usize; 3],
        mut done: impl FnMut(usize, &mut Vec<f32>),
    ) -> Result<(), Misplaced> {
        if (0..3).any(|axis| corner[axis] + size[axis] > self.shape[axis]) {
            return Err(Misplaced::Outside { corner, size, shape: self.shape });
        }
        if corner[0] < self.first {
            return Err(Misplaced::Late { plane: corner[0], first: self.first });
        }
        self.complete(corner[0], &mut done);
        while self.open.len() < size[0] {
            let plane = self.fresh();
            self.open.push_back(plane);
        }
        let [_, h, w] = self.shape;
        let area = size[1] * size[2];
        for (z, plane) in self.open.iter_mut().take(size[0]).enumerate() {
            for y in 0..size[1] {
                let to = (corner[1] + y) * w + corner[2];
                let from = z * area + y * size[2];
                let weight = &weight[from..from + size[2]];
                plane.weights[to..to + size[2]].iter_mut().zip(weight).for_each(|(sum, weight)| *sum += weight);
                for channel in 0..self.channels {
                    let sums = &mut plane.sums[channel * h * w + to..][..size[2]];
                    let values = &patch[channel * area * size[0] + from..][..size[2]];
                    sums.iter_mut().zip(values).zip(weight).for_each(|((sum, value), weight)| *sum += weight * value);
                }
            }
        }
        Ok(())
    }

    /// Gives away what is left.
    pub fn finish(mut self, mut done: impl FnMut(usize, &mut Vec<f32>)) {
        self.complete(self.shape[0], &mut done);
    }

    fn complete(&mut self, until: usize, done: &mut impl FnMut(usize, &mut Vec<f32>)) {
        while self.first < until {
            let mut plane = self.open.pop_front().unwrap_or_else(|| self.fresh());
            for sums in plane.sums.chunks_exact_mut(plane.weights.len().max(1)) {
                divide(sums, &plane.weights);
            }
            done(self.first, &mut plane.sums);
            self.spare.push(plane);
            self.first += 1;
        }
    }

    fn fresh(&mut self) -> Open {
        let area = self.shape[1] * self.shape[2];
        let mut plane = self.spare.pop().unwrap_or(Open { sums: Vec::new(), weights: Vec::new() });
        plane.sums.clear();
        plane.sums.resize(self.channels * area, 0.0);
        plane.weights.clear();
        plane.weights.resize(area, 0.0);
        plane
    }
}

/// Why a window was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    Outside { corner: [usize; 3], size: [usize; 3], shape: [usize; 3] },
    Late { plane: usize, first: usize },
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside { corner, size, shape } => {
                write!(f, "a window of {size:?} at {corner:?} does not lie inside the volume of {shape:?}")
            }
            Self::Late { plane, first } => write!(
                f,
                "windows must come ordered along z: one begins at plane {plane} after planes up to {first} were finished"
            ),
        }
    }
}

impl std::error::Error for Misplaced {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blend::{Average, Weighting};
    use crate::windows::Layout;

    #[test]
    fn equals_blending_the_whole_volume_and_holds_one_slab() {
        let (shape, size) = ([11, 7, 8], [4, 5, 3]);
        let layout = Layout::new(shape, size, [0.5; 3]).expect("fits");
        let weight = Weighting::Gaussian { sigma_scale: 0.125 }.map(size);
        let (mut whole, mut planes) = (Average::new(2, shape), PlaneBlend::new(2, shape));
        let mut given: Vec<f32> = Vec::new();
        for i in 0..layout.len() {
            let corner = layout.corner(i).expect("in range");
            let patch: Vec<f32> = (0..120).map(|k| ((k * 37 + i * 101) % 89) as f32).collect();
            assert!(whole.add(&patch, &weight, size, corner));
            planes
                .add(&patch, &weight, size, corner, |z, plane| {
                    assert_eq!(z * 112, given.len());
                    given.extend_from_slice(plane);
                })
                .expect("in order");
            assert!(planes.open.len() + planes.spare.len() <= 4, "no more planes than a window has");
        }
        planes.finish(|_, plane| given.extend_from_slice(plane));
        let whole = whole.finish();
        for (i, &value) in given.iter().enumerate() {
            let [z, channel, rest] = [i / 112, i / 56 % 2, i % 56];
            assert_eq!(value, whole[channel * 616 + z * 56 + rest]);
        }
        assert_eq!(given.len(), whole.len());
    }

    #[test]
    fn disorder_and_overhang_are_refused() {
        let mut planes = PlaneBlend::new(1, [4, 1, 1]);
        let mut given = Vec::new();
        let mut add = |z: usize| planes.add(&[1.0, 1.0], &[1.0, 1.0], [2, 1, 1], [z, 0, 0], |z, _| given.push(z));
        assert_eq!(add(1), Ok(()));
        assert_eq!(add(0), Err(Misplaced::Late { plane: 0, first: 1 }));
        assert_eq!(add(3), Err(Misplaced::Outside { corner: [3, 0, 0], size: [2, 1, 1], shape: [4, 1, 1] }));
        planes.finish(|z, plane| {
            given.push(z);
            assert_eq!(plane[0], if z == 3 { 0.0 } else { 1.0 });
        });
        assert_eq!(given, [0, 1, 2, 3]);
    }
}
