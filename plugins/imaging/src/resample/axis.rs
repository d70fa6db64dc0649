//! One axis of a resampling: where the new samples lie, which old samples each one needs and with what weight.

use super::Real;

/// How values between samples are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The value at `floor(coordinate + 0.5)`.
    Nearest,
    /// Straight lines between neighbours (order 1).
    Linear,
    /// Cubic B-spline through the samples (order 3, with prefilter).
    Cubic,
}

/// What lies beyond the first and the last sample. Named as numpy names them; scipy's word is given beside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Border {
    /// The edge value goes on: `a a | a b c | c c` (scipy `nearest`).
    Edge,
    /// One value everywhere: `k k | a b c | k k` (scipy `grid-constant`).
    Constant(f64),
    /// Mirrored at the centre of the edge sample: `c b | a b c | b a` (scipy `mirror`).
    Mirror,
    /// Mirrored at the outer face of the edge sample: `b a | a b c | c b` (scipy `reflect`).
    Reflect,
}

impl Border {
    /// The sample that stands for index `i`, which may lie outside `0..n`; `None` where that is the constant.
    pub fn fold(self, i: i64, n: usize) -> Option<usize> {
        let last = n as i64 - 1;
        let folded = match self {
            Self::Edge => i.clamp(0, last),
            Self::Constant(_) if i < 0 || i > last => return None,
            Self::Constant(_) => i,
            Self::Mirror if last == 0 => 0,
            Self::Mirror => last - (i.rem_euclid(2 * last) - last).abs(),
            Self::Reflect => {
                let i = i.rem_euclid(2 * n as i64);
                if i > last { 2 * n as i64 - 1 - i } else { i }
            }
        };
        Some(folded as usize)
    }

    pub(super) fn fill(self) -> f64 {
        if let Self::Constant(value) = self { value } else { 0.0 }
    }
}

/// The new samples of one axis: sample `i` lies at the old coordinate `(i + 0.5) * step + offset`.
///
/// Rationale: kept in this form because it is the one in which scipy rounds; ties of `nearest` depend on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisMap {
    pub step: f64,
    pub offset: f64,
    /// Number of new samples.
    pub n: usize,
}

impl AxisMap {
    /// New sample 0 at the old coordinate `start`, then every `step`.
    pub fn new(start: f64, step: f64, n: usize) -> Self {
        Self { step, offset: start - 0.5 * step, n }
    }

    /// `n_out` samples over the extent of `n_in`, half-pixel centres: scipy's `zoom(grid_mode=True)`.
    pub fn zoom(n_in: usize, n_out: usize) -> Self {
        Self { step: n_in as f64 / n_out as f64, offset: -0.5, n: n_out }
    }

    pub fn at(&self, i: usize) -> f64 {
        (i as f64 + 0.5) * self.step + self.offset
    }

    /// Whether the new samples are the `n_in` old ones.
    pub fn is_identity(&self, n_in: usize) -> bool {
        self.n == n_in && (self.at(0)).abs() < 1e-9 && (self.at(n_in - 1) - (n_in - 1) as f64).abs() < 1e-9
    }
}

/// Samples that scipy adds on either side before it prefilters, where the border is not a mirror.
const SPLINE_PADDING: usize = 12;

/// A line operator: load a line (with `pad` samples of border on either side), prefilter it, then weigh `per` loaded
/// samples into each new one. Loaded index `n_in + 2 pad` is the constant.
pub struct AxisOperator<T> {
    pub(super) n_in: usize,
    pub(super) pad: usize,
    pub(super) border: Border,
    pub(super) prefilter: Option<super::spline::Symmetry>,
    pub(super) per: usize,
    pub(super) index: Vec<u32>,
    pub(super) weight: Vec<T>,
}

impl<T: Real> AxisOperator<T> {
    /// Linear or cubic interpolation. (`Nearest` has no weights: see [`super::nearest`].)
    pub(super) fn interpolate(map: &AxisMap, n_in: usize, cubic: bool, border: Border) -> Self {
        use super::spline::Symmetry;
        let (pad, symmetry) = match border {
            _ if !cubic => (0, None),
            Border::Edge => (SPLINE_PADDING, Some(Symmetry::Reflect)),
            Border::Constant(_) => (SPLINE_PADDING, Some(Symmetry::Mirror)),
            Border::Mirror => (0, Some(Symmetry::Mirror)),
            Border::Reflect => (0, Some(Symmetry::Reflect)),
        };
        let per = if cubic { 4 } else { 2 };
        let mut operator = Self::empty(n_in, pad, border, symmetry, per, map.n);
        for i in 0..map.n {
            let coordinate = map.at(i);
            let below = coordinate.floor();
            let (first, weights) = if cubic {
                (below as i64 - 1, super::spline::weights(coordinate - below))
            } else {
                (below as i64, [1.0 - (coordinate - below), coordinate - below, 0.0, 0.0])
            };
            for (k, &weight) in weights[..per].iter().enumerate() {
                operator.push(first + k as i64, weight);
            }
        }
        operator
    }

    /// Correlation with a kernel of odd length, as many samples as before.
    pub(super) fn filter(kernel: &[f64], n: usize, border: Border) -> Self {
        let mut operator = Self::empty(n, 0, border, None, kernel.len(), n);
        let radius = (kernel.len() / 2) as i64;
        for i in 0..n as i64 {
            for (k, &weight) in kernel.iter().enumerate() {
                operator.push(i + k as i64 - radius, weight);
            }
        }
        operator
    }

    fn empty(
        n_in: usize,
        pad: usize,
        border: Border,
        prefilter: Option<super::spline::Symmetry>,
        per: usize,
        n_out: usize,
    ) -> Self {
        let index = Vec::with_capacity(per * n_out);
        Self { n_in, pad, border, prefilter, per, index, weight: Vec::with_capacity(per * n_out) }
    }

    fn push(&mut self, sample: i64, weight: f64) {
        let loaded = self.n_in + 2 * self.pad;
        let row = self.border.fold(sample + self.pad as i64, loaded).unwrap_or(loaded);
        self.index.push(row as u32);
        self.weight.push(T::from_f64(weight));
    }

    pub(super) fn n_out(&self) -> usize {
        self.index.len() / self.per
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_go_on_as_scipy_says() {
        let row = |border: Border| (-4..7).map(|i| border.fold(i, 3).map_or(-1, |i| i as i64)).collect::<Vec<_>>();
        assert_eq!(row(Border::Edge), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2]);
        assert_eq!(row(Border::Constant(0.0)), [-1, -1, -1, -1, 0, 1, 2, -1, -1, -1, -1]);
        assert_eq!(row(Border::Mirror), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
        assert_eq!(row(Border::Reflect), [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
    }

    #[test]
    fn one_sample_is_its_own_mirror() {
        assert_eq!(Border::Mirror.fold(-3, 1), Some(0));
        assert_eq!(Border::Reflect.fold(5, 1), Some(0));
    }

    #[test]
    fn a_zoom_covers_the_same_extent() {
        let map = AxisMap::zoom(10, 5);
        assert_eq!((map.at(0), map.at(4)), (0.5, 8.5));
        assert!(AxisMap::zoom(7, 7).is_identity(7));
        assert!(!AxisMap::zoom(7, 6).is_identity(7));
    }
}
