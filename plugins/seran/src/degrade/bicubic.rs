//! Bicubic interpolation with the conventions of MATLAB's `imresize`; it is linear, so each axis is one matrix.

use tch::{Kind, Tensor};

/// `scale` times coarser, with antialiasing. Nothing is rounded or clipped.
///
/// # Shapes
/// - in:  `[…, H, W]`, any element type
/// - out: `[…, ⌈H/scale⌉, ⌈W/scale⌉]`, float64
pub fn bicubic_down(slices: &Tensor, scale: i64) -> Tensor {
    resize(slices, |n| (n + scale - 1) / scale, 1.0 / scale as f64)
}

/// `scale` times finer: the baseline.
///
/// # Shapes
/// - in:  `[…, h, w]`, any element type
/// - out: `[…, scale·h, scale·w]`, float64
pub fn bicubic_up(slices: &Tensor, scale: i64) -> Tensor {
    resize(slices, |n| n * scale, scale as f64)
}

fn resize(slices: &Tensor, length: impl Fn(i64) -> i64, factor: f64) -> Tensor {
    let size = slices.size();
    let (h, w) = (size[size.len() - 2], size[size.len() - 1]);
    let matrix = |n: i64| {
        let weights = Tensor::from_slice(&weights(n as usize, length(n) as usize, factor));
        weights.view([length(n), n]).to_device(slices.device())
    };
    matrix(h).matmul(&slices.to_kind(Kind::Double)).matmul(&matrix(w).transpose(0, 1))
}

/// What each of `length` new samples takes of each of `n` old ones; rows sum to one.
fn weights(n: usize, length: usize, factor: f64) -> Vec<f64> {
    // Coarser: the kernel is stretched, so that it also filters what the new grid cannot hold.
    let stretch = factor.min(1.0);
    let width = 4.0 / stretch;
    let mut matrix = vec![0.0; length * n];
    for (i, row) in (1..=length).zip(matrix.chunks_exact_mut(n)) {
        // Samples are counted from 1, as MATLAB does.
        let u = i as f64 / factor + 0.5 * (1.0 - 1.0 / factor);
        let first = (u - width / 2.0).floor();
        let taps = width.ceil() as i64 + 2;
        let tap = |k: i64| (first as i64 + k, stretch * cubic(stretch * (u - first - k as f64)));
        let sum: f64 = (0..taps).map(|k| tap(k).1).sum();
        for (j, weight) in (0..taps).map(tap) {
            row[mirrored(j - 1, n)] += weight / sum;
        }
    }
    matrix
}

/// Keys' kernel with a = -1/2.
fn cubic(t: f64) -> f64 {
    match t.abs() {
        t if t <= 1.0 => 1.5 * t.powi(3) - 2.5 * t.powi(2) + 1.0,
        t if t <= 2.0 => -0.5 * t.powi(3) + 2.5 * t.powi(2) - 4.0 * t + 2.0,
        _ => 0.0,
    }
}

/// Beyond an end the samples come back in reverse, the end's own first.
fn mirrored(j: i64, n: usize) -> usize {
    let place = j.rem_euclid(2 * n as i64) as usize;
    if place < n { place } else { 2 * n - 1 - place }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_mirrored_with_themselves_repeated() {
        assert_eq!((-3..6).map(|j| mirrored(j, 3)).collect::<Vec<_>>(), [2, 1, 0, 0, 1, 2, 2, 1, 0]);
    }

    #[test]
    fn halving_has_the_known_eight_taps() {
        let row = &weights(16, 8, 0.5)[4 * 16..5 * 16];
        let expected = [-3.0, -9.0, 29.0, 111.0, 111.0, 29.0, -9.0, -3.0].map(|part| part / 256.0);
        assert!(row[5..13].iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-15), "{row:?}");
        assert_eq!(row[4], 0.0);
    }

    #[test]
    fn one_sample_stays_itself() {
        assert_eq!(weights(1, 3, 3.0), [1.0; 3]);
    }
}
