//! The squeeze and excitation attention block.

use super::config::{Excitation, Residual, SeabConfig};
use super::prr::Prr;
use tch::Tensor;
use voxloom_parts::{Builder, Conv, ConvConfig, Mode, Start};
use voxloom_precision::softmax;
use voxloom_sdk::Weight;

/// Squeezes a whole slice into a few descriptors, relates them to each other, and lets every position take its own mixture.
///
/// Its cost grows linearly with the number of positions; there is no matrix of positions by positions.
#[derive(Debug)]
pub struct Seab {
    /// Absent where the residual is fixed.
    scale: Option<Weight>,
    fixed: f64,
    conv_a: Conv,
    conv_b: Conv,
    conv_v: Conv,
    prr: Option<Prr>,
    reconstruct: Conv,
    excitation: Excitation,
}

/// Every intermediate result, for tests and for looking at what is attended to.
#[derive(Debug)]
pub struct Seen {
    /// `[B, K, N]`: the share of every position in each descriptor; rows sum to one.
    pub squeeze: Tensor,
    /// `[B, M, K]`.
    pub descriptors: Tensor,
    /// `[B, K, K]`; absent without reasoning.
    pub relation: Option<Tensor>,
    /// `[B, M, K]`: the descriptors after reasoning.
    pub refined: Tensor,
    /// `[B, K, N]`: what every position takes of each descriptor.
    pub excite: Tensor,
    /// `[B, C, H, W]`: what is added, before it is scaled.
    pub update: Tensor,
    /// `[B, C, H, W]`.
    pub output: Tensor,
}

impl Seab {
    pub fn new(build: &Builder, channels: i64, config: &SeabConfig) -> Self {
        let conv = |name: &str, input: i64, output: i64| {
            let config = ConvConfig { input, output, kernel: 1, padding: 0, ..ConvConfig::default() };
            Conv::new(&build.at(name), config)
        };
        let (scale, fixed) = match config.residual {
            Residual::Learnable => (Some(build.parameter("scale", &[1], Start::Zeros)), 0.0),
            Residual::Fixed(value) => (None, value),
        };
        let (m, k) = (config.c_m, config.c_n);
        Self {
            scale,
            fixed,
            conv_a: conv("convA", channels, m),
            conv_b: conv("convB", channels, k),
            conv_v: conv("convV", channels, k),
            prr: config.prr.as_ref().map(|prr| Prr::new(&build.at("Rs_GCN"), m, prr)),
            reconstruct: conv("conv_reconstruct", m, channels),
            excitation: config.excitation,
        }
    }

    /// # Shapes
    /// - in:  `[B, C, H, W]`
    /// - out: the same
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        self.seen(x, mode).output
    }

    /// [`Seab::forward`] with everything on the way.
    pub fn seen(&self, x: &Tensor, mode: Mode) -> Seen {
        let size = x.size();
        let positions = |conv: &Conv| conv.forward(x).flatten(2, 3);
        let squeeze = softmax(&positions(&self.conv_b), 2);
        let descriptors = positions(&self.conv_a).bmm(&squeeze.transpose(1, 2));
        let (refined, relation) = match &self.prr {
            Some(prr) => {
                let (refined, relation) = prr.forward(&descriptors, mode);
                (refined, Some(relation))
            }
            None => (descriptors.shallow_clone(), None),
        };
        let excite = softmax(
            &positions(&self.conv_v),
            match self.excitation {
                Excitation::Descriptors => 1,
                Excitation::Positions => 2,
            },
        );
        // Transposed, so that channels lie beside each other in memory as in `x`.
        let mixture = excite.transpose(1, 2).bmm(&refined.transpose(1, 2));
        let mixture = mixture.view([size[0], size[2], size[3], -1]).permute([0, 3, 1, 2]);
        let update = self.reconstruct.forward(&mixture);
        let output = match &self.scale {
            Some(scale) => x + &update * &**scale,
            None => x + &update * self.fixed,
        };
        Seen { squeeze, descriptors, relation, refined, excite, update, output }
    }

    /// What the update is multiplied by.
    pub fn lambda(&self) -> f64 {
        self.scale.as_ref().map_or(self.fixed, |scale| scale.double_value(&[0]))
    }
}
