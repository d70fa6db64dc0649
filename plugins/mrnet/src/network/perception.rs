//! The perception network: disagreement and coarse probabilities guide the refinement (spec 2.4; authors' class `SoftAtt`).

use super::coarse::transposed;
use super::config::NetworkConfig;
use super::kernel;
use crate::{Fault, Result};
use rand::RngCore;
use tch::{Device, Kind, Tensor};
use voxloom_parts::{BatchNorm, Builder, Conv, ConvConfig, ConvTranspose, Entries, Mode, PRelu, Start};
use voxloom_precision::Widen;
use voxloom_sdk::Weight;

/// Standard deviation of initial weights.
const STD: f64 = 0.01;

/// What the network gives.
#[derive(Debug)]
pub struct Refined {
    /// `[N, C, H, W]`.
    pub logits: Tensor,
    /// Coarse probabilities, `[N, C, H, W]`.
    pub probability: Tensor,
    /// Unbiased standard deviation over the raters' probabilities, `[N, C, H, W]`.
    pub uncertainty: Tensor,
}

/// The network and its weights.
#[derive(Debug)]
pub struct Perception {
    config: NetworkConfig,
    kernel: Weight,
    enlarge: ConvTranspose,
    convs: [Conv; 2],
    norms: [BatchNorm; 3],
    acts: [PRelu; 3],
    pred: Conv,
    entries: Entries,
}

impl Perception {
    /// # Errors
    /// A configuration out of range.
    pub fn new(config: NetworkConfig, freeze_kernel: bool, device: Device, rng: &mut dyn RngCore) -> Result<Self> {
        Self::build(config, freeze_kernel, &Builder::random(device, rng))
    }

    /// # Errors
    /// A configuration out of range.
    pub fn build(config: NetworkConfig, freeze_kernel: bool, build: &Builder) -> Result<Self> {
        config.check()?;
        let c = config.channels(64);
        let side = kernel::SIDE as i64;
        let (shape, start) = ([1, 1, side, side], Start::Values(kernel::gaussian()));
        let soft = build.at("Soft");
        let kernel = match freeze_kernel {
            true => soft.buffer("gaussian_kernel", &shape, start),
            false => soft.parameter("gaussian_kernel", &shape, start),
        };
        let block = |i: usize| build.at("conv_block").at(i);
        let plain = |input, output| ConvConfig {
            input,
            output,
            start: Start::Normal(STD),
            bias_start: Some(Start::Zeros),
            ..ConvConfig::default()
        };
        let enlarge = ConvTranspose::new(&block(0), transposed(config.feature_channels(), c, 2));
        let (norm1, act1) = (BatchNorm::new(&block(1), c), PRelu::new(&block(2)));
        let (conv1, norm2, act2) = (Conv::new(&block(3), plain(c, c)), BatchNorm::new(&block(4), c), PRelu::new(&block(5)));
        let (conv2, norm3, act3) = (Conv::new(&block(6), plain(c, c)), BatchNorm::new(&block(7), c), PRelu::new(&block(8)));
        let pred = Conv::new(&build.at("pred"), plain(2 * c * config.structures, config.structures));
        Ok(Self {
            config,
            kernel,
            enlarge,
            convs: [conv1, conv2],
            norms: [norm1, norm2, norm3],
            acts: [act1, act2, act3],
            pred,
            entries: build.finish(),
        })
    }

    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// # Shapes
    /// - in:  raters' logits `[N, R, C, H, W]`, F `[N, 256·width, H/2, W/2]`, coarse logits `[N, C, H, W]`
    ///
    /// # Errors
    /// Shapes that do not belong together.
    pub fn forward(&self, raters: &Tensor, features: &Tensor, logits: &Tensor, mode: Mode) -> Result<Refined> {
        self.check(raters, features, logits)?;
        let mut f = self.acts[0].forward(&self.norms[0].forward(&self.enlarge.forward(features), mode));
        for i in 0..2 {
            f = self.acts[i + 1].forward(&self.norms[i + 1].forward(&self.convs[i].forward(&f), mode));
        }
        let probability = logits.sigmoid();
        let uncertainty = disagreement(&raters.sigmoid());
        // Structures from the last to the first: probabilities, then uncertainties.
        let maps = [&probability, &uncertainty]
            .into_iter()
            .flat_map(|maps| (0..self.config.structures).rev().map(move |c| maps.narrow(1, c, 1)));
        let guided: Vec<Tensor> = maps.map(|map| &f * self.attention(&map) + &f).collect();
        Ok(Refined { logits: self.pred.forward(&Tensor::cat(&guided, 1)), probability, uncertainty })
    }

    /// The soft attention A(m): m smoothed, brought to 0..1 for each sample, and nowhere below m.
    ///
    /// # Shapes
    /// - in:  `[N, 1, H, W]`
    /// - out: the same
    pub fn attention(&self, map: &Tensor) -> Tensor {
        // In float32: the small number below would be 0 in float16.
        let smooth = self.smooth(map).widen();
        let flat = smooth.flatten(2, 3);
        // `max` and `min` with an index send the gradient to one element, as the authors' code does; `amax` would split it.
        let (least, _) = flat.min_dim(2, true);
        let (most, _) = flat.max_dim(2, true);
        let (least, most) = (least.unsqueeze(3), most.unsqueeze(3));
        let scaled = (&smooth - &least) / (&most - &least + 1e-8);
        scaled.maximum(map)
    }

    /// The map under the kernel; zeros beyond the border.
    pub fn smooth(&self, map: &Tensor) -> Tensor {
        map.conv2d(&self.kernel, None::<&Tensor>, 1, (kernel::SIDE / 2) as i64, 1, 1)
    }

    fn check(&self, raters: &Tensor, features: &Tensor, logits: &Tensor) -> Result<()> {
        let NetworkConfig { raters: r, structures: c, .. } = self.config;
        let (n, h, w) = match logits.size()[..] {
            [n, channels, h, w] if channels == c => (n, h, w),
            ref size => {
                let text = format!("got {size:?}, expected [N, {c}, H, W]");
                return Err(Fault::Shape { what: "logits", text });
            }
        };
        let f = self.config.feature_channels();
        for (what, tensor, expected) in
            [("raters", raters, vec![n, r, c, h, w]), ("features", features, vec![n, f, h / 2, w / 2])]
        {
            if tensor.size() != expected {
                return Err(Fault::Shape { what, text: format!("got {:?}, expected {expected:?}", tensor.size()) });
            }
        }
        Ok(())
    }
}

/// Unbiased standard deviation over the second dimension: where raters, or networks, do not agree.
///
/// # Shapes
/// - in:  `[N, R, …]`, R at least 2
/// - out: `[N, …]`
pub fn disagreement(probabilities: &Tensor) -> Tensor {
    let kind = if probabilities.kind() == Kind::Double { Kind::Double } else { Kind::Float };
    probabilities.to_kind(kind).std_dim(1, true, false)
}
