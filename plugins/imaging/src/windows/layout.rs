//! Where windows lie in a volume.

/// Overlapping windows of one size that together cover a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    size: [usize; 3],
    starts: [Vec<usize>; 3],
}

impl Layout {
    /// Windows of `size` (z, y, x) that overlap by the share `overlap` of it; the last one of an axis is shifted back to end
    /// with the volume. Stride: `ceil(size * (1 - overlap))` per axis. `None` when the volume is smaller than a window.
    pub fn new(shape: [usize; 3], size: [usize; 3], overlap: [f64; 3]) -> Option<Self> {
        if (0..3).any(|axis| shape[axis] < size[axis] || size[axis] == 0) {
            return None;
        }
        Some(Self { size, starts: std::array::from_fn(|axis| starts(shape[axis], size[axis], overlap[axis])) })
    }

    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    pub fn len(&self) -> usize {
        self.starts.iter().map(Vec::len).product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// First voxel of window `i`. Windows are ordered along z first, then y, then x.
    pub fn corner(&self, i: usize) -> Option<[usize; 3]> {
        let [z, y, x] = &self.starts;
        let z = *z.get(i / (y.len() * x.len()))?;
        Some([z, y[i / x.len() % y.len()], x[i % x.len()]])
    }
}

fn starts(n: usize, size: usize, overlap: f64) -> Vec<usize> {
    // Rationale: 10 * (1 - 0.7) is 3.0000000000000004 and must not become a stride of 4.
    let stride = ((size as f64 * (1.0 - overlap) - 1e-9).ceil() as usize).max(1);
    let steps = (n - size).div_ceil(stride) + 1;
    (0..steps).map(|i| (i * stride).min(n - size)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_window_ends_with_the_volume() {
        assert_eq!(starts(300, 64, 0.5), [0, 32, 64, 96, 128, 160, 192, 224, 236]);
        assert_eq!(starts(64, 64, 0.5), [0]);
        assert_eq!(starts(65, 64, 0.5), [0, 1]);
        assert_eq!(starts(96, 64, 0.5), [0, 32]);
        assert_eq!(starts(30, 10, 0.7), [0, 3, 6, 9, 12, 15, 18, 20]);
        assert_eq!(starts(4, 1, 0.9), [0, 1, 2, 3]);
    }

    #[test]
    fn windows_go_along_z_first_and_cover_everything() {
        let shape = [7, 9, 5];
        let layout = Layout::new(shape, [3, 4, 5], [0.5, 0.25, 0.0]).expect("fits");
        let corners: Vec<[usize; 3]> = (0..layout.len()).map(|i| layout.corner(i).expect("in range")).collect();
        assert!(corners.is_sorted());
        assert_eq!(layout.corner(layout.len()), None);
        let mut seen = vec![false; 7 * 9 * 5];
        for [z, y, x] in corners {
            for i in 0..60 {
                seen[((z + i / 20) * 9 + y + i / 5 % 4) * 5 + x + i % 5] = true;
            }
        }
        assert!(seen.into_iter().all(|seen| seen));
    }

    #[test]
    fn a_volume_smaller_than_a_window_has_none() {
        assert_eq!(Layout::new([2, 9, 9], [3, 3, 3], [0.5; 3]), None);
    }
}
