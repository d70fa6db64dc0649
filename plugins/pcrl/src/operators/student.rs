//! `pcrl.student`: the network that learns.

use super::features::{FEATURES, draws_of, draws_port, from_record, rows, to_record};
use super::network_params::{network, network_params};
use crate::network::{Network, Output, Part, load, pooled};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use voxloom_parts::{Mode, NETWORK, Placed};
use voxloom_sdk::params::ParamType;
use voxloom_sdk::prelude::*;
use voxloom_sdk::{Store, WeightsStore};

network_params! {
    /// PCRL's student: encoder, decoder, the vector that is contrasted, and the gate. Loads its own weights, an encoder alone, and the authors' checkpoints.
    StudentParams {
        /// Multiply the bottleneck by the factors that the transformations of the targets give; without it both targets' transformations are ignored.
        #[param(default = true)]
        pub gate: bool,
    }
}

/// Where an encoder goes.
#[derive(Params, Clone, Debug)]
struct SaveParams {
    /// A safetensors file. In 2D the names are torchvision's (`conv1.weight`), in 3D the authors' (`down_tr64.…`).
    #[param(path)]
    path: PathBuf,
}

/// The module.
pub struct Student {
    network: Placed<Network>,
    gate: bool,
}

/// Present in every file of a whole network, absent in encoders.
const LAST: &str = "aug_fc2.bias";

impl Module for Student {
    const NAME: &'static str = "pcrl.student";
    type Params = StudentParams;

    fn entries() -> Vec<Entry> {
        let image = |about: &str| Port::tensor("image").about(about);
        let shape = "`[N, 3, H%32, W%32]` in 2D, `[N, 1, X%8, Y%8, Z%8]` in 3D";
        let trained = |entry: Entry| {
            entry
                .writes()
                .input(image(shape))
                .input(Port::of("features", FEATURES).about("the teacher's, of the same batch"))
                .input(draws_port())
                .output(Port::tensor("query").shape("[N, E]").about("the vector that is contrasted"))
                .output(Port::tensor("plain").about("the decoder on the student's own features"))
                .output(Port::tensor("hybrid").about("the decoder on the features blended with the teacher's"))
        };
        let indicator = |name: &str| {
            let about = "flips and one of four quarter turns of the target: 6 numbers a row in 2D, 7 in 3D";
            Port::tensor(name).shape("[N, I]").about(about)
        };
        let gated = Entry::map().named("gated").about(
            "A training step's first half: the bottlenecks are multiplied by the gates, and the targets are transformed images.",
        );
        let mixed = Entry::map()
            .named("mixed")
            .about("A training step's second half: mixed images, no gate, and clean images as targets.");
        vec![
            trained(gated).input(indicator("v1")).input(indicator("v2")),
            trained(mixed),
            Entry::map()
                .named("plain")
                .about("An ordinary U-Net, for use after pre-training.")
                .reads()
                .input(image(shape))
                .output(Port::tensor("image").about("the reconstruction: as the input in 2D (normalised), 0 to 1 in 3D")),
            Entry::map()
                .named("encode")
                .about("The encoder, for use after pre-training.")
                .reads()
                .input(image(shape))
                .output(Port::tensor("embedding").shape("[N, E]").about("the vector that is contrasted"))
                .output(Port::tensor("pooled").shape("[N, C]").about("mean of the bottleneck: what a classifier takes"))
                .output(Port::of("features", FEATURES).about("bottleneck and skips")),
            Entry::map()
                .named("save_encoder")
                .about("Writes the encoder alone, for fine-tuning.")
                .reads()
                .params::<SaveParams>()
                .input(Port::of("after", "any").optional().about("any output of the step that this must follow"))
                .output(Port::json("saved").about("`path`, and the number of `tensors`")),
        ]
    }

    fn runs() -> Runs {
        NETWORK
    }

