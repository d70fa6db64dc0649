//! `mrnet.coarse`: the U-Net that knows the raters' weights, as a module.

use super::backbone::take_backbone;
use super::network_params::network_params;
use crate::network::{Coarse, CoarseOutput};
use std::path::PathBuf;
use std::sync::Arc;
use voxloom_parts::{Mode as Phase, NETWORK, Placed};
use voxloom_sdk::prelude::*;

network_params! {
    /// MRNet's coarse network: a ResNet-34 U-Net whose bottleneck takes the weights of the raters.
    CoarseParams {
        /// Weights of torchvision's ResNet-34 for the encoder (`conv1`, `bn1`, `layer1` to `layer4`; `fc` is left out); left out or empty, it begins at random.
        #[param(path)]
        pub backbone_weights: Option<PathBuf>,
    }
}

/// The module.
pub struct CoarseModule(Placed<Coarse>);

impl Module for CoarseModule {
    const NAME: &'static str = "mrnet.coarse";
    type Params = CoarseParams;

    fn entries() -> Vec<Entry> {
        let image =
            || Port::tensor("image").shape("[N, 3, H%32, W%32]").dtype("float32").about("normalised, from `mrnet.sample`");
        vec![
            Entry::map()
                .named("forward")
                .about("For use after training.")
                .reads()
                .input(image())
                .input(Port::tensor("expertness").shape("[N, R]").dtype("float32").about("weights of the raters, from `mrnet.expertness`"))
                .output(Port::tensor("logits").shape("[N, C, H, W]").about("before the sigmoid"))
                .output(Port::tensor("features").about("[N, F, H/2, W/2]: what the refinement takes"))
                .output(Port::tensor("probability").shape("[N, C, H, W]").about("after the sigmoid")),
            Entry::map()
                .named("train")
                .about("One pass for each condition, with the batch's statistics; the kept ones move as after all passes. The encoder, which does not see the condition, runs once.")
                .writes()
                .input(image())
                .input(Port::tensor("expertness").shape("[K, N, R]").dtype("float32").about("from `mrnet.conditions`"))
                .output(Port::tensor("logits").shape("[K, N, C, H, W]").about("before the sigmoid"))
                .output(Port::tensor("features").about("[K, N, F, H/2, W/2]")),
        ]
    }

    fn runs() -> Runs {
        NETWORK
    }

    fn create(params: &CoarseParams, context: &Context) -> Result<Self> {
        let network = Placed::new(context, params.precision, |device, rng| Coarse::new(params.config(), device, rng))?;
        if let Some(path) = params.backbone_weights.as_deref().filter(|path| !path.as_os_str().is_empty()) {
            take_backbone(&network, path).map_err(|fault| fault.within("backbone_weights"))?;
        }
        Ok(Self(network))
    }

    fn state(&self) -> Vec<State> {
        self.0.entries().states()
    }

    fn bind(self: &Arc<Self>, entry: &str, _: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        let train = entry == "train";
        Ok(Box::new(move |call: &mut Call| {
            let (image, expertness): (Tensor, Tensor) = (call.input("image")?, call.input("expertness")?);
            let CoarseOutput { logits, features } = this.0.run(|network| match train {
                true => network.conditions(&image, &expertness, Phase::Train),
                false => network.forward(&image, &expertness, Phase::Eval),
            })?;
            if !train {
                call.output("probability", logits.sigmoid())?;
            }
            call.output("logits", logits)?;
            call.output("features", features)
        }))
    }
}
