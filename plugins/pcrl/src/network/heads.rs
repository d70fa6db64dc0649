//! What both networks have beside encoder and decoder: the vector that is contrasted, and the gate.

use tch::{Kind, Tensor};
use voxloom_parts::{Builder, Linear};

/// Global average of the bottleneck, then two linear layers.
#[derive(Debug)]
pub struct Embedding {
    fc1: Linear,
    fc2: Linear,
}

impl Embedding {
    pub fn new(build: &Builder, channels: i64, length: i64) -> Self {
        Self { fc1: Linear::new(&build.at("fc1"), channels, length), fc2: Linear::new(&build.at("fc2"), length, length) }
    }

    /// # Shapes
    /// - in:  `[N, C, …]`, the bottleneck without a gate
    /// - out: `[N, length]`, not normalised
    pub fn forward(&self, bottleneck: &Tensor) -> Tensor {
        self.fc2.forward(&self.fc1.forward(&pooled(bottleneck)).relu())
    }
}

/// Mean over all axes behind the channels: `[N, C]`.
pub fn pooled(x: &Tensor) -> Tensor {
    let axes: Vec<i64> = (2..x.dim() as i64).collect();
    x.mean_dim(axes.as_slice(), false, None::<Kind>)
}

/// One factor a bottleneck channel, from the vector that says which flips and turns made the target.
#[derive(Debug)]
pub struct Gate {
    aug_fc1: Linear,
    aug_fc2: Linear,
}

impl Gate {
    /// `indicator` numbers in: 6 in 2D, 7 in 3D.
    pub fn new(build: &Builder, indicator: i64, channels: i64) -> Self {
        let hidden = channels / 2;
        Self {
            aug_fc1: Linear::new(&build.at("aug_fc1"), indicator, hidden),
            aug_fc2: Linear::new(&build.at("aug_fc2"), hidden, channels),
        }
    }

    /// # Shapes
    /// - in:  `[N, indicator]`
    /// - out: `[N, C]`, each between 0 and 1
    pub fn forward(&self, indicator: &Tensor) -> Tensor {
        self.aug_fc2.forward(&self.aug_fc1.forward(indicator).relu()).sigmoid()
    }
}
