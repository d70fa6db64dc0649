//! The 2D network: a ResNet-18 encoder, and a U-Net decoder as in segmentation_models_pytorch.

use super::config::{Features, scaled};
use tch::Tensor;
use voxloom_parts::resnet::{Stage, Stem, max_pool};
use voxloom_parts::{BatchNorm, Builder, Conv, ConvConfig, Mode, Start};

/// Heights and widths must be multiples of this: the encoder halves five times.
pub const DIVISOR: i64 = 32;

/// Channels of f1 to f5 at width 1.
const ENCODER: [i64; 5] = [64, 64, 128, 256, 512];
/// Channels that the decoder's blocks give at width 1.
const DECODER: [i64; 5] = [256, 128, 64, 32, 16];

/// ResNet-18 without classifier.
#[derive(Debug)]
pub struct Encoder {
    stem: Stem,
    stages: Vec<Stage>,
}

impl Encoder {
    /// At the place of `conv1`, `layer1`, …: `model.encoder` in PCRL's checkpoints.
    pub fn new(build: &Builder, input: i64, width: f64) -> Self {
        let channels = Self::channels(width);
        let stem = Stem::new(&build.at("conv1"), &build.at("bn1"), input, channels[0]);
        let stage = |i: usize| {
            let stride = if i == 1 { 1 } else { 2 };
            Stage::new(&build.at(format!("layer{i}")), channels[i - 1], channels[i], 2, stride)
        };
        Self { stem, stages: (1..=4).map(stage).collect() }
    }

    /// Channels of f1 to f5.
    pub fn channels(width: f64) -> [i64; 5] {
        ENCODER.map(|channels| scaled(channels, width))
    }

    /// # Shapes
    /// - in:  `[N, input, H%32, W%32]`
    /// - out: f5 at 1/32, and f4 to f1 at 1/16 to 1/2
    pub fn forward(&self, image: &Tensor, mode: Mode) -> Features {
        let mut features = vec![self.stem.forward(image, mode)];
        let mut x = max_pool(&features[0]);
        for stage in &self.stages {
            x = stage.forward(&x, mode);
            features.push(x.shallow_clone());
        }
        let skips = features[..4].iter().rev().map(Tensor::shallow_clone).collect();
        Features { bottleneck: x, skips }
    }
}

/// Five blocks, each doubling height and width.
#[derive(Debug)]
pub struct Decoder(Vec<Block>);

impl Decoder {
    /// At the place of `blocks.0`, …: `model.decoder` in PCRL's checkpoints.
    pub fn new(build: &Builder, width: f64) -> Self {
        let encoder = Encoder::channels(width);
        let outputs = DECODER.map(|channels| scaled(channels, width));
        let block = |i: usize| {
            let input = if i == 0 { encoder[4] } else { outputs[i - 1] };
            let skip = if i < 4 { encoder[3 - i] } else { 0 };
            Block::new(&build.at("blocks").at(i), input + skip, outputs[i])
        };
        Self((0..5).map(block).collect())
    }

    /// Channels that it gives.
    pub fn channels(width: f64) -> i64 {
        scaled(DECODER[4], width)
    }

    /// # Shapes
    /// - out: `[N, channels, H, W]` at the image's resolution
    pub fn forward(&self, features: &Features, mode: Mode) -> Tensor {
        let first = features.bottleneck.shallow_clone();
        self.0.iter().enumerate().fold(first, |x, (i, block)| block.forward(&x, features.skips.get(i), mode))
    }
}

/// Nearest enlargement, the skip beside it, two convolutions.
#[derive(Debug)]
struct Block {
    units: [(Conv, BatchNorm); 2],
}

impl Block {
    fn new(build: &Builder, input: i64, output: i64) -> Self {
        let unit = |name: &str, input: i64| {
            let start = Start::KaimingUniformFanIn;
            let conv = ConvConfig { input, output, bias: false, start, ..ConvConfig::default() };
            (Conv::new(&build.at(name).at(0), conv), BatchNorm::new(&build.at(name).at(1), output))
        };
        Self { units: [unit("conv1", input), unit("conv2", output)] }
    }

    fn forward(&self, x: &Tensor, skip: Option<&Tensor>, mode: Mode) -> Tensor {
        let (height, width) = (x.size()[2], x.size()[3]);
        let mut x = x.upsample_nearest2d([2 * height, 2 * width], None, None);
        if let Some(skip) = skip {
            x = Tensor::cat(&[&x, skip], 1);
        }
        self.units.iter().fold(x, |x, (conv, norm)| norm.forward(&conv.forward(&x), mode).relu_())
    }
}

/// The layer that makes an image of the decoder's output: 3×3 with bias, Xavier uniform, bias 0.
pub fn output_layer(build: &Builder, input: i64, output: i64) -> Conv {
    let start = Start::XavierUniform;
    Conv::new(build, ConvConfig { input, output, start, bias_start: Some(Start::Zeros), ..ConvConfig::default() })
}
