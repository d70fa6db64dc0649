//! What a network is made from.

use tch::Tensor;
use voxloom_sdk::Choice;

/// How the units of the 3D network normalise.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// BatchNorm with running statistics.
    Bn,
    /// GroupNorm, 8 groups at most.
    Gn,
    /// InstanceNorm with scale and shift, without running statistics.
    In,
}

/// What follows the normalisation in the 3D network.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    Relu,
    Elu,
    /// A learned slope a channel.
    Prelu,
}

/// Sizes of a network; the defaults are the paper's.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// 2 or 3 axes.
    pub dims: usize,
    /// Scales all channels.
    pub width: f64,
    /// Length of the vector that is contrasted.
    pub embedding: i64,
    /// 3D only.
    pub norm: Norm,
    /// 3D only.
    pub activation: Activation,
}

impl Default for Config {
    fn default() -> Self {
        Self { dims: 2, width: 1.0, embedding: 128, norm: Norm::Bn, activation: Activation::Relu }
    }
}

/// `channels` at a width: multiples of 4, at least 4; the width 1 leaves them as they are.
pub fn scaled(channels: i64, width: f64) -> i64 {
    ((channels as f64 * width / 4.0).round() as i64).max(1) * 4
}

/// What an encoder gives: the deepest feature, and those that the decoder takes beside it.
#[derive(Debug)]
pub struct Features {
    /// `[N, C, …]`, at the coarsest resolution.
    pub bottleneck: Tensor,
    /// From coarse to fine.
    pub skips: Vec<Tensor>,
}

impl Features {
    /// `alpha · self + (1 - alpha) · other`, feature by feature: an encoder without input of its own.
    pub fn blend(&self, other: &Self, alpha: f64) -> Self {
        let blend = |a: &Tensor, b: &Tensor| a * alpha + b * (1.0 - alpha);
        Self {
            bottleneck: blend(&self.bottleneck, &other.bottleneck),
            skips: self.skips.iter().zip(&other.skips).map(|(a, b)| blend(a, b)).collect(),
        }
    }

    /// With the bottleneck's channels multiplied by `gate`, `[N, C]`.
    pub fn gated(&self, gate: &Tensor) -> Self {
        let mut shape = gate.size();
        shape.resize(self.bottleneck.dim(), 1);
        Self { bottleneck: &self.bottleneck * gate.view(shape.as_slice()), skips: self.shallow().skips }
    }

    /// Every feature changed alike.
    pub fn map(&self, change: impl Fn(&Tensor) -> Tensor) -> Self {
        Self { bottleneck: change(&self.bottleneck), skips: self.skips.iter().map(&change).collect() }
    }

    /// The same tensors.
    pub fn shallow(&self) -> Self {
        self.map(Tensor::shallow_clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn widths_give_multiples_of_four() {
        assert_eq!([(512, 1.0), (64, 0.25), (32, 0.25), (16, 0.25), (16, 0.01)].map(|(n, w)| scaled(n, w)), [512, 16, 8, 4, 4]);
    }

    #[test]
    fn a_gate_touches_the_bottleneck_alone_and_a_blend_touches_all() {
        let value = |v: f64| Tensor::full([2, 3, 1, 1], v, (Kind::Float, Device::Cpu));
        let features = |v: f64| Features { bottleneck: value(v), skips: vec![value(v)] };
        let gate = Tensor::from_slice(&[0f32, 1.0, 2.0, 3.0, 4.0, 5.0]).view([2, 3]);
        let gated = features(2.0).gated(&gate);
        assert_eq!(gated.bottleneck.double_value(&[1, 2, 0, 0]), 10.0);
        assert_eq!(gated.skips[0].double_value(&[1, 2, 0, 0]), 2.0);
        let blend = features(1.0).blend(&features(5.0), 0.75);
        assert_eq!((blend.bottleneck.double_value(&[0, 0, 0, 0]), blend.skips[0].double_value(&[0, 0, 0, 0])), (2.0, 2.0));
    }
}