    fn create(params: &StudentParams, context: &Context) -> Result<Self> {
        Ok(Self { network: network(params.config(), params.precision, context)?, gate: params.gate })
    }

    fn state(&self) -> Vec<State> {
        self.network.entries().states()
    }

    fn load(&self, store: &dyn Store, context: &Context, path: &Path) -> Result<()> {
        let file = voxloom_weights::read(path)?;
        let whole = file.get(LAST).is_some();
        if whole {
            // A whole network must fit wholly.
            return store.load(&self.state(), path).map(drop);
        }
        if let Some(report) = load(&self.network, path, Part::Student)?.report() {
            context.warn(&format!("{}: {report}", path.display()));
        }
        Ok(())
    }

    fn bind(self: &Arc<Self>, entry: &str, params: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(match entry {
            "gated" => Box::new(move |call: &mut Call| this.gated(call)),
            "mixed" => Box::new(move |call: &mut Call| this.mixed(call)),
            "plain" => Box::new(move |call: &mut Call| {
                let image = call.input("image")?;
                call.output("image", this.network.run(|network| network.plain(&image, Mode::Eval))?)
            }),
            "encode" => Box::new(move |call: &mut Call| this.encode(call)),
            _ => {
                let path = SaveParams::parse(params)?.path;
                Box::new(move |call: &mut Call| this.save_encoder(call, &path))
            }
        })
    }
}

impl Student {
    fn gated(&self, call: &mut Call) -> Result<()> {
        let (image, record): (Tensor, Record) = (call.input("image")?, call.input("features")?);
        let teacher = from_record(&record, call)?;
        let alpha = draws_of(call, rows(&image, "image")?)?.alpha1;
        let gates = if self.gate {
            let [own, other] = ["v1", "v2"].map(|port| self.indicator(call, port));
            Some((own?, other?))
        } else {
            None
        };
        let gates = gates.as_ref().map(|(own, other)| (own, other));
        output(call, self.network.run(|network| network.forward(&image, &teacher, alpha, gates, Mode::Train))?)
    }

    fn mixed(&self, call: &mut Call) -> Result<()> {
        let (image, record): (Tensor, Record) = (call.input("image")?, call.input("features")?);
        let teacher = from_record(&record, call)?;
        let alpha = draws_of(call, rows(&image, "image")?)?.alpha2;
        output(call, self.network.run(|network| network.forward(&image, &teacher, alpha, None, Mode::Train))?)
    }

    fn encode(&self, call: &mut Call) -> Result<()> {
        let image = call.input("image")?;
        let (embedding, features) = self.network.run(|network| network.encode_and_embed(&image, Mode::Eval))?;
        call.output("embedding", embedding)?;
        call.output("pooled", pooled(&features.bottleneck))?;
        call.output("features", to_record(&features))
    }

    /// The factors of one indicator.
    fn indicator(&self, call: &Call, port: &str) -> Result<Tensor> {
        let indicator: Tensor = call.input(port)?;
        let gate = self.network.run(|network| network.gate(&indicator.to_kind(Kind::Float)));
        gate.map_err(|fault| fault.context(format_args!("`{port}`")))
    }

    fn save_encoder(&self, call: &mut Call, path: &Path) -> Result<()> {
        let prefix = self.network.encoder_prefix();
        let mut states = self.state();
        states.retain(|state| state.name.starts_with(prefix));
        for state in &mut states {
            // The authors save the 2D encoder by itself, without the prefix; in 3D the prefix is part of the names.
            if let Some(name) = state.name.strip_prefix("model.encoder.") {
                state.name = name.to_owned();
            }
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        WeightsStore.save(&states, &Json::Null, path)?;
        call.output("saved", json!({ "path": path.to_string_lossy(), "tensors": states.len() }))
    }
}

fn output(call: &mut Call, output: Output) -> Result<()> {
    call.output("query", output.embedding)?;
    call.output("plain", output.plain)?;
    call.output("hybrid", output.hybrid)
}
