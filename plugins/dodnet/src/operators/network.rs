//! `dodnet.network`: the network as a module, its trunk and its heads as entries.

use super::params::{PatchSize, Tasks, single};
use super::transfer::transfer;
use crate::Fault;
use crate::inference::{Tiling, averaged_over_flips, stitch};
use crate::network::{Features, Network, NetworkConfig};
use std::path::Path;
use std::sync::Arc;
use voxloom_parts::{NETWORK, Placed};
use voxloom_precision::{Precision, Widen};
use voxloom_sdk::params::ParamType;
use voxloom_sdk::prelude::*;
use voxloom_sdk::{Params, Store};

/// DoDNet: one encoder and decoder for all tasks, and for each task a tiny head whose weights are made from the image and the task's number.
#[derive(Params, Debug)]
pub struct NetworkParams {
    /// The tasks: a list such as `[{"name": "spleen", "channels": [{"name": "spleen", "labels": [1]}]}]`, or `"mots"`, the paper's seven.
    #[param(default = Tasks::mots())]
    pub tasks: Tasks,
    /// Scales the channels; 1 is the paper's 32, 64, 128, 256, 256, rounded to multiples of 4.
    #[param(default = 1.0, above = 0.0, max = 8.0)]
    pub width: f64,
    /// Channels inside a head.
    #[param(default = 8, min = 1, max = 64)]
    pub head_width: usize,
    /// Layers of a head.
    #[param(default = 3, min = 1, max = 8)]
    pub head_depth: usize,
    /// Standardise the weights of the trunk's convolutions, always in float32.
    #[param(default = true)]
    pub weight_std: bool,
    /// Element type of products and convolutions. Weights stay float32, results are float32; float16 needs CUDA and the optimizer's `loss_scale`.
    #[param(default = Precision::Float32)]
    pub precision: Precision,
    /// How images must be prepared (spacing, orientation, window, …), in your words; kept with the weights, and weights that say otherwise are refused.
    pub images: Option<Json>,
    /// Take from a checkpoint of other tasks all but the tasks' own part; one of the same tasks (a run that is resumed) is taken whole.
    #[param(default = false)]
    pub transfer: bool,
}

/// Which tasks, at a node.
#[derive(Params)]
struct HeadParams {
    /// Tasks by name or number; all of them where the list is empty.
    #[param(default = Vec::new())]
    tasks: Vec<Json>,
}

/// Scores of one patch.
#[derive(Params)]
struct ScoreParams {
    /// Tasks by name or number; all of them where the list is empty.
    #[param(default = Vec::new())]
    tasks: Vec<Json>,
    /// Average over the patch and its seven flips.
    #[param(default = true)]
    flips: bool,
}

/// Scores of a whole volume.
#[derive(Params)]
struct SegmentParams {
    /// Tasks by name or number; all of them where the list is empty.
    #[param(default = Vec::new())]
    tasks: Vec<Json>,
    /// Average over each window and its seven flips.
    #[param(default = true)]
    flips: bool,
    /// Voxels of a window along z, y, x; multiples of 16. The paper's is [64, 192, 192]. Windows overlap by half.
    size: PatchSize,
    /// What lies beyond the end of a volume that is smaller than a window.
    #[param(default = -1.0)]
    pad_value: f64,
    /// As the authors' code: the stride along x is half a window's height, sums are float64, and what was padded is not cut off.
    #[param(default = false)]
    compat: bool,
}

/// The module.
pub struct DodNet {
    network: Placed<Network>,
    tasks: Tasks,
    images: Option<Json>,
    transfer: bool,
}

const IMAGE: &str = "[N, 1, D%16, H%16, W%16]";

impl Module for DodNet {
    const NAME: &'static str = "dodnet.network";
    type Params = NetworkParams;

