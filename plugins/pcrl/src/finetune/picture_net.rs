//! The 2D networks that are fine-tuned: PCRL's encoder with a classification head, its decoder with an output layer, or both.

use crate::network::{pooled, scaled, two_d};
use crate::{Fault, Result};
use tch::{Kind, Tensor};
use two_d::{Decoder, Encoder};
use voxloom_parts::{Builder, Conv, Entries, Linear, Mode};
use voxloom_precision::Widen;

/// What a network has beside its encoder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureNetConfig {
    /// Channels of the images.
    pub input: i64,
    pub width: f64,
    /// Channels of the decoder's output layer; none, no decoder.
    pub outputs: Option<i64>,
    /// Findings of the classification head; none, no head.
    pub classes: Option<i64>,
}

/// Encoder, and what [`PictureNetConfig`] asks for, under the names of segmentation_models_pytorch.
#[derive(Debug)]
pub struct PictureNet {
    config: PictureNetConfig,
    encoder: Encoder,
    decoder: Option<(Decoder, Conv)>,
    head: Option<Linear>,
    entries: Entries,
}

/// What a pass gives, each before its sigmoid.
#[derive(Debug)]
pub struct Logits {
    /// `[N, outputs, H, W]`
    pub mask: Option<Tensor>,
    /// `[N, classes]`
    pub finding: Option<Tensor>,
}

impl Widen for Logits {
    fn widen(self) -> Self {
        Self { mask: self.mask.map(Widen::widen), finding: self.finding.map(Widen::widen) }
    }
}

impl PictureNet {
    pub fn new(config: PictureNetConfig, build: &Builder) -> Self {
        let PictureNetConfig { input, width, outputs, classes } = config;
        let encoder = Encoder::new(&build.at("encoder"), input, width);
        let decoder = outputs.map(|outputs| {
            let decoder = Decoder::new(&build.at("decoder"), width);
            (decoder, two_d::output_layer(&build.at("segmentation_head.0"), Decoder::channels(width), outputs))
        });
        let head = classes.map(|classes| Linear::new(&build.at("classification_head.3"), Self::features(width), classes));
        Self { config, encoder, decoder, head, entries: build.finish() }
    }

    /// Numbers that the head sees.
    pub fn features(width: f64) -> i64 {
        scaled(512, width)
    }

    pub fn config(&self) -> &PictureNetConfig {
        &self.config
    }

    /// All tensors; they share storage with the network.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// `dropout` multiplies the pooled features: 0 or `1 / (1 - p)` each; without it none is dropped.
    ///
    /// # Shapes
    /// - in: `[N, input, H%32, W%32]`; `dropout` `[N, features]`
    ///
    /// # Errors
    /// Another shape or element type; a batch of one while training.
    pub fn forward(&self, image: &Tensor, dropout: Option<&Tensor>, mode: Mode) -> Result<Logits> {
        self.check(image, mode)?;
        let features = self.encoder.forward(image, mode);
        let finding = self.head.as_ref().map(|head| {
            let pooled = pooled(&features.bottleneck);
            head.forward(&dropout.map_or_else(|| pooled.shallow_clone(), |factor| &pooled * factor))
        });
        let mask = self.decoder.as_ref().map(|(decoder, output)| output.forward(&decoder.forward(&features, mode)));
        Ok(Logits { mask, finding })
    }

    fn check(&self, image: &Tensor, mode: Mode) -> Result<()> {
        let (size, channels, divisor) = (image.size(), self.config.input, two_d::DIVISOR);
        let fits = matches!(size[..], [_, c, h, w] if c == channels && h > 0 && w > 0 && h % divisor == 0 && w % divisor == 0);
        if !fits {
            let text = format!("got {size:?}, expected [N, {channels}, H, W] with H and W multiples of {divisor}");
            return Err(Fault::Shape { what: "image", text });
        }
        if image.kind() != Kind::Float {
            return Err(Fault::Value { what: "image", text: format!("got {:?} numbers, expected float32", image.kind()) });
        }
        if mode == Mode::Train && size[0] < 2 {
            let text = "a batch of one cannot be normalised by its own statistics; give two images or more".to_owned();
            return Err(Fault::Shape { what: "image", text });
        }
        Ok(())
    }
}
