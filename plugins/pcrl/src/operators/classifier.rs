//! `pcrl.classifier`: the pretrained 2D encoder with a head that finds findings.

use super::encoder::{encoder_entry, pretrained};
use crate::finetune::{Inflate, PictureNet, PictureNetConfig};
use rand::{Rng, RngCore};
use std::path::PathBuf;
use std::sync::Arc;
use voxloom_parts::{Builder, Mode, NETWORK, Placed};
use voxloom_precision::Precision;
use voxloom_sdk::prelude::*;

/// A ResNet-18 that says of every finding how likely a picture shows it; its encoder may be one that PCRL pretrained.
#[derive(Params, Clone, Debug)]
pub struct ClassifierParams {
    /// Findings: one output each.
    #[param(default = 14, min = 1)]
    pub classes: i64,
    /// A file with a pretrained encoder, taken by name; left out or empty, the network begins from scratch.
    #[param(path)]
    pub encoder: Option<PathBuf>,
    /// Scales the channels; 1 is the paper's. The encoder's own.
    #[param(default = 1.0, above = 0.0, max = 4.0)]
    pub width: f64,
    /// Channels of the images.
    #[param(default = 3, min = 1)]
    pub channels: i64,
    /// How a first convolution that was pretrained for another number of channels is widened.
    #[param(default = Inflate::Repeat)]
    pub inflate: Inflate,
    /// How often a feature is left out while training.
    #[param(default = 0.2, min = 0.0, below = 1.0)]
    pub dropout: f64,
    /// Element type of products and convolutions. Weights stay float32, results are float32; float16 needs CUDA and the optimizer's `loss_scale`.
    #[param(default = Precision::Float32)]
    pub precision: Precision,
}

/// The module.
pub struct Classifier {
    network: Placed<PictureNet>,
    dropout: f64,
    encoder: Json,
}

impl Module for Classifier {
    const NAME: &'static str = "pcrl.classifier";
    type Params = ClassifierParams;

    fn entries() -> Vec<Entry> {
        let image = || Port::tensor("image").shape("[N, C, H%32, W%32]").about("normalised, from `pcrl.picture`");
        let logits = || Port::tensor("logits").shape("[N, K]").about("before the sigmoid");
        vec![
            Entry::map()
                .named("train")
                .about("With the batch's statistics, which move the kept ones, and with dropout.")
                .writes()
                .input(image())
                .output(logits()),
            Entry::map()
                .named("forward")
                .about("For use after training.")
                .reads()
                .input(image())
                .output(logits())
                .output(Port::tensor("probability").shape("[N, K]").about("after the sigmoid")),
            encoder_entry(),
        ]
    }

    fn runs() -> Runs {
        NETWORK
    }

    fn create(params: &ClassifierParams, context: &Context) -> Result<Self> {
        let ClassifierParams { classes, width, channels, inflate, dropout, .. } = *params;
        let config = PictureNetConfig { input: channels, width, outputs: None, classes: Some(classes) };
        let make = |device, rng: &mut dyn RngCore| Ok::<_, Error>(PictureNet::new(config, &Builder::random(device, rng)));
        let network = Placed::new(context, params.precision, make)?;
        let encoder = pretrained(context, network.entries(), params.encoder.as_deref(), inflate, (2, "encoder."))?;
        Ok(Self { network, dropout, encoder })
    }

    fn state(&self) -> Vec<State> {
        self.network.entries().states()
    }

    fn bind(self: &Arc<Self>, entry: &str, _: &Json, _: voxloom_sdk::Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(match entry {
            "train" => Box::new(move |call: &mut Call| {
                let image: Tensor = call.input("image")?;
                let factors = this.factors(call, &image);
                let logits = this.network.run(|network| network.forward(&image, Some(&factors), Mode::Train))?;
                call.output("logits", this.finding(logits.finding)?)
            }),
            "forward" => Box::new(move |call: &mut Call| {
                let image = call.input("image")?;
                let logits = this.network.run(|network| network.forward(&image, None, Mode::Eval))?;
                let logits = this.finding(logits.finding)?;
                call.output("probability", logits.sigmoid())?;
                call.output("logits", logits)
            }),
            _ => Box::new(move |call: &mut Call| call.output("report", this.encoder.clone())),
        })
    }
}

impl Classifier {
    /// What dropout multiplies the features by, drawn from the call's own generator.
    fn factors(&self, call: &Call, image: &Tensor) -> Tensor {
        let (rows, features) = (image.size()[0], PictureNet::features(self.network.config().width));
        let mut rng = call.rng();
        let kept = (1.0 / (1.0 - self.dropout)) as f32;
        let draw = |_| if rng.random_bool(self.dropout) { 0.0 } else { kept };
        let factors: Vec<f32> = (0..rows * features).map(draw).collect();
        Tensor::from_slice(&factors).view([rows, features]).to_device(image.device())
    }

    fn finding(&self, logits: Option<Tensor>) -> Result<Tensor> {
        logits.ok_or_else(|| Error::fatal("the network was made without a head"))
    }
}
