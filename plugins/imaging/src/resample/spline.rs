//! Cubic B-splines: from samples to coefficients (prefilter) and the four weights between them.
//!
//! M. Unser, A. Aldroubi, M. Eden, "B-spline signal processing", IEEE Trans. Signal Processing 41 (1993); boundary
//! sums as in scipy's `ni_splines.c`.

use super::Real;

/// How a line goes on beyond its ends while it is prefiltered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symmetry {
    /// About the centre of the edge sample.
    Mirror,
    /// About the outer face of the edge sample.
    Reflect,
}

/// The pole of the cubic spline, sqrt(3) - 2.
const POLE: f64 = -0.267_949_192_431_122_7;
/// `POLE^32` is below 1e-18: later terms of a boundary sum do not count.
const HORIZON: usize = 32;

/// Weights of the coefficients at `floor - 1 ..= floor + 2` for a fraction `t` in `[0, 1)`.
pub(super) fn weights(t: f64) -> [f64; 4] {
    let u = 1.0 - t;
    [u * u * u / 6.0, (t * t * (t - 2.0) * 3.0 + 4.0) / 6.0, (u * u * (u - 2.0) * 3.0 + 4.0) / 6.0, t * t * t / 6.0]
}

/// Turns `W` lines of samples, side by side, into their spline coefficients.
pub(super) fn prefilter<T: Real, const W: usize>(line: &mut [[T; W]], symmetry: Symmetry) {
    let n = line.len();
    if n < 2 {
        return;
    }
    let gain = T::from_f64(6.0);
    let pole = T::from_f64(POLE);
    for row in line.iter_mut() {
        row.iter_mut().for_each(|value| *value = *value * gain);
    }
    line[0] = first(line, symmetry);
    for i in 1..n {
        let (done, rest) = line.split_at_mut(i);
        for (value, before) in rest[0].iter_mut().zip(&done[i - 1]) {
            *value = *value + pole * *before;
        }
    }
    line[n - 1] = last(line, symmetry);
    for i in (0..n - 1).rev() {
        let (rest, done) = line.split_at_mut(i + 1);
        for (value, after) in rest[i].iter_mut().zip(&done[0]) {
            *value = pole * (*after - *value);
        }
    }
}

/// Start of the forward recursion: the filtered sum over the line's infinite extension.
fn first<T: Real, const W: usize>(line: &[[T; W]], symmetry: Symmetry) -> [T; W] {
    let n = line.len();
    let near = n.min(HORIZON);
    let mut sum = [0.0f64; W];
    let mut add = |row: &[T; W], weight: f64| {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value.to_f64());
    };
    match symmetry {
        Symmetry::Mirror => {
            let far = POLE.powi(n as i32 - 1);
            add(&line[0], 1.0);
            add(&line[n - 1], far);
            for (i, row) in line.iter().enumerate().take((n - 1).min(near)).skip(1) {
                add(row, POLE.powi(i as i32) + far * POLE.powi((n - 1 - i) as i32));
            }
            let scale = 1.0 / (1.0 - far * far);
            sum.map(|sum| T::from_f64(sum * scale))
        }
        Symmetry::Reflect => {
            let far = POLE.powi(n as i32);
            let scale = POLE / (1.0 - far * far);
            add(&line[0], 1.0 / scale);
            for i in 0..near {
                let weight = POLE.powi(i as i32);
                add(&line[i], weight);
                add(&line[n - 1 - i], weight * far);
            }
            sum.map(|sum| T::from_f64(sum * scale))
        }
    }
}

/// Start of the backward recursion.
fn last<T: Real, const W: usize>(line: &[[T; W]], symmetry: Symmetry) -> [T; W] {
    let n = line.len();
    let mut out = line[n - 1];
    match symmetry {
        Symmetry::Mirror => {
            let scale = T::from_f64(POLE / (POLE * POLE - 1.0));
            for (value, before) in out.iter_mut().zip(&line[n - 2]) {
                *value = scale * (T::from_f64(POLE) * *before + *value);
            }
        }
        Symmetry::Reflect => {
            let scale = T::from_f64(POLE / (POLE - 1.0));
            out.iter_mut().for_each(|value| *value = *value * scale);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spline_goes_through_its_samples() {
        for symmetry in [Symmetry::Mirror, Symmetry::Reflect] {
            for n in [2, 3, 5, 40, 90] {
                let samples: Vec<f64> = (0..n).map(|i| ((i * i * 7 + 3) % 11) as f64).collect();
                let mut line: Vec<[f64; 1]> = samples.iter().map(|&value| [value]).collect();
                prefilter(&mut line, symmetry);
                let border = match symmetry {
                    Symmetry::Mirror => super::super::Border::Mirror,
                    Symmetry::Reflect => super::super::Border::Reflect,
                };
                for (i, sample) in samples.iter().enumerate() {
                    let value: f64 = (-1i64..=1)
                        .zip([1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0])
                        .map(|(d, weight)| line[border.fold(i as i64 + d, n).unwrap_or(0)][0] * weight)
                        .sum();
                    assert!((value - sample).abs() < 1e-12, "{symmetry:?} n={n} i={i}: {value} != {sample}");
                }
            }
        }
    }

    #[test]
    fn weights_sum_to_one() {
        for t in [0.0, 0.25, 0.5, 0.99] {
            assert!((weights(t).iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
    }
}
