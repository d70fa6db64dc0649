//! Initial values, by the names that PyTorch gives them.

use rand::{Rng, RngCore};
use rand_distr::StandardNormal;
use tch::Tensor;

/// How a parameter or buffer starts.
///
/// Fan-in is the product of all dimensions but the first, fan-out that of all but the second.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    Ones,
    Zeros,
    /// Uniform in ±1/√fan_in: PyTorch's default for convolutions and linear layers.
    FanIn,
    /// Uniform in ±bound.
    Uniform(f64),
    /// Normal around 0 with this standard deviation.
    Normal(f64),
    /// `kaiming_normal_(mode = "fan_out", nonlinearity = "relu")`: standard deviation √(2/fan_out).
    KaimingNormalFanOut,
    /// `kaiming_uniform_(mode = "fan_in", nonlinearity = "relu")`: ±√(6/fan_in).
    KaimingUniformFanIn,
    /// `xavier_uniform_`: ±√(6/(fan_in + fan_out)).
    XavierUniform,
    /// These, row-major.
    Values(Vec<f32>),
}

impl Start {
    /// A float32 tensor on the CPU; randomness comes from `rng` alone.
    ///
    /// # Panics
    /// [`Start::Values`] of another number than the shape's.
    pub fn tensor(&self, shape: &[i64], rng: &mut dyn RngCore) -> Tensor {
        let count = shape.iter().product::<i64>() as usize;
        let fan_in = shape.iter().skip(1).product::<i64>() as f64;
        let fan_out = shape.iter().enumerate().filter(|(axis, _)| *axis != 1).map(|(_, n)| n).product::<i64>() as f64;
        let values = match self {
            Self::Ones => vec![1.0; count],
            Self::Zeros => vec![0.0; count],
            Self::FanIn => uniform(1.0 / fan_in.sqrt(), count, rng),
            Self::Uniform(bound) => uniform(*bound, count, rng),
            Self::Normal(std) => normal(*std, count, rng),
            Self::KaimingNormalFanOut => normal((2.0 / fan_out).sqrt(), count, rng),
            Self::KaimingUniformFanIn => uniform((6.0 / fan_in).sqrt(), count, rng),
            Self::XavierUniform => uniform((6.0 / (fan_in + fan_out)).sqrt(), count, rng),
            Self::Values(values) => {
                assert_eq!(values.len(), count, "values of the shape {shape:?}");
                values.clone()
            }
        };
        Tensor::from_slice(&values).view(shape)
    }
}

fn uniform(bound: f64, count: usize, rng: &mut dyn RngCore) -> Vec<f32> {
    let bound = bound as f32;
    (0..count).map(|_| rng.random_range(-bound..=bound)).collect()
}

fn normal(std: f64, count: usize, rng: &mut dyn RngCore) -> Vec<f32> {
    (0..count).map(|_| std as f32 * rng.sample::<f32, _>(StandardNormal)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use tch::Kind;

    fn spread(start: &Start, shape: &[i64]) -> (f64, f64) {
        let tensor = start.tensor(shape, &mut ChaCha8Rng::seed_from_u64(7));
        (tensor.std(false).double_value(&[]), tensor.abs().max().double_value(&[]))
    }

    #[test]
    fn spreads_are_those_of_pytorch() {
        let shape = [64, 32, 3, 3];
        let near = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 0.02, "{found}, expected {wanted}");
        near(spread(&Start::KaimingNormalFanOut, &shape).0, (2.0 / (64.0 * 9.0f64)).sqrt());
        near(spread(&Start::Normal(0.01), &shape).0, 0.01);
        near(spread(&Start::FanIn, &shape).1, 1.0 / (32.0 * 9.0f64).sqrt());
        near(spread(&Start::KaimingUniformFanIn, &shape).1, (6.0 / (32.0 * 9.0f64)).sqrt());
        near(spread(&Start::XavierUniform, &shape).1, (6.0 / (96.0 * 9.0f64)).sqrt());
    }

    #[test]
    fn given_values_keep_their_order() {
        let tensor = Start::Values(vec![1.0, 2.0, 3.0, 4.0]).tensor(&[2, 2], &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!(tensor.kind(), Kind::Float);
        assert_eq!(tensor.double_value(&[1, 0]), 3.0);
    }
}
