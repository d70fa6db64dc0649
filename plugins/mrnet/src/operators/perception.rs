//! `mrnet.perception`: the refinement by what the raters disagree on, as a module.

use super::network_params::{expect_several, network_params};
use crate::network::{Perception, Refined};
use rand::RngCore;
use std::sync::Arc;
use voxloom_parts::{Mode as Phase, NETWORK, Placed};
use voxloom_sdk::ParamType;
use voxloom_sdk::prelude::*;

network_params! {
    /// MRNet's perception network: coarse probabilities and the raters' disagreement guide a refinement.
    PerceptionParams {
        /// Leaves the kernel that smooths the maps as it is; the authors train it, and it loses its shape.
        #[param(default = false)]
        pub freeze_kernel: bool,
    }
}

/// Whose coarse map the refinement for the raters' average takes.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttAve {
    /// That of the average.
    Ave,
    /// That of the random weights, as the authors' code does by mistake.
    P,
}

/// Of the entry `train`.
#[derive(Params, Clone, Debug)]
pub struct TrainParams {
    /// Whose coarse map the last of three conditions takes.
    #[param(default = AttAve::Ave)]
    pub att_ave: AttAve,
}

/// The module.
pub struct PerceptionModule(Placed<Perception>);

impl Module for PerceptionModule {
    const NAME: &'static str = "mrnet.perception";
    type Params = PerceptionParams;

    fn entries() -> Vec<Entry> {
        vec![
            Entry::map()
                .named("forward")
                .about("For use after training.")
                .reads()
                .input(Port::tensor("raters").shape("[N, R, C, H, W]").about("the reconstruction network's logits"))
                .input(Port::tensor("features").about("the coarse network's"))
                .input(Port::tensor("logits").shape("[N, C, H, W]").about("the coarse network's"))
                .output(Port::tensor("logits").shape("[N, C, H, W]").about("refined, before the sigmoid"))
                .output(Port::tensor("probability").shape("[N, C, H, W]").about("refined, after the sigmoid"))
                .output(
                    Port::tensor("uncertainty")
                        .shape("[N, C, H, W]")
                        .about("how far the raters' probabilities differ: unbiased standard deviation"),
                ),
            Entry::map()
                .named("train")
                .about("One pass for each condition, with the batch's statistics. No gradient goes to the other networks.")
                .writes()
                .params::<TrainParams>()
                .input(Port::tensor("raters").shape("[K, N, R, C, H, W]").about("the reconstruction network's logits"))
                .input(Port::tensor("features").about("the coarse network's, [K, N, F, H/2, W/2]"))
                .input(Port::tensor("logits").shape("[K, N, C, H, W]").about("the coarse network's"))
                .output(Port::tensor("logits").shape("[K, N, C, H, W]").about("refined, before the sigmoid")),
        ]
    }

    fn runs() -> Runs {
        NETWORK
    }

    fn create(params: &PerceptionParams, context: &Context) -> Result<Self> {
        let make = |device, rng: &mut dyn RngCore| Perception::new(params.config(), params.freeze_kernel, device, rng);
        Ok(Self(Placed::new(context, params.precision, make)?))
    }

    fn state(&self) -> Vec<State> {
        self.0.entries().states()
    }

    fn bind(self: &Arc<Self>, entry: &str, params: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        if entry == "forward" {
            return Ok(Box::new(move |call: &mut Call| {
                let (raters, features, logits): (Tensor, Tensor, Tensor) =
                    (call.input("raters")?, call.input("features")?, call.input("logits")?);
                let pass = |network: &Perception| network.forward(&raters, &features, &logits, Phase::Eval);
                let Refined { logits, uncertainty, .. } = this.0.run(pass)?;
                call.output("probability", logits.sigmoid())?;
                call.output("uncertainty", uncertainty)?;
                call.output("logits", logits)
            }));
        }
        let att_ave = TrainParams::parse(params)?.att_ave;
        Ok(Box::new(move |call: &mut Call| {
            let (raters, features, logits): (Tensor, Tensor, Tensor) =
                (call.input("raters")?, call.input("features")?, call.input("logits")?);
            expect_several(&logits.get(0))?;
            let [raters, features] = [raters, features].map(|tensor| tensor.detach());
            let logits = coarse_maps(&logits.detach(), att_ave);
            let pass = |network: &Perception| network.conditions(&raters, &features, &logits, Phase::Train);
            call.output("logits", this.0.run(pass)?.logits)
        }))
    }
}

/// The coarse maps that the conditions take.
fn coarse_maps(logits: &Tensor, att_ave: AttAve) -> Tensor {
    match (att_ave, logits.size()[0]) {
        (AttAve::P, 3) => Tensor::stack(&[logits.get(0), logits.get(1), logits.get(1)], 0),
        _ => logits.shallow_clone(),
    }
}
