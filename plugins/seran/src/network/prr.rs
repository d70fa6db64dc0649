//! Primitive relation reasoning: one graph convolution over the descriptors.

use super::config::{Affinity, PrrConfig};
use tch::Tensor;
use voxloom_parts::{BatchNorm, Builder, Conv, ConvConfig, Mode, Start};
use voxloom_precision::softmax;

/// Relates the descriptors to each other. At first it changes nothing: its last layer starts at 0.
#[derive(Debug)]
pub struct Prr {
    g: Conv,
    w: Conv,
    norm: Option<BatchNorm>,
    theta: Conv,
    phi: Conv,
    affinity: Affinity,
}

impl Prr {
    /// Names and their order are those of the published graph convolution (`Rs_GCN`).
    pub fn new(build: &Builder, width: i64, config: &PrrConfig) -> Self {
        let g = plain(&build.at("g"), width, config.inter);
        let (w, norm) = match config.norm {
            // The normalisation holds the zeros; the convolution then starts as any other.
            true => {
                let conv = plain(&build.at("W.0"), config.inter, width);
                (conv, Some(BatchNorm::starting(&build.at("W.1"), width, Start::Zeros)))
            }
            false => {
                let zeros = ConvConfig { start: Start::Zeros, bias_start: Some(Start::Zeros), ..point(config.inter, width) };
                (Conv::new(&build.at("W"), zeros), None)
            }
        };
        let (theta, phi) = (plain(&build.at("theta"), width, config.inter), plain(&build.at("phi"), width, config.inter));
        Self { g, w, norm, theta, phi, affinity: config.affinity }
    }

    /// The descriptors after one exchange, and their relations.
    ///
    /// # Shapes
    /// - in:  `[B, M, K]`, K descriptors of width M
    /// - out: the same, and `[B, K, K]`
    pub fn forward(&self, v: &Tensor, mode: Mode) -> (Tensor, Tensor) {
        let relation = self.theta.forward(v).transpose(1, 2).bmm(&self.phi.forward(v));
        let relation = match self.affinity {
            Affinity::Count => relation / v.size()[2] as f64,
            Affinity::SoftmaxRow => softmax(&relation, -1),
        };
        let mixed = self.w.forward(&self.g.forward(v).bmm(&relation.transpose(1, 2)));
        let mixed = self.norm.as_ref().map_or_else(|| mixed.shallow_clone(), |norm| norm.forward(&mixed, mode));
        (mixed + v, relation)
    }
}

/// A linear map of every descriptor.
fn point(input: i64, output: i64) -> ConvConfig {
    ConvConfig { input, output, kernel: 1, padding: 0, dims: 1, ..ConvConfig::default() }
}

fn plain(build: &Builder, input: i64, output: i64) -> Conv {
    Conv::new(build, point(input, output))
}
