//! The backbone's parts: blocks, groups of blocks, the tail that enlarges.

use super::config::{NetworkConfig, Placement};
use super::seab::Seab;
use tch::Tensor;
use voxloom_parts::{Builder, Conv, ConvConfig, Mode};

/// 3×3, stride 1, zeros around.
pub fn conv3(build: &Builder, input: i64, output: i64) -> Conv {
    Conv::new(build, ConvConfig { input, output, ..ConvConfig::default() })
}

/// Weighs channels by what two layers make of their means.
#[derive(Debug)]
struct ChannelAttention {
    down: Conv,
    up: Conv,
}

impl ChannelAttention {
    fn new(build: &Builder, channels: i64, reduction: i64) -> Self {
        let conv = |name: &str, input: i64, output: i64| {
            Conv::new(&build.at(name), ConvConfig { input, output, kernel: 1, padding: 0, ..ConvConfig::default() })
        };
        let inner = channels / reduction;
        Self { down: conv("conv_du.0", channels, inner), up: conv("conv_du.2", inner, channels) }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let mean = x.mean_dim([2i64, 3].as_slice(), true, None::<tch::Kind>);
        x * self.up.forward(&self.down.forward(&mean).relu_()).sigmoid_()
    }
}

/// Two convolutions beside a skip, with channel attention and a SEAB where wanted.
#[derive(Debug)]
pub struct Block {
    first: Conv,
    second: Conv,
    attention: Option<ChannelAttention>,
    pub(super) seab: Option<Seab>,
    res_scale: f64,
}

impl Block {
    pub fn new(build: &Builder, config: &NetworkConfig) -> Self {
        let c = config.n_feats;
        let inner = build.at("body");
        Self {
            first: conv3(&inner.at(0), c, c),
            second: conv3(&inner.at(2), c, c),
            attention: config.ca_reduction.map(|reduction| ChannelAttention::new(&inner.at(3), c, reduction)),
            seab: (config.placement == Placement::Block).then(|| Seab::new(&build.at("seab"), c, &config.seab)),
            res_scale: config.block_res_scale,
        }
    }

    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let mut r = self.second.forward(&self.first.forward(x).relu_());
        if let Some(attention) = &self.attention {
            r = attention.forward(&r);
        }
        if let Some(seab) = &self.seab {
            r = seab.forward(&r, mode);
        }
        if self.res_scale == 1.0 { r + x } else { x + r * self.res_scale }
    }
}

/// Blocks, a SEAB where wanted, a convolution, beside a skip.
#[derive(Debug)]
pub struct Group {
    pub(super) blocks: Vec<Block>,
    pub(super) seab: Option<Seab>,
    tail: Conv,
}

impl Group {
    pub fn new(build: &Builder, config: &NetworkConfig) -> Self {
        let inner = build.at("body");
        let blocks = (0..config.n_resblocks).map(|block| Block::new(&inner.at(block), config)).collect();
        // Declared before the SEAB, as in checkpoints; it comes after it.
        let tail = conv3(&inner.at(config.n_resblocks), config.n_feats, config.n_feats);
        let placed = config.placement == Placement::Group;
        Self { blocks, seab: placed.then(|| Seab::new(&build.at("seab"), config.n_feats, &config.seab)), tail }
    }

    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let mut r = self.blocks.iter().fold(x.shallow_clone(), |r, block| block.forward(&r, mode));
        if let Some(seab) = &self.seab {
            r = seab.forward(&r, mode);
        }
        self.tail.forward(&r) + x
    }
}

/// Enlarges by pixel shuffles, and makes an image of the features.
#[derive(Debug)]
pub struct Tail {
    steps: Vec<(Conv, i64)>,
    last: Conv,
}

impl Tail {
    pub fn new(build: &Builder, config: &NetworkConfig) -> Self {
        let c = config.n_feats;
        let factors = if config.scale == 3 { vec![3] } else { vec![2; config.scale.ilog2() as usize] };
        // Between two convolutions stands a shuffle, which has no weights but a number.
        let step = |(i, r): (usize, i64)| (conv3(&build.at("0").at(2 * i), c, r * r * c), r);
        let steps = factors.into_iter().enumerate().map(step).collect();
        Self { steps, last: conv3(&build.at(1), c, config.n_colors) }
    }

    pub fn forward(&self, features: &Tensor) -> Tensor {
        let enlarged =
            self.steps.iter().fold(features.shallow_clone(), |x, (conv, factor)| conv.forward(&x).pixel_shuffle(*factor));
        self.last.forward(&enlarged)
    }
}