    fn entries() -> Vec<Entry> {
        let image = || Port::tensor("image").shape(IMAGE).about("prepared images");
        let scores = |about: &str| Port::tensor("scores").shape("[N, K, D, H, W]").about(about);
        let logits = |about: &str| Port::tensor("logits").shape("[N, K, D, H, W]").about(about);
        vec![
            Entry::map()
                .named("features")
                .about("The trunk: what all tasks share. Run it once, then as many heads as wanted.")
                .reads()
                .input(image())
                .output(Port::tensor("feature").shape("[N, F, D, H, W]").about("what the heads are applied to"))
                .output(Port::tensor("pooled").shape("[N, P]").about("what the heads' weights are made from")),
            Entry::map()
                .named("heads")
                .about("The heads of all wanted tasks on the features of one pass.")
                .reads()
                .params::<HeadParams>()
                .input(Port::tensor("feature").shape("[N, F, D, H, W]").about("from `features`"))
                .input(Port::tensor("pooled").shape("[N, P]").about("from `features`"))
                .output(logits("task by task, each with its channels; before the sigmoid")),
            Entry::map()
                .named("forward")
                .about("One task a sample, as in training.")
                .reads()
                .input(image())
                .input(Port::json("task").about("a task's name or number for each sample: a list, or one for all"))
                .output(logits("the channels of each sample's task; before the sigmoid")),
            Entry::map()
                .named("scores")
                .about("Probabilities of all wanted tasks from one trunk a flip.")
                .reads()
                .params::<ScoreParams>()
                .input(image())
                .output(scores("task by task, each with its channels; after the sigmoid")),
            Entry::map()
                .named("segment")
                .about("Probabilities of all wanted tasks for a whole volume, from overlapping windows with Gaussian weights.")
                .reads()
                .params::<SegmentParams>()
                .input(Port::volume("volume").about("a prepared volume"))
                .output(
                    Port::volume("scores").shape("[K, D, H, W]").dtype("float32").about("task by task, each with its channels"),
                ),
        ]
    }

    fn runs() -> Runs {
        NETWORK
    }

    fn create(params: &NetworkParams, context: &Context) -> Result<Self> {
        let config = NetworkConfig {
            width: params.width,
            tasks: params.tasks.len(),
            channels: params.tasks.channels(),
            head_width: params.head_width,
            head_depth: params.head_depth,
            weight_std: params.weight_std,
        };
        let network = Placed::new(context, params.precision, |device, mut rng| Network::new(config, device, &mut rng))?;
        Ok(Self { network, tasks: params.tasks.clone(), images: params.images.clone(), transfer: params.transfer })
    }

    fn state(&self) -> Vec<State> {
        self.network.named().map(|(name, tensor)| State::new(name, tensor, true)).collect()
    }

    fn extra(&self) -> Json {
        json!({ "tasks": self.tasks.to_json(), "images": self.images, "weight_std": self.network.config().weight_std })
    }

