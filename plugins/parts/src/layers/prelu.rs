//! Rectifier with a learned slope.

use crate::{Builder, Start};
use tch::Tensor;
use voxloom_sdk::Weight;

/// `PReLU` with one slope for all channels, 0.25 at first.
#[derive(Debug)]
pub struct PRelu {
    weight: Weight,
}

impl PRelu {
    pub fn new(build: &Builder) -> Self {
        Self { weight: build.parameter("weight", &[1], Start::Values(vec![0.25])) }
    }

    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.prelu(&self.weight)
    }
}
