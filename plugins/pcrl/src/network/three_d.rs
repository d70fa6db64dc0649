//! The 3D network: a U-Net of three halvings.

use super::config::{Activation, Config, Features, Norm, scaled};
use super::unit::Unit;
use tch::Tensor;
use voxloom_parts::{Builder, Conv, ConvConfig, ConvTranspose, Mode};

/// Each axis must be a multiple of this.
pub const DIVISOR: i64 = 8;

/// What a U-Net takes and gives; channels of image and result, and the rest as in [`Config`].
#[derive(Clone, Copy, Debug)]
pub struct UNetConfig {
    pub input: i64,
    pub output: i64,
    pub width: f64,
    pub norm: Norm,
    pub activation: Activation,
}

impl Default for UNetConfig {
    fn default() -> Self {
        let Config { width, norm, activation, .. } = Config::default();
        Self { input: 1, output: 1, width, norm, activation }
    }
}

/// Names of the levels and channels of their second unit, at width 1.
const LEVELS: [(&str, i64); 4] = [("64", 64), ("128", 128), ("256", 256), ("512", 512)];

/// Encoder, decoder and output layer under the authors' names.
#[derive(Debug)]
pub struct UNet {
    down: Vec<[Unit; 2]>,
    up: Vec<(ConvTranspose, [Unit; 2])>,
    output: Conv,
}

impl UNet {
    /// `between` declares what the checkpoint has after the encoder: PCRL's embedding.
    pub fn with(build: &Builder, config: &UNetConfig, between: impl FnOnce(&Builder)) -> Self {
        let channels = LEVELS.map(|(_, channels)| scaled(channels, config.width));
        let pair = |place: &Builder, [input, inner, output]: [i64; 3]| {
            let ops = place.at("ops");
            [Unit::new(&ops.at(0), input, inner, config), Unit::new(&ops.at(1), inner, output, config)]
        };
        let down = LEVELS.iter().enumerate().map(|(i, (name, base))| {
            let input = if i == 0 { config.input } else { channels[i - 1] };
            pair(&build.at(format!("down_tr{name}")), [input, scaled(base / 2, config.width), channels[i]])
        });
        let down = down.collect();
        between(build);
        let up = (0..3).rev().map(|i| {
            let (place, below) = (build.at(format!("up_tr{}", LEVELS[i].0)), channels[i + 1]);
            let enlarge =
                ConvConfig { input: below, output: below, kernel: 2, stride: 2, padding: 0, dims: 3, ..ConvConfig::default() };
            let enlarge = ConvTranspose::new(&place.at("up_conv"), enlarge);
            (enlarge, pair(&place, [below + channels[i], channels[i], channels[i]]))
        });
        let up = up.collect();
        let last =
            ConvConfig { input: channels[0], output: config.output, kernel: 1, padding: 0, dims: 3, ..ConvConfig::default() };
        Self { down, up, output: Conv::new(&build.at("out_tr.final_conv"), last) }
    }

    pub fn new(build: &Builder, config: &UNetConfig) -> Self {
        Self::with(build, config, |_| {})
    }

    /// Channels of the bottleneck.
    pub fn channels(width: f64) -> i64 {
        scaled(LEVELS[3].1, width)
    }

    /// # Shapes
    /// - in:  `[N, input, X%8, Y%8, Z%8]`
    /// - out: the bottleneck at 1/8, and s256, s128, s64 at 1/4, 1/2, 1
    pub fn encode(&self, image: &Tensor, mode: Mode) -> Features {
        let mut features: Vec<Tensor> = Vec::new();
        for units in &self.down {
            let halved = features.last().map(|x| x.max_pool3d([2, 2, 2], [2, 2, 2], [0, 0, 0], [1, 1, 1], false));
            let x = units[0].forward(halved.as_ref().unwrap_or(image), mode);
            features.push(units[1].forward(&x, mode));
        }
        let skips = features[..3].iter().rev().map(Tensor::shallow_clone).collect();
        Features { bottleneck: features.swap_remove(3), skips }
    }

    /// # Shapes
    /// - out: `[N, output, X, Y, Z]` before the sigmoid
    pub fn decode(&self, features: &Features, mode: Mode) -> Tensor {
        let mut x = features.bottleneck.shallow_clone();
        for ((enlarge, units), skip) in self.up.iter().zip(&features.skips) {
            x = Tensor::cat(&[&enlarge.forward(&x), skip], 1);
            x = units.iter().fold(x, |x, unit| unit.forward(&x, mode));
        }
        self.output.forward(&x)
    }

    /// An ordinary U-Net: `[N, output, X, Y, Z]` after the sigmoid.
    pub fn forward(&self, image: &Tensor, mode: Mode) -> Tensor {
        self.decode(&self.encode(image, mode), mode).sigmoid()
    }
}
