//! The coarse network: a U-Net over ResNet-34 that knows the raters' weights (spec 2.2; authors' class `UNet`).

use super::config::{NetworkConfig, check_expertness, check_image};
use super::eim::Eim;
use crate::Result;
use rand::RngCore;
use tch::{Device, Tensor};
use voxloom_parts::resnet::{Stage, Stem, max_pool};
use voxloom_parts::{BatchNorm, Builder, Conv, ConvConfig, ConvTranspose, Entries, Mode, Start};

/// Logits and the features that the refinement takes.
#[derive(Debug)]
pub struct CoarseOutput {
    /// `[N, C, H, W]`.
    pub logits: Tensor,
    /// F, `[N, 256·width, H/2, W/2]`.
    pub features: Tensor,
}

/// The network and its weights.
#[derive(Debug)]
pub struct Coarse {
    config: NetworkConfig,
    stem: Stem,
    stages: [Stage; 4],
    eim: Eim,
    ups: [Up; 4],
    up5: ConvTranspose,
    entries: Entries,
}

/// What the encoder leaves: independent of the raters' weights.
#[derive(Debug)]
pub struct Encoded {
    skips: [Tensor; 4],
    bottleneck: Tensor,
}

impl Coarse {
    /// # Errors
    /// A configuration out of range.
    pub fn new(config: NetworkConfig, device: Device, rng: &mut dyn RngCore) -> Result<Self> {
        Self::build(config, &Builder::random(device, rng))
    }

    /// # Errors
    /// A configuration out of range.
    pub fn build(config: NetworkConfig, build: &Builder) -> Result<Self> {
        config.check()?;
        let [c64, c128, c256, c512] = [64, 128, 256, 512].map(|n| config.channels(n));
        let wide = config.feature_channels();
        let rn = |i: usize| build.at("rn").at(i);
        let stem = Stem::new(&rn(0), &rn(1), 3, c64);
        let stages = [
            Stage::new(&rn(4), c64, c64, 3, 1),
            Stage::new(&rn(5), c64, c128, 4, 2),
            Stage::new(&rn(6), c128, c256, 6, 2),
            Stage::new(&rn(7), c256, c512, 3, 2),
        ];
        let eim = Eim::new(build, "conv", config.raters, c512, Start::FanIn, None);
        let up = |i: usize, input, skip| Up::new(&build.at(format!("up{i}")), input, skip, c128);
        let ups = [up(1, c512, c256), up(2, wide, c128), up(3, wide, c64), up(4, wide, c64)];
        let up5 = ConvTranspose::new(&build.at("up5"), transposed(wide, config.structures, 2));
        // Remains of an abandoned way to embed the weights: in every checkpoint, in no computation, never changed.
        for (name, channels, kernel) in [("up_c1", config.raters, 4), ("up_c2", c512, 2)] {
            ConvTranspose::new(&build.at(name), transposed(config.raters, channels, kernel));
        }
        Ok(Self { config, stem, stages, eim, ups, up5, entries: build.finish() })
    }

    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    pub fn config(&self) -> NetworkConfig {
        self.config
    }

    /// The encoder alone. Its result serves any weights of raters; with [`Mode::Repeated`] it stands for several passes.
    ///
    /// # Errors
    /// An image of another shape than `[N, 3, H%32, W%32]`.
    pub fn encode(&self, image: &Tensor, mode: Mode) -> Result<Encoded> {
        check_image("image", &image.size(), 3)?;
        let s0 = self.stem.forward(image, mode);
        let s1 = self.stages[0].forward(&max_pool(&s0), mode);
        let s2 = self.stages[1].forward(&s1, mode);
        let s3 = self.stages[2].forward(&s2, mode);
        let bottleneck = self.stages[3].forward(&s3, mode);
        Ok(Encoded { skips: [s3, s2, s1, s0], bottleneck })
    }

    /// What follows the encoder, for one set of weights.
    ///
    /// # Errors
    /// Weights of another shape than `[N, R]`.
    pub fn decode(&self, encoded: &Encoded, expertness: &Tensor, mode: Mode) -> Result<CoarseOutput> {
        check_expertness(&expertness.size(), encoded.bottleneck.size()[0], self.config.raters)?;
        let mut x = self.eim.forward(&encoded.bottleneck, expertness);
        for (up, skip) in self.ups.iter().zip(&encoded.skips) {
            x = up.forward(&x, skip, mode);
        }
        Ok(CoarseOutput { logits: self.up5.forward(&x), features: x })
    }

    /// # Errors
    /// As [`Coarse::encode`] and [`Coarse::decode`].
    pub fn forward(&self, image: &Tensor, expertness: &Tensor, mode: Mode) -> Result<CoarseOutput> {
        self.decode(&self.encode(image, mode)?, expertness, mode)
    }
}

/// Enlarged features beside a skip: ReLU, then BatchNorm, of both.
#[derive(Debug)]
struct Up {
    enlarge: ConvTranspose,
    skip: Conv,
    norm: BatchNorm,
}

impl Up {
    fn new(build: &Builder, input: i64, skip: i64, output: i64) -> Self {
        let config = ConvConfig { input: skip, output, kernel: 1, padding: 0, ..ConvConfig::default() };
        let skip = Conv::new(&build.at("x_conv"), config);
        let enlarge = ConvTranspose::new(&build.at("tr_conv"), transposed(input, output, 2));
        Self { skip, enlarge, norm: BatchNorm::new(&build.at("bn"), 2 * output) }
    }

    fn forward(&self, x: &Tensor, skip: &Tensor, mode: Mode) -> Tensor {
        let mut both = Tensor::cat(&[self.enlarge.forward(x), self.skip.forward(skip)], 1);
        self.norm.forward(&both.relu_(), mode)
    }
}

/// Kernel and stride alike, no padding.
pub fn transposed(input: i64, output: i64, kernel: i64) -> ConvConfig {
    ConvConfig { input, output, kernel, stride: 2, padding: 0, ..ConvConfig::default() }
}
