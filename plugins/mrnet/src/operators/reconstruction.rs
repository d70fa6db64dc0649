//! `mrnet.reconstruction`: every rater's mask from image and coarse map, as a module.

use super::network_params::{expect_several, network_params};
use crate::losses::consistency;
use crate::network::Reconstruction;
use std::sync::Arc;
use voxloom_parts::{Mode as Phase, NETWORK, Placed};
use voxloom_sdk::ParamType;
use voxloom_sdk::prelude::*;

/// In what form the coarse map is taken.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Before the sigmoid, as the authors do.
    Logits,
    /// After the sigmoid.
    Prob,
}

network_params! {
    /// MRNet's reconstruction network: VGG-16 with the raters' weights and atrous pooling; one mask a rater.
    ReconstructionParams {
        /// In what form it takes the coarse map.
        #[param(default = Form::Logits)]
        pub recon_input: Form,
    }
}

/// How the consistency of the coarse map and the soft truth is measured.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// As the authors: a number to watch, without a gradient.
    Monitor,
    /// With a gradient to the coarse network.
    Logits,
    /// With a gradient, and the sigmoid of the logits against the truth, which is a probability too.
    Prob,
    /// Not at all: 0. Saves two passes of the encoder, and its statistics move less often.
    Off,
}

/// Of the entry `consistency`.
#[derive(Params, Clone, Debug)]
pub struct ConsistencyParams {
    /// How it is measured.
    #[param(default = Consistency::Monitor)]
    pub consistency: Consistency,
}

/// The module.
pub struct ReconstructionModule {
    network: Placed<Reconstruction>,
    form: Form,
}

impl Module for ReconstructionModule {
    const NAME: &'static str = "mrnet.reconstruction";
    type Params = ReconstructionParams;

    fn entries() -> Vec<Entry> {
        let image = || {
            Port::tensor("image").shape("[N, 3, H%32, W%32]").dtype("float32").about("normalised, as the coarse network had it")
        };
        vec![
            Entry::map()
                .named("forward")
                .about("For use after training.")
                .reads()
                .input(image())
                .input(Port::tensor("logits").shape("[N, C, H, W]").about("the coarse network's"))
                .input(Port::tensor("expertness").shape("[N, R]").dtype("float32").about("the same weights of the raters"))
                .output(Port::tensor("raters").shape("[N, R, C, H, W]").about("logits, one mask a rater"))
                .output(Port::tensor("probability").shape("[N, R, C, H, W]").about("after the sigmoid")),
            Entry::map()
                .named("train")
                .about("One pass for each condition, with the batch's statistics. No gradient goes to the coarse network.")
                .writes()
                .input(image())
                .input(Port::tensor("logits").shape("[K, N, C, H, W]").about("the coarse network's"))
                .input(Port::tensor("expertness").shape("[K, N, R]").dtype("float32").about("from `mrnet.conditions`"))
                .output(Port::tensor("raters").shape("[K, N, R, C, H, W]").about("logits")),
            Entry::map()
                .named("consistency")
                .about("How differently the encoder sees the coarse map and the soft truth of the last condition. After the step of this network's optimizer, as the authors do.")
                .writes()
                .params::<ConsistencyParams>()
                .input(image())
                .input(Port::tensor("logits").shape("[K, N, C, H, W]").about("the coarse network's"))
                .input(Port::tensor("target").shape("[K, N, C, H, W]").about("from `mrnet.conditions`"))
                .input(Port::of("after", "any").optional().about("any output of the step that this must follow"))
                .output(Port::tensor("loss").shape("[]").about("a thousandth of the summed distances of six features"))
                .output(Port::json("terms").about("`distance`, the six of them")),
        ]
    }

    fn runs() -> Runs {
        NETWORK
    }

    fn create(params: &ReconstructionParams, context: &Context) -> Result<Self> {
        let network = Placed::new(context, params.precision, |device, rng| Reconstruction::new(params.config(), device, rng))?;
        Ok(Self { network, form: params.recon_input })
    }

    fn state(&self) -> Vec<State> {
        self.network.entries().states()
    }

    fn bind(self: &Arc<Self>, entry: &str, params: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(match entry {
            "forward" => Box::new(move |call: &mut Call| {
                let (image, logits, expertness): (Tensor, Tensor, Tensor) =
                    (call.input("image")?, call.input("logits")?, call.input("expertness")?);
                let maps = this.taken(&logits);
                let raters = this.network.run(|network| network.forward(&image, &maps, &expertness, Phase::Eval))?;
                call.output("probability", raters.sigmoid())?;
                call.output("raters", raters)
            }),
            "train" => Box::new(move |call: &mut Call| {
                let (image, logits, expertness): (Tensor, Tensor, Tensor) =
                    (call.input("image")?, call.input("logits")?, call.input("expertness")?);
                expect_several(&image)?;
                let maps = this.taken(&logits.detach());
                let raters = this.network.run(|network| network.conditions(&image, &maps, &expertness, Phase::Train))?;
                call.output("raters", raters)
            }),
            _ => {
                let how = ConsistencyParams::parse(params)?.consistency;
                Box::new(move |call: &mut Call| {
                    let (image, logits, target): (Tensor, Tensor, Tensor) =
                        (call.input("image")?, call.input("logits")?, call.input("target")?);
                    let (loss, terms) = this.consistency(how, &image, &logits, &target)?;
                    call.output("loss", loss)?;
                    call.output("terms", json!({ "distance": terms }))
                })
            }
        })
    }
}

impl ReconstructionModule {
    fn taken(&self, logits: &Tensor) -> Tensor {
        match self.form {
            Form::Logits => logits.shallow_clone(),
            Form::Prob => logits.sigmoid(),
        }
    }

    fn consistency(&self, how: Consistency, image: &Tensor, logits: &Tensor, target: &Tensor) -> Result<(Tensor, Vec<f64>)> {
        let last = logits.size()[0] - 1;
        let (logits, target) = (logits.get(last), target.get(last));
        let measure = |logits: &Tensor| -> Result<(Tensor, Vec<f64>)> {
            let encode = |maps: &Tensor| self.network.run(|network| network.encode(image, maps, Phase::Train));
            Ok(consistency(&encode(logits)?, &encode(&target)?))
        };
        match how {
            Consistency::Off => Ok((Tensor::zeros([], (Kind::Float, image.device())), Vec::new())),
            Consistency::Monitor => tch::no_grad(|| measure(&self.taken(&logits))),
            Consistency::Logits => measure(&logits),
            Consistency::Prob => measure(&logits.sigmoid()),
        }
    }
}
