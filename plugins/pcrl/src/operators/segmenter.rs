//! `pcrl.segmenter`: a U-Net around a pretrained encoder, in two or three dimensions.

use super::encoder::{encoder_entry, pretrained};
use crate::finetune::{Inflate, PictureNet, PictureNetConfig};
use crate::network::three_d::{DIVISOR, UNet, UNetConfig};
use crate::network::{Activation, Norm};
use rand::RngCore;
use std::path::PathBuf;
use std::sync::Arc;
use voxloom_parts::{Builder, Entries, Mode, NETWORK, Placed};
use voxloom_precision::Precision;
use voxloom_sdk::prelude::*;

/// A U-Net that marks pixels or voxels; its encoder may be one that PCRL pretrained.
#[derive(Params, Clone, Debug)]
pub struct SegmenterParams {
    /// Axes of the images: 2 (ResNet-18 encoder) or 3 (U-Net of three halvings).
    #[param(default = 2, min = 2, max = 3)]
    pub dims: usize,
    /// Structures: one output each.
    #[param(default = 1, min = 1)]
    pub outputs: i64,
    /// A file with a pretrained encoder, taken by name; left out or empty, the network begins from scratch.
    #[param(path)]
    pub encoder: Option<PathBuf>,
    /// Scales the channels; 1 is the paper's. The encoder's own.
    #[param(default = 1.0, above = 0.0, max = 4.0)]
    pub width: f64,
    /// Channels of the images; left out, 3 in 2D and 1 in 3D, as in pretraining.
    #[param(min = 1)]
    pub channels: Option<i64>,
    /// How a first convolution that was pretrained for another number of channels is widened.
    #[param(default = Inflate::Repeat)]
    pub inflate: Inflate,
    /// How the 3D network normalises; scale and shift of a BatchNorm encoder serve GroupNorm too.
    #[param(default = Norm::Bn)]
    pub norm: Norm,
    /// What follows the normalisation in the 3D network.
    #[param(default = Activation::Relu)]
    pub activation: Activation,
    /// Element type of products and convolutions. Weights stay float32, results are float32; float16 needs CUDA and the optimizer's `loss_scale`.
    #[param(default = Precision::Float32)]
    pub precision: Precision,
}

/// The module.
pub struct Segmenter {
    body: Placed<Body>,
    channels: i64,
    encoder: Json,
}

enum Body {
    Two(PictureNet),
    Three(UNet, Entries),
}

impl Module for Segmenter {
    const NAME: &'static str = "pcrl.segmenter";
    type Params = SegmenterParams;

    fn entries() -> Vec<Entry> {
        let image = || Port::tensor("image").about("[N, C, H%32, W%32] in 2D, [N, C, X%8, Y%8, Z%8] in 3D");
        let logits = || Port::tensor("logits").about("of the images' size, before the sigmoid");
        let probability = || Port::tensor("probability").about("of the images' size, after the sigmoid");
        vec![
            Entry::map()
                .named("train")
                .about("With the batch's statistics, which move the kept ones.")
                .writes()
                .input(image())
                .output(logits())
                .output(probability()),
            Entry::map()
                .named("forward")
                .about("For use after training.")
                .reads()
                .input(image())
                .output(logits())
                .output(probability()),
            encoder_entry(),
        ]
    }

    fn runs() -> Runs {
        NETWORK
    }

    fn create(params: &SegmenterParams, context: &Context) -> Result<Self> {
        let SegmenterParams { dims, outputs, width, inflate, norm, activation, .. } = *params;
        let channels = params.channels.unwrap_or(if dims == 2 { 3 } else { 1 });
        let make = |device, rng: &mut dyn RngCore| {
            let build = Builder::random(device, rng);
            if dims == 2 {
                let config = PictureNetConfig { input: channels, width, outputs: Some(outputs), classes: None };
                return Ok::<_, Error>(Body::Two(PictureNet::new(config, &build)));
            }
            let unet = UNet::new(&build, &UNetConfig { input: channels, output: outputs, width, norm, activation });
            Ok(Body::Three(unet, build.finish()))
        };
        let body = Placed::new(context, params.precision, make)?;
        let prefix = if dims == 2 { "encoder." } else { "" };
        let encoder = pretrained(context, body.entries(), params.encoder.as_deref(), inflate, (dims, prefix))?;
        Ok(Self { body, channels, encoder })
    }

    fn state(&self) -> Vec<State> {
        self.body.entries().states()
    }

    fn bind(self: &Arc<Self>, entry: &str, _: &Json, _: voxloom_sdk::Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        let mode = match entry {
            "train" => Mode::Train,
            "forward" => Mode::Eval,
            _ => return Ok(Box::new(move |call: &mut Call| call.output("report", this.encoder.clone()))),
        };
        Ok(Box::new(move |call: &mut Call| {
            let image = call.input("image")?;
            let logits = this.body.run(|body| body.forward(&image, this.channels, mode))?;
            call.output("probability", logits.sigmoid())?;
            call.output("logits", logits)
        }))
    }
}

impl Body {
    fn forward(&self, image: &Tensor, channels: i64, mode: Mode) -> Result<Tensor> {
        match self {
            Self::Two(network) => {
                let logits = network.forward(image, None, mode)?;
                logits.mask.ok_or_else(|| Error::fatal("the network was made without a decoder"))
            }
            Self::Three(unet, _) => {
                let size = image.size();
                let fits = size.len() == 5 && size[1] == channels && size[2..].iter().all(|n| *n > 0 && n % DIVISOR == 0);
                if !fits || image.kind() != Kind::Float {
                    let kind = voxloom_sdk::dtype_name(image.kind());
                    let text = format!(
                        "`image` is {kind} {size:?}, expected float32 [N, {channels}, X, Y, Z] with each axis a multiple of 8"
                    );
                    return Err(Error::item(text));
                }
                Ok(unet.decode(&unet.encode(image, mode), mode))
            }
        }
    }

    fn entries(&self) -> &Entries {
        match self {
            Self::Two(network) => network.entries(),
            Self::Three(_, entries) => entries,
        }
    }
}
