//! The smoothing kernel of the soft attention.

/// Pixels along a side.
pub const SIDE: usize = 31;
const SIGMA: f64 = 4.0;

/// A Gaussian by differences of the normal distribution, `[31, 31]`, sum 1; computed in float64 (spec 2.4).
pub fn gaussian() -> Vec<f32> {
    let n = SIDE as f64;
    let d = (2.0 * SIGMA + 1.0) / n;
    let edge = |i: usize| -SIGMA - d / 2.0 + i as f64 * (2.0 * SIGMA + d) / n;
    let q: Vec<f64> = (0..SIDE).map(|i| normal_cdf(edge(i + 1)) - normal_cdf(edge(i))).collect();
    let raw: Vec<f64> = q.iter().flat_map(|a| q.iter().map(move |b| (a * b).sqrt())).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|value| (value / sum) as f32).collect()
}

/// The standard normal distribution, by libtorch's `special_ndtr` in float64.
fn normal_cdf(x: f64) -> f64 {
    tch::Tensor::from(x).special_ndtr().double_value(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_published_values() {
        let kernel = gaussian();
        assert!((kernel[15 * 31 + 15] - 0.005_696_5).abs() < 1e-7, "{}", kernel[15 * 31 + 15]);
        assert!((kernel[0] - 1.9139e-6).abs() < 1e-9, "{}", kernel[0]);
        assert!((kernel.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}
