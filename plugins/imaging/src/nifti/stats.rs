//! Counts and centroids of labels: what a written file is compared by.

use super::Voxels;
use crate::geometry::{Matrix, apply};
use std::collections::BTreeMap;

/// One label: how many voxels, and the exact sums of their coordinates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelStats {
    pub n_voxels: u64,
    pub sum_ijk: [u64; 3],
}

impl LabelStats {
    /// The mean place of the label's voxels in millimetres.
    pub fn centroid_mm(&self, affine: &Matrix) -> [f64; 3] {
        apply(affine, self.sum_ijk.map(|sum| sum as f64 / self.n_voxels as f64))
    }
}

/// The statistics of every label but 0; `None` for floats. Sums are integers, so that order cannot show.
pub fn label_stats(voxels: &Voxels, shape_ijk: [usize; 3]) -> Option<BTreeMap<i64, LabelStats>> {
    Some(match voxels {
        Voxels::U8(values) => collect(values, shape_ijk),
        Voxels::I8(values) => collect(values, shape_ijk),
        Voxels::I16(values) => collect(values, shape_ijk),
        Voxels::I32(values) => collect(values, shape_ijk),
        Voxels::I64(values) => collect(values, shape_ijk),
        Voxels::F32(_) | Voxels::F64(_) => return None,
    })
}

fn collect<T: Copy + PartialEq + Default + Into<i64>>(values: &[T], [n_i, n_j, _]: [usize; 3]) -> BTreeMap<i64, LabelStats> {
    let mut stats = BTreeMap::new();
    for (row, values) in values.chunks(n_i.max(1)).enumerate() {
        let (j, k) = ((row % n_j) as u64, (row / n_j) as u64);
        let mut start = 0;
        // Labels come in runs: one look-up a run, not a voxel.
        for run in values.chunk_by(|a, b| a == b) {
            let (first, n) = (start as u64, run.len() as u64);
            start += run.len();
            if run[0] == T::default() {
                continue;
            }
            let entry: &mut LabelStats = stats.entry(run[0].into()).or_default();
            entry.n_voxels += n;
            entry.sum_ijk[0] += n * first + n * (n - 1) / 2;
            entry.sum_ijk[1] += n * j;
            entry.sum_ijk[2] += n * k;
        }
    }
    stats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_voxels() {
        let voxels = Voxels::U8(vec![0, 2, 2, 1, 0, 2, /**/ 0, 0, 0, 3, 3, 3]);
        let stats = label_stats(&voxels, [3, 2, 2]).unwrap();
        let expected = [(1, (1, [0, 1, 0])), (2, (3, [5, 1, 0])), (3, (3, [3, 3, 3]))];
        let found: Vec<_> = stats.iter().map(|(label, stat)| (*label, (stat.n_voxels, stat.sum_ijk))).collect();
        assert_eq!(found, expected);
    }
}
