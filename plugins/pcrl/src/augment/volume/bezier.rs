//! Another course of the intensities: a cubic Bézier curve through (0, 0) and (1, 1).

use super::Grid;
use rand::Rng;

/// Points of the curve.
const SAMPLES: usize = 100_000;

/// The two inner control points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bezier {
    pub points: [[f64; 2]; 2],
    /// Values are sorted too, so that bright stays bright; otherwise the order of intensities may change.
    pub rising: bool,
}

impl Bezier {
    /// Control points anywhere in the unit square; rising half of the time.
    pub fn draw(rng: &mut impl Rng) -> Self {
        let points = std::array::from_fn(|_| std::array::from_fn(|_| rng.random()));
        Self { points, rising: rng.random_bool(0.5) }
    }

    /// The curve's points, in ascending order of x.
    fn curve(&self) -> (Vec<f64>, Vec<f64>) {
        let [p1, p2] = self.points;
        let at = |t: f64, axis: usize| {
            let s = 1.0 - t;
            3.0 * s * s * t * p1[axis] + 3.0 * s * t * t * p2[axis] + t * t * t
        };
        let along = |axis: usize| (0..SAMPLES).map(|i| at(i as f64 / (SAMPLES - 1) as f64, axis)).collect::<Vec<f64>>();
        let (mut x, mut y) = (along(0), along(1));
        // Rationale: the authors sort x alone or both, each by itself; where x does not rise that is another curve.
        x.sort_by(f64::total_cmp);
        if self.rising {
            y.sort_by(f64::total_cmp);
        } else {
            // The authors' points run from t = 1 to t = 0.
            y.reverse();
        }
        (x, y)
    }
}

/// Each intensity in [0, 1] through the curve, linear between its points.
pub fn bezier(grid: &Grid, curve: &Bezier) -> Grid {
    let (x, y) = curve.curve();
    let value = |v: f64| {
        let after = x.partition_point(|x| *x <= v);
        match after {
            0 => y[0],
            n if n == x.len() => y[n - 1],
            n => {
                let span = x[n] - x[n - 1];
                y[n - 1] + (y[n] - y[n - 1]) * (v - x[n - 1]) / span
            }
        }
    };
    grid.with(grid.values.iter().map(|v| value(f64::from(*v)) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rising_curve_keeps_the_order_and_the_ends() {
        let grid = Grid { shape: [1, 1, 11], values: (0..11).map(|i| i as f32 / 10.0).collect() };
        let out = bezier(&grid, &Bezier { points: [[0.9, 0.1], [0.3, 0.6]], rising: true }).values;
        assert!(out.is_sorted());
        assert!(out[0].abs() < 1e-6 && (out[10] - 1.0).abs() < 1e-6);
        let straight = bezier(&grid, &Bezier { points: [[1.0 / 3.0; 2], [2.0 / 3.0; 2]], rising: true });
        assert!(straight.values.iter().zip(&grid.values).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
