//! Parts of ResNet-18 and ResNet-34 (He et al. 2016), with torchvision's names inside a block.

use crate::{BatchNorm, Builder, Conv, ConvConfig, Mode, Start};
use tch::Tensor;

/// 7×7 convolution of stride 2, BatchNorm, ReLU.
#[derive(Debug)]
pub struct Stem {
    conv: Conv,
    norm: BatchNorm,
}

impl Stem {
    /// The two places are apart, since authors name them differently (`conv1` and `bn1`, or `0` and `1`).
    pub fn new(conv: &Builder, norm: &Builder, input: i64, output: i64) -> Self {
        Self { conv: Conv::new(conv, config(input, output, 7, 2, 3)), norm: BatchNorm::new(norm, output) }
    }

    /// # Shapes
    /// - in:  `[N, input, H, W]`
    /// - out: `[N, output, H/2, W/2]`
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        self.norm.forward(&self.conv.forward(x), mode).relu_()
    }
}

/// Max-pooling 3×3 of stride 2; padding never wins.
pub fn max_pool(x: &Tensor) -> Tensor {
    x.max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false)
}

/// Two 3×3 convolutions beside a shortcut.
#[derive(Debug)]
pub struct BasicBlock {
    conv1: Conv,
    bn1: BatchNorm,
    conv2: Conv,
    bn2: BatchNorm,
    /// Where stride or channels change.
    downsample: Option<(Conv, BatchNorm)>,
}

impl BasicBlock {
    pub fn new(build: &Builder, input: i64, output: i64, stride: i64) -> Self {
        let conv1 = Conv::new(&build.at("conv1"), config(input, output, 3, stride, 1));
        let bn1 = BatchNorm::new(&build.at("bn1"), output);
        let conv2 = Conv::new(&build.at("conv2"), config(output, output, 3, 1, 1));
        let bn2 = BatchNorm::new(&build.at("bn2"), output);
        let downsample = (stride != 1 || input != output).then(|| {
            let conv = Conv::new(&build.at("downsample.0"), config(input, output, 1, stride, 0));
            (conv, BatchNorm::new(&build.at("downsample.1"), output))
        });
        Self { conv1, bn1, conv2, bn2, downsample }
    }

    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let inner = self.bn1.forward(&self.conv1.forward(x), mode).relu_();
        let mut out = self.bn2.forward(&self.conv2.forward(&inner), mode);
        match &self.downsample {
            Some((conv, norm)) => out.g_add_(&norm.forward(&conv.forward(x), mode)),
            None => out.g_add_(x),
        }
        .relu_()
    }
}

/// Blocks one after the other; the first one changes channels and stride.
#[derive(Debug)]
pub struct Stage(Vec<BasicBlock>);

impl Stage {
    pub fn new(build: &Builder, input: i64, output: i64, blocks: usize, stride: i64) -> Self {
        let block = |i: usize| match i {
            0 => BasicBlock::new(&build.at(i), input, output, stride),
            _ => BasicBlock::new(&build.at(i), output, output, 1),
        };
        Self((0..blocks).map(block).collect())
    }

    /// # Shapes
    /// - in:  `[N, input, H, W]`
    /// - out: `[N, output, H/stride, W/stride]`
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        self.0.iter().fold(x.shallow_clone(), |x, block| block.forward(&x, mode))
    }
}

fn config(input: i64, output: i64, kernel: i64, stride: i64, padding: i64) -> ConvConfig {
    ConvConfig { input, output, kernel, stride, padding, bias: false, start: Start::KaimingNormalFanOut, ..ConvConfig::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use tch::{Device, Kind};

    #[test]
    fn a_resnet18_has_the_published_names_and_size() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let build = Builder::random(Device::Cpu, &mut rng);
        let stem = Stem::new(&build.at("conv1"), &build.at("bn1"), 3, 64);
        let widths = [64, 64, 128, 256, 512];
        let stages: Vec<Stage> = (1..5)
            .map(|i| Stage::new(&build.at(format!("layer{i}")), widths[i - 1], widths[i], 2, if i == 1 { 1 } else { 2 }))
            .collect();
        let entries = build.finish();
        assert_eq!(entries.numbers(), 11_176_512, "torchvision's 11 689 512 without `fc`");
        assert!(entries.get("layer2.0.downsample.1.running_var").is_some());
        assert!(entries.get("layer1.0.downsample.0.weight").is_none());
        let x = Tensor::ones([1, 3, 64, 64], (Kind::Float, Device::Cpu));
        let out = tch::no_grad(|| {
            let x = max_pool(&stem.forward(&x, Mode::Eval));
            stages.iter().fold(x, |x, stage| stage.forward(&x, Mode::Eval))
        });
        assert_eq!(out.size(), [1, 512, 2, 2]);
    }
}
