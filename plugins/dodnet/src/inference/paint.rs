//! Scores on one grid as labels on another, plane by plane: no second set of scores is ever held.

use super::merge::{Conflict, merge_tasks};
use voxloom_imaging::resample::{Alignment, AxisMap};

/// What the labels are made of.
pub struct LabelRule<'a> {
    /// Label to write for each channel of each task; `None` for channels that are not shown.
    pub values: &'a [Vec<Option<i64>>],
    pub threshold: f32,
    pub conflict: Conflict,
}

/// A target voxel between two source voxels of one axis; `None` outside of the source (by more than half a voxel).
type Tap = Option<(usize, usize, f32)>;

/// Labels on the target grid of `alignment`; scores between voxels are linear along all axes, outside is 0.
///
/// `plane` gives the scores of one source plane, `[K, H, W]` with K the number of channels in `rule.values`; it is asked for
/// each plane once, or twice where the target runs against the source.
///
/// # Shapes
/// - out: the target's shape, row-major
pub fn paint(plane: impl FnMut(usize) -> Vec<f32>, source: [usize; 3], alignment: &Alignment, rule: &LabelRule) -> Vec<i64> {
    let [_, h, w] = source;
    let channels: usize = rule.values.iter().map(Vec::len).sum();
    let taps: [Vec<Tap>; 3] = std::array::from_fn(|axis| taps(&alignment.maps[axis], source[axis]));
    let strides = alignment.target_strides();
    let mut labels = vec![0; taps.iter().map(Vec::len).product()];
    let mut lines = vec![0f32; channels * w];
    let mut voxel = vec![0f32; channels];
    let mut planes = Planes { give: plane, held: Vec::new() };
    for (a, z) in taps[0].iter().enumerate() {
        let Some((below, above, z)) = *z else { continue };
        planes.hold(below, above);
        let (below, above) = (planes.get(below), planes.get(above));
        for (b, y) in taps[1].iter().enumerate() {
            let Some(y) = *y else { continue };
            for (channel, line) in lines.chunks_exact_mut(w).enumerate() {
                let row = |y: usize| (channel * h + y) * w..(channel * h + y + 1) * w;
                let rows = [&below[row(y.0)], &below[row(y.1)], &above[row(y.0)], &above[row(y.1)]];
                for (i, value) in line.iter_mut().enumerate() {
                    *value = between(between(rows[0][i], rows[1][i], y.2), between(rows[2][i], rows[3][i], y.2), z);
                }
            }
            for (c, x) in taps[2].iter().enumerate() {
                let Some((below, above, t)) = *x else { continue };
                for (value, line) in voxel.iter_mut().zip(lines.chunks_exact(w)) {
                    *value = between(line[below], line[above], t);
                }
                labels[a * strides[0] + b * strides[1] + c * strides[2]] =
                    merge_tasks(&voxel, rule.values, rule.threshold, rule.conflict);
            }
        }
    }
    labels
}

/// The two source planes that a target plane lies between.
struct Planes<F> {
    give: F,
    held: Vec<(usize, Vec<f32>)>,
}

impl<F: FnMut(usize) -> Vec<f32>> Planes<F> {
    fn hold(&mut self, below: usize, above: usize) {
        self.held.retain(|(z, _)| *z == below || *z == above);
        for z in [below, above] {
            if self.held.iter().all(|(held, _)| *held != z) {
                let plane = (self.give)(z);
                self.held.push((z, plane));
            }
        }
    }

    /// Of a plane that is held; empty for any other.
    fn get(&self, z: usize) -> &[f32] {
        self.held.iter().find(|(held, _)| *held == z).map_or(&[], |(_, plane)| plane)
    }
}

fn between(below: f32, above: f32, t: f32) -> f32 {
    if t == 0.0 { below } else { (1.0 - t) * below + t * above }
}

fn taps(map: &AxisMap, n: usize) -> Vec<Tap> {
    let tap = |coordinate: f64| {
        let last = (n - 1) as f64;
        let clamped = coordinate.clamp(0.0, last);
        let below = clamped.floor() as usize;
        (-0.5..=last + 0.5).contains(&coordinate).then(|| (below, (below + 1).min(n - 1), (clamped - below as f64) as f32))
    };
    (0..map.n).map(|i| tap(map.at(i))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(values: &[Vec<Option<i64>>]) -> LabelRule<'_> {
        LabelRule { values, threshold: 0.5, conflict: Conflict::Strongest }
    }

    #[test]
    fn on_its_own_grid_every_voxel_is_merged() {
        let alignment = Alignment { axes: [0, 1, 2], maps: [AxisMap::zoom(1, 1), AxisMap::zoom(1, 1), AxisMap::zoom(3, 3)] };
        let scores = |_| vec![0.9, 0.6, 0.2, 0.1, 0.7, 0.4];
        assert_eq!(paint(scores, [1, 1, 3], &alignment, &rule(&[vec![Some(4)], vec![Some(9)]])), [4, 9, 0]);
    }

    #[test]
    fn scores_are_brought_to_the_finer_grid_before_they_are_merged() {
        let alignment = Alignment { axes: [0, 1, 2], maps: [AxisMap::zoom(1, 1), AxisMap::zoom(1, 1), AxisMap::zoom(2, 8)] };
        // From 1.0 at voxel 0 to 0.3 at voxel 1: 0.5 lies at 0.71, between the new voxels 4 (at 0.625) and 5 (at 0.875).
        assert_eq!(paint(|_| vec![1.0, 0.3], [1, 1, 2], &alignment, &rule(&[vec![Some(1)]])), [1, 1, 1, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn each_plane_is_asked_for_once() {
        let alignment = Alignment { axes: [0, 1, 2], maps: [AxisMap::zoom(3, 7), AxisMap::zoom(1, 1), AxisMap::zoom(1, 1)] };
        let mut asked = Vec::new();
        let plane = |z| {
            asked.push(z);
            vec![[0.9, 0.1, 0.9][z]]
        };
        assert_eq!(paint(plane, [3, 1, 1], &alignment, &rule(&[vec![Some(1)]])), [1, 1, 0, 0, 0, 1, 1]);
        assert_eq!(asked, [0, 1, 2]);
    }

    #[test]
    fn flipped_axes_and_the_outside_are_seen() {
        let alignment =
            Alignment { axes: [0, 1, 2], maps: [AxisMap::zoom(1, 1), AxisMap::zoom(1, 1), AxisMap::new(2.0, -1.0, 4)] };
        assert_eq!(paint(|_| vec![0.9, 0.1, 0.8], [1, 1, 3], &alignment, &rule(&[vec![Some(1)]])), [1, 0, 1, 0]);
    }
}