    fn set_extra(&self, extra: Json) -> Result<()> {
        let kept = self.extra();
        for (key, found) in extra.as_object().into_iter().flatten() {
            match kept.get(key) {
                Some(expected) if !expected.is_null() && !found.is_null() && expected != found => {
                    return Err(Error::item(format!(
                        "these weights were learned with `{key}` {found}, this network has {expected}"
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn load(&self, store: &dyn Store, context: &Context, path: &Path) -> Result<()> {
        if self.transfer {
            let Some(fresh) = transfer(&self.network, path, &self.tasks.to_json())? else {
                return self.set_extra(store.load(&self.state(), path)?);
            };
            if !fresh.is_empty() {
                context.warn(&format!("these begin anew, the file's head is another: {}", fresh.join(", ")));
            }
            return Ok(());
        }
        self.set_extra(store.load(&self.state(), path)?)
    }

    fn bind(self: &Arc<Self>, entry: &str, params: &Json, _: voxloom_sdk::Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(match entry {
            "features" => Box::new(move |call: &mut Call| this.features(call)),
            "heads" => {
                let tasks = this.numbers(&HeadParams::parse(params)?.tasks)?;
                Box::new(move |call: &mut Call| this.heads(call, &tasks))
            }
            "forward" => Box::new(move |call: &mut Call| this.forward(call)),
            "scores" => {
                let ScoreParams { tasks, flips } = ScoreParams::parse(params)?;
                let tasks = this.numbers(&tasks)?;
                Box::new(move |call: &mut Call| {
                    let image: Tensor = call.input("image")?;
                    let scores = this.network.run(|network| scores(network, &image, &tasks, flips))?;
                    call.output("scores", scores)
                })
            }
            _ => {
                let params = SegmentParams::parse(params)?;
                let tasks = this.numbers(&params.tasks)?;
                Box::new(move |call: &mut Call| this.segment(call, &tasks, &params))
            }
        })
    }
}

impl Widen for Features {
    fn widen(self) -> Self {
        Self { map: self.map.widen(), pooled: self.pooled.widen() }
    }
}

/// Probabilities of all `tasks` for one patch.
fn scores(network: &Network, image: &Tensor, tasks: &[i64], flips: bool) -> crate::Result<Tensor> {
    let predict = |image: &Tensor| {
        let features = network.features(image)?.widen();
        Ok(network.heads(&features, tasks)?.widen().sigmoid())
    };
    if flips { averaged_over_flips(image, predict) } else { predict(image) }
}

impl DodNet {
    fn features(&self, call: &mut Call) -> Result<()> {
        let image: Tensor = call.input("image")?;
        let features = self.network.run(|network| network.features(&image))?;
        call.output("feature", features.map)?;
        call.output("pooled", features.pooled)
    }

    fn heads(&self, call: &mut Call, tasks: &[i64]) -> Result<()> {
        let features = Features { map: call.input("feature")?, pooled: call.input("pooled")? };
        call.output("logits", self.network.run(|network| network.heads(&features, tasks))?)
    }

    fn forward(&self, call: &mut Call) -> Result<()> {
        let (image, task): (Tensor, Json) = (call.input("image")?, call.input("task")?);
        let samples = image.size()[0] as usize;
        let wanted = match task {
            Json::Array(list) => list,
            one => vec![one; samples],
        };
        if wanted.len() != samples {
            return Err(Error::item(format!("`task` names {} tasks for {samples} samples; give one a sample", wanted.len())));
        }
        let tasks = self.numbers_of(&wanted).map_err(|fault| fault.context("`task`"))?;
        call.output("logits", self.network.run(|network| network.forward(&image, &tasks))?)
    }

    fn segment(&self, call: &mut Call, tasks: &[i64], params: &SegmentParams) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let tiling = Tiling { tile: params.size.0, pad_value: params.pad_value, compat: params.compat };
        let image = single(&volume, "volume")?.to_kind(Kind::Float);
        let (total, mut done) = (tiling.n_windows(&image)? as u64, 0);
        let mut watched = |network: &Network, patch: &Tensor| {
            if call.cancelled() {
                return Err(Fault::Cancelled);
            }
            call.progress(done, total);
            done += 1;
            scores(network, patch, tasks, params.flips)
        };
        let found = self.network.run(|network| stitch(&image, &tiling, |patch| watched(network, patch)));
        if call.cancelled() {
            return Err(Error::cancelled());
        }
        call.output("scores", volume.with_data(found?))
    }

    /// Tasks of a node; none means all.
    fn numbers(&self, wanted: &[Json]) -> Result<Vec<i64>> {
        if wanted.is_empty() {
            return Ok((0..self.tasks.len() as i64).collect());
        }
        self.numbers_of(wanted).map_err(|fault| Error::param("tasks", fault.message()))
    }

    fn numbers_of(&self, wanted: &[Json]) -> Result<Vec<i64>> {
        wanted.iter().map(|task| Ok(self.tasks.find(task)? as i64)).collect()
    }
}
