//! Fully connected layer.

use crate::{Builder, Start};
use tch::Tensor;
use voxloom_sdk::Weight;

/// `Linear`, with bias.
#[derive(Debug)]
pub struct Linear {
    weight: Weight,
    bias: Weight,
}

impl Linear {
    pub fn new(build: &Builder, inputs: i64, outputs: i64) -> Self {
        let bound = 1.0 / (inputs as f64).sqrt();
        Self {
            weight: build.parameter("weight", &[outputs, inputs], Start::FanIn),
            bias: build.parameter("bias", &[outputs], Start::Uniform(bound)),
        }
    }

    /// # Shapes
    /// - in:  `[…, inputs]`
    /// - out: `[…, outputs]`
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, Some(&*self.bias))
    }
}
