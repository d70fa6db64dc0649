//! Batch normalisation: statistics of the batch while training, kept ones otherwise.

use crate::{Builder, Start};
use tch::Tensor;
use voxloom_sdk::Weight;

const EPSILON: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

/// Whether a network learns or is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch statistics; running ones are updated, so an entry that uses this writes its module.
    Train,
    /// As [`Mode::Train`], with running statistics and count as after so many passes of this same batch.
    ///
    /// Rationale: where a network runs several times on one batch with other conditions, what does not see the condition
    /// runs once. n updates `r ← 0.9 r + 0.1 m` with one m are one update of momentum `1 - 0.9ⁿ`.
    Repeated(u32),
    /// Running statistics; nothing changes.
    Eval,
}

/// `BatchNorm1d`, `2d` and `3d`: eps 1e-5, momentum 0.1, affine, running statistics.
#[derive(Debug)]
pub struct BatchNorm {
    weight: Weight,
    bias: Weight,
    running_mean: Weight,
    running_var: Weight,
    num_batches_tracked: Weight,
}

impl BatchNorm {
    pub fn new(build: &Builder, channels: i64) -> Self {
        Self::starting(build, channels, Start::Ones)
    }

    /// With another initial weight; some authors begin at 0.
    pub fn starting(build: &Builder, channels: i64, weight: Start) -> Self {
        Self {
            weight: build.parameter("weight", &[channels], weight),
            bias: build.parameter("bias", &[channels], Start::Zeros),
            running_mean: build.buffer("running_mean", &[channels], Start::Zeros),
            running_var: build.buffer("running_var", &[channels], Start::Ones),
            num_batches_tracked: build.counter("num_batches_tracked"),
        }
    }

    /// # Shapes
    /// - in:  `[N, C, …]`; more than one value a channel while training
    /// - out: the same
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let passes = match mode {
            Mode::Train => 1,
            Mode::Repeated(passes) => passes,
            Mode::Eval => 0,
        };
        let train = passes > 0;
        if train {
            tch::no_grad(|| _ = self.num_batches_tracked.shallow_clone().g_add_scalar_(i64::from(passes)));
        }
        let momentum = if passes == 1 { MOMENTUM } else { 1.0 - (1.0 - MOMENTUM).powf(f64::from(passes)) };
        let (mean, variance) = (Some(&*self.running_mean), Some(&*self.running_var));
        x.batch_norm(Some(&*self.weight), Some(&*self.bias), mean, variance, train, momentum, EPSILON, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn plain(name: &str, shape: &[i64]) -> Tensor {
        let options = (Kind::Float, Device::Cpu);
        if name.ends_with("weight") || name.ends_with("var") {
            Tensor::ones(shape, options)
        } else {
            Tensor::zeros(shape, options)
        }
    }

    #[test]
    fn repeated_leaves_what_passes_of_one_batch_leave() {
        let x = Tensor::from_slice(&[1f32, 3.0, 8.0, -2.0]).view([4, 1]);
        let after = |run: &dyn Fn(&BatchNorm)| {
            let build = Builder::given(plain);
            run(&BatchNorm::new(&build, 1));
            let entries = build.finish();
            ["running_mean", "running_var", "num_batches_tracked"].map(|name| entries.get(name).unwrap().double_value(&[]))
        };
        let three = after(&|norm| (0..3).for_each(|_| drop(norm.forward(&x, Mode::Train))));
        let once = after(&|norm| drop(norm.forward(&x, Mode::Repeated(3))));
        assert!(three.iter().zip(once).all(|(a, b)| (a - b).abs() < 1e-6), "{three:?}, {once:?}");
    }

    #[test]
    fn training_counts_and_moves_the_statistics_and_use_does_not() {
        let build = Builder::given(|name, shape| {
            let options = (Kind::Float, Device::Cpu);
            if name.ends_with("weight") || name.ends_with("var") {
                Tensor::ones(shape, options)
            } else {
                Tensor::zeros(shape, options)
            }
        });
        let norm = BatchNorm::new(&build, 1);
        let x = Tensor::from_slice(&[1f32, 3.0]).view([2, 1]);
        let used = norm.forward(&x, Mode::Eval);
        assert!((used.double_value(&[1, 0]) - 3.0 / (1.0f64 + 1e-5).sqrt()).abs() < 1e-6);
        let trained = norm.forward(&x, Mode::Train);
        assert!((trained.double_value(&[1, 0]) - 1.0).abs() < 1e-4);
        let entries = build.finish();
        let value = |name: &str| entries.get(name).unwrap().double_value(&[]);
        assert_eq!(value("num_batches_tracked"), 1.0);
        assert!((value("running_mean") - 0.2).abs() < 1e-6, "0.9 · 0 + 0.1 · 2");
        assert!((value("running_var") - 1.1).abs() < 1e-6, "0.9 · 1 + 0.1 · 2, unbiased");
    }
}
