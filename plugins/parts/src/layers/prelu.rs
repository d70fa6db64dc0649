//! Rectifier with a learned slope.

use crate::{Builder, Start};
use tch::Tensor;
use voxloom_sdk::Weight;

/// Negative values times `slopes`, one of all channels or one a channel; in the type of `x`, which autocast may have narrowed.
pub fn prelu(x: &Tensor, slopes: &Tensor) -> Tensor {
    if slopes.kind() == x.kind() { x.prelu(slopes) } else { x.prelu(&slopes.to_kind(x.kind())) }
}

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
        prelu(x, &self.weight)
    }
}
