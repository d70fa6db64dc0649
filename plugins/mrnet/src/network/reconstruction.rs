//! The reconstruction network: each rater's mask from image and coarse logits (spec 2.3; authors' class `VGG16Net`).

use super::aspp::{Aspp, conv_bn};
use super::coarse::transposed;
use super::config::{NetworkConfig, check_expertness, check_image};
use super::eim::Eim;
use crate::{Fault, Result};
use rand::RngCore;
use tch::{Device, Tensor};
use voxloom_parts::{BatchNorm, Builder, Conv, ConvConfig, ConvTranspose, Entries, Mode, PRelu, Start};

/// Standard deviation of the initial weights of all convolutions.
const STD: f64 = 0.01;

/// The network and its weights.
#[derive(Debug)]
pub struct Reconstruction {
    config: NetworkConfig,
    fuse: Conv,
    blocks: Vec<Vec<Layer>>,
    eim: Eim,
    up1: ConvTranspose,
    aspp: Aspp,
    merge: (Conv, BatchNorm),
    low: (Conv, BatchNorm),
    last: [(Conv, BatchNorm); 2],
    last_act: PRelu,
    heads: Vec<Conv>,
    entries: Entries,
}

/// Convolution, BatchNorm, PReLU.
#[derive(Debug)]
struct Layer(Conv, BatchNorm, PRelu);

/// What the encoder leaves.
#[derive(Debug)]
pub struct Seen {
    /// o1 to o6.
    pub features: [Tensor; 6],
    /// L: a quarter of the size, before pooling.
    pub(super) low: Tensor,
}

/// A convolution of this network at its start: normal weights, no bias or one of 0.
pub(super) fn start(input: i64, output: i64, kernel: i64, padding: i64, bias: bool) -> ConvConfig {
    let (start, bias_start) = (Start::Normal(STD), Some(Start::Zeros));
    ConvConfig { input, output, kernel, padding, bias, start, bias_start, ..ConvConfig::default() }
}

impl Reconstruction {
    /// # Errors
    /// A configuration out of range.
    pub fn new(config: NetworkConfig, device: Device, rng: &mut dyn RngCore) -> Result<Self> {
        Self::build(config, &Builder::random(device, rng))
    }

    /// # Errors
    /// A configuration out of range.
    pub fn build(config: NetworkConfig, build: &Builder) -> Result<Self> {
        config.check()?;
        let [c48, c64, c128, c256, c512] = [48, 64, 128, 256, 512].map(|n| config.channels(n));
        let fuse = Conv::new(&build.at("conv_f"), start(3 + config.structures, 3, 3, 1, true));
        let plan: [&[i64]; 5] = [&[c64; 2], &[c128; 2], &[c256; 3], &[c512; 3], &[c512; 3]];
        let mut input = 3;
        let mut blocks = Vec::new();
        for (a, widths) in plan.iter().enumerate() {
            let mut layers = Vec::new();
            for (b, &output) in widths.iter().enumerate() {
                let name = |part: &str| build.at(format!("{part}{}_{}", a + 1, b + 1));
                let conv = Conv::new(&name("conv"), start(input, output, 3, 1, true));
                layers.push(Layer(conv, BatchNorm::new(&name("bn"), output), PRelu::new(&name("relu"))));
                input = output;
            }
            blocks.push(layers);
        }
        let eim = Eim::new(build, "conv_c", config.raters, c512, Start::Normal(STD), Some(Start::Zeros));
        let up1 = ConvTranspose::new(&build.at("up1"), ConvConfig { start: bilinear(c512), ..transposed(c512, c512, 2) });
        let aspp = Aspp::new(build, c512, c256);
        let merge = conv_bn(&build.at("conv1"), &build.at("bn1"), start(5 * c256, c256, 1, 0, false));
        let low = conv_bn(&build.at("conv2"), &build.at("bn2"), start(c256, c48, 1, 0, false));
        let part = |i: usize| build.at("last_conv").at(i);
        let first = conv_bn(&part(0), &part(1), start(c256 + c48, c256, 3, 1, false));
        let second = conv_bn(&part(3), &part(4), start(c256, c256, 3, 1, false));
        let last_act = PRelu::new(&part(5));
        let head = |r: i64| Conv::new(&build.at(format!("pred{r}")), start(c256, config.structures, 1, 0, true));
        let heads = (1..=config.raters).map(head).collect();
        let last = [first, second];
        Ok(Self { config, fuse, blocks, eim, up1, aspp, merge, low, last, last_act, heads, entries: build.finish() })
    }

    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    pub fn config(&self) -> NetworkConfig {
        self.config
    }

