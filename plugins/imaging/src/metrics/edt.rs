//! Exact Euclidean distances to the nearest voxel of a set, on grids whose spacing differs per axis.
//!
//! P. Felzenszwalb, D. Huttenlocher, "Distance transforms of sampled functions", Theory of Computing 8 (2012): the
//! lower envelope of parabolas, one axis after the other, linear in the number of voxels.

/// Squared distance from every voxel's centre to the nearest centre in `set`; infinite everywhere when `set` is empty.
///
/// # Shapes
/// - in:  `shape` (row-major), `spacing` per axis of it
/// - out: `shape`
pub fn squared_distances(set: &[bool], shape: [usize; 3], spacing: [f64; 3]) -> Vec<f64> {
    let mut field: Vec<f64> = set.iter().map(|&inside| if inside { 0.0 } else { f64::INFINITY }).collect();
    for axis in (0..3).rev() {
        let inner: usize = shape[axis + 1..].iter().product();
        let n = shape[axis];
        let mut line = Line::new(n);
        for block in field.chunks_mut((n * inner).max(1)) {
            for column in 0..inner {
                for (i, value) in line.values.iter_mut().enumerate() {
                    *value = block[i * inner + column];
                }
                if line.transform(spacing[axis] * spacing[axis]) {
                    for (i, value) in line.result.iter().enumerate() {
                        block[i * inner + column] = *value;
                    }
                }
            }
        }
    }
    field
}

/// Scratch of one line: its values, the envelope's parabolas (where each stands, from where it is lowest), the result.
struct Line {
    values: Vec<f64>,
    result: Vec<f64>,
    stand: Vec<usize>,
    from: Vec<f64>,
}

impl Line {
    fn new(n: usize) -> Self {
        Self { values: vec![0.0; n], result: vec![0.0; n], stand: Vec::with_capacity(n), from: Vec::with_capacity(n) }
    }

    /// `result[p] = min over q of values[q] + square * (p - q)^2`; false when nothing is finite (nothing changes then).
    fn transform(&mut self, square: f64) -> bool {
        self.stand.clear();
        self.from.clear();
        for (q, &value) in self.values.iter().enumerate() {
            if !value.is_finite() {
                continue;
            }
            let mut start = f64::NEG_INFINITY;
            while let (Some(&v), Some(&from)) = (self.stand.last(), self.from.last()) {
                let (a, b) = (q as f64, v as f64);
                start = ((value - self.values[v]) / square + a * a - b * b) / (2.0 * (a - b));
                if start > from {
                    break;
                }
                self.stand.pop();
                self.from.pop();
                start = f64::NEG_INFINITY;
            }
            self.stand.push(q);
            self.from.push(start);
        }
        if self.stand.is_empty() {
            return false;
        }
        let mut k = 0;
        for (p, result) in self.result.iter_mut().enumerate() {
            while k + 1 < self.stand.len() && self.from[k + 1] < p as f64 {
                k += 1;
            }
            let step = p as f64 - self.stand[k] as f64;
            *result = self.values[self.stand[k]] + square * step * step;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(set: &[bool], [d, h, w]: [usize; 3], spacing: [f64; 3]) -> Vec<f64> {
        let place = |i: usize| [i / (h * w), i / w % h, i % w];
        (0..d * h * w)
            .map(|i| {
                (0..set.len())
                    .filter(|&j| set[j])
                    .map(|j| (0..3).map(|axis| (spacing[axis] * (place(i)[axis] as f64 - place(j)[axis] as f64)).powi(2)).sum())
                    .fold(f64::INFINITY, f64::min)
            })
            .collect()
    }

    #[test]
    fn equals_the_search_over_all_pairs() {
        let shape = [5, 7, 9];
        for seed in 1..6usize {
            let set: Vec<bool> = (0..315).map(|i| (i * 7919 + seed * 104_729) % 97 < seed).collect();
            let spacing = [2.5, 0.7, 1.0 + 0.1 * seed as f64];
            let fast = squared_distances(&set, shape, spacing);
            for (fast, slow) in fast.iter().zip(naive(&set, shape, spacing)) {
                assert!((fast - slow).abs() < 1e-9, "{fast} {slow}");
            }
        }
    }

    #[test]
    fn an_empty_set_is_infinitely_far() {
        assert!(squared_distances(&[false; 8], [2, 2, 2], [1.0; 3]).iter().all(|d| d.is_infinite()));
    }

    #[test]
    fn unit_spacing_gives_whole_numbers() {
        let mut set = vec![false; 27];
        set[0] = true;
        assert_eq!(squared_distances(&set, [3, 3, 3], [1.0; 3])[26], 12.0);
    }
}
