//! `seran.network`: the network as a module.

use super::checkpoint::{Allowed, load};
use super::options::NetworkParams;
use super::upscale::{UpscaleParams, upscale};
use crate::network::{Mode, Network};
use rand::RngCore;
use std::path::Path;
use std::sync::Arc;
use voxloom_parts::{Builder, NETWORK, Placed};
use voxloom_sdk::prelude::*;
use voxloom_sdk::{ParamType, Store, Uses};

/// The module.
pub struct Seran {
    network: Placed<Network>,
    params: NetworkParams,
}

impl Module for Seran {
    const NAME: &'static str = "seran.network";
    type Params = NetworkParams;

    fn entries() -> Vec<Entry> {
        let image = || Port::tensor("image").shape("[N, C, H, W]").about("coarse, in the network's range of intensities");
        let sr = || Port::tensor("sr").shape("[N, C, sH, sW]").about("fine, in the same range");
        vec![
            Entry::map()
                .named("forward")
                .about("Enlarges images; for training, too, where there is no batch normalisation.")
                .reads()
                .input(image())
                .output(sr()),
            Entry::map()
                .named("train")
                .about("Enlarges images as in training: batch normalisation (`prr_bn`) takes the batch's statistics and remembers them.")
                .writes()
                .input(image())
                .output(sr()),
            Entry::map()
                .named("upscale")
                .about("Makes a volume finer, slice by slice; its grid moves along.")
                .reads()
                .params::<UpscaleParams>()
                .input(Port::volume("volume").about("coarse, in any units; [D, H, W] where the network has one channel"))
                .output(Port::volume("volume").dtype("float32").about("fine, in the same units")),
            Entry::map()
                .named("weights")
                .about("How strongly the SEABs work: watch that they neither stay at 0 nor explode.")
                .reads()
                .input(Port::json("after").optional().about("orders this node behind another"))
                .output(Port::json("weights").about("by place: `lambda`, what the update is multiplied by, and `w_r`, the norm of the reasoning's last layer")),
        ]
    }

    fn runs() -> Runs {
        NETWORK
    }

    fn create(params: &NetworkParams, context: &Context) -> Result<Self> {
        let make = |device, rng: &mut dyn RngCore| Network::new(&Builder::random(device, rng), params.config());
        let network = Placed::new(context, params.precision, make)?;
        Ok(Self { network, params: params.clone() })
    }

    fn state(&self) -> Vec<State> {
        self.network.entries().states()
    }

    fn extra(&self) -> Json {
        json!({ "data_range": self.params.data_range })
    }

    fn set_extra(&self, extra: Json) -> Result<()> {
        match extra["data_range"].as_f64() {
            Some(range) if range != self.params.data_range => Err(Error::item(format!(
                "these weights were learned with `data_range` {range}, this network has {}",
                self.params.data_range
            ))),
            _ => Ok(()),
        }
    }

    fn load(&self, store: &dyn Store, context: &Context, path: &Path) -> Result<()> {
        let allowed = Allowed { seab: self.params.load_plain, enlarging: self.params.load_other_scale };
        if !allowed.seab && !allowed.enlarging {
            return self.set_extra(store.load(&self.state(), path)?);
        }
        let loaded = load(&self.state(), path, allowed)?;
        if !loaded.fresh.is_empty() {
            context.info(&format!("the file lacks these, they begin anew: {}", loaded.fresh.join(", ")));
        }
        self.set_extra(loaded.extra)
    }

    fn bind(self: &Arc<Self>, entry: &str, params: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(match entry {
            "forward" => Box::new(move |call: &mut Call| this.enlarge(call, Mode::Eval)),
            "train" => Box::new(move |call: &mut Call| this.enlarge(call, Mode::Train)),
            "weights" => Box::new(move |call: &mut Call| call.output("weights", this.weights())),
            _ => {
                let how = UpscaleParams::parse(params)?;
                Box::new(move |call: &mut Call| {
                    let volume = upscale(&this.network, this.params.data_range, &call.input("volume")?, &how, call)?;
                    call.output("volume", volume)
                })
            }
        })
    }
}

impl Seran {
    fn enlarge(&self, call: &mut Call, mode: Mode) -> Result<()> {
        let image = call.input("image")?;
        call.output("sr", self.network.run(|network| network.forward(&image, mode))?)
    }

    fn weights(&self) -> Json {
        let of = |(place, seab): (String, &crate::network::Seab)| {
            let norm = self.network.entries().get(&format!("{place}.Rs_GCN.W.weight"));
            let norm = norm.or_else(|| self.network.entries().get(&format!("{place}.Rs_GCN.W.1.weight")));
            let norm = norm.map(|weight| weight.detach().norm().double_value(&[]));
            (place, json!({ "lambda": seab.lambda(), "w_r": norm }))
        };
        Json::Object(self.network.seabs().map(of).collect())
    }
}