    /// The encoder alone: what the consistency of two masks is measured on.
    ///
    /// # Shapes
    /// - in:  image `[N, 3, H%32, W%32]`, maps `[N, C, H, W]` (the paper: coarse logits)
    ///
    /// # Errors
    /// Another shape.
    pub fn encode(&self, image: &Tensor, maps: &Tensor, mode: Mode) -> Result<Seen> {
        check_image("image", &image.size(), 3)?;
        let (expected, found) = ([image.size()[0], self.config.structures, image.size()[2], image.size()[3]], maps.size());
        if found != expected {
            return Err(Fault::Shape { what: "logits", text: format!("got {found:?}, expected {expected:?}") });
        }
        let o1 = self.fuse.forward(&Tensor::cat(&[image, maps], 1));
        let mut x = o1.shallow_clone();
        let mut features = vec![o1];
        let mut low = None;
        for (i, block) in self.blocks.iter().enumerate() {
            for Layer(conv, norm, act) in block {
                x = act.forward(&norm.forward(&conv.forward(&x), mode));
            }
            if i == 2 {
                low = Some(x.shallow_clone());
            }
            if i < 4 {
                x = x.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], true);
            }
            features.push(x.shallow_clone());
        }
        match (features.try_into(), low) {
            (Ok(features), Some(low)) => Ok(Seen { features, low }),
            _ => unreachable!("one feature before the blocks and one for each of five"),
        }
    }

    /// Every rater's mask.
    ///
    /// # Shapes
    /// - in:  as [`Reconstruction::encode`], and expertness `[N, R]`
    /// - out: `[N, R, C, H, W]`, logits
    ///
    /// # Errors
    /// Another shape.
    pub fn forward(&self, image: &Tensor, maps: &Tensor, expertness: &Tensor, mode: Mode) -> Result<Tensor> {
        let x = self.decode(image, maps, expertness, mode)?;
        // Rationale: heads and enlargement are linear and commute, and C maps are far fewer than the features (spec 2.3).
        let heads = Tensor::cat(&self.heads(&x), 1);
        Ok(self.by_rater(&enlarge(&heads, &image.size()), &image.size()))
    }

    /// As [`Reconstruction::forward`], with the heads after the enlargement, as the authors wrote it: slower, for comparisons.
    ///
    /// # Errors
    /// Another shape.
    pub fn forward_literally(&self, image: &Tensor, maps: &Tensor, expertness: &Tensor, mode: Mode) -> Result<Tensor> {
        let x = self.decode(image, maps, expertness, mode)?;
        let heads = Tensor::cat(&self.heads(&enlarge(&x, &image.size())), 1);
        Ok(self.by_rater(&heads, &image.size()))
    }

    /// All before the heads, at a quarter of the size.
    fn decode(&self, image: &Tensor, maps: &Tensor, expertness: &Tensor, mode: Mode) -> Result<Tensor> {
        check_expertness(&expertness.size(), image.size()[0], self.config.raters)?;
        let seen = self.encode(image, maps, mode)?;
        let h = self.up1.forward(&self.eim.forward(&seen.features[5], expertness));
        let merged = then(&self.merge, &self.aspp.forward(&h, mode), mode).relu_();
        let quarter = [&[0, 0], &seen.low.size()[2..]].concat();
        let low = then(&self.low, &seen.low, mode).relu_();
        let x = then(&self.last[0], &Tensor::cat(&[enlarge(&merged, &quarter), low], 1), mode).relu_();
        Ok(self.last_act.forward(&then(&self.last[1], &x, mode)))
    }

    fn heads(&self, x: &Tensor) -> Vec<Tensor> {
        self.heads.iter().map(|head| head.forward(x)).collect()
    }

    fn by_rater(&self, maps: &Tensor, size: &[i64]) -> Tensor {
        maps.view([size[0], self.config.raters, self.config.structures, size[2], size[3]])
    }
}

/// To the last two of these sizes.
fn enlarge(x: &Tensor, size: &[i64]) -> Tensor {
    x.upsample_bilinear2d([size[2], size[3]], true, None, None)
}

pub(super) fn then((conv, norm): &(Conv, BatchNorm), x: &Tensor, mode: Mode) -> Tensor {
    norm.forward(&conv.forward(x), mode)
}

/// A transposed convolution that enlarges each channel by itself: 0.25 on every tap.
fn bilinear(channels: i64) -> Start {
    let n = channels as usize;
    let mut values = vec![0.0; n * n * 4];
    for i in 0..n {
        values[(i * n + i) * 4..][..4].fill(0.25);
    }
    Start::Values(values)
}
