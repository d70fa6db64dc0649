//! Which cases a training step sees: shuffled epochs, resumed where they stood.

mod cases;
mod order;

use order::Order;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use voxloom_sdk::prelude::*;

/// Draws cases for training, without end. Every epoch is a new order of all cases; the position is part of the module's state.
#[derive(Params, Clone, Debug)]
#[param(check)]
pub struct SamplerParams {
    /// The cases: a list of objects with `image`, and `label`, `task`, … as the pipeline wants them.
    pub cases: Option<Json>,
    /// A JSON file with such a list, alone or under `cases` or `training` (Medical Segmentation Decathlon); paths in it are seen from its folder.
    #[param(path)]
    pub file: Option<PathBuf>,
    /// A folder of NIfTI or PNG files, one a case. PNG files beside NIfTI files count as previews. DICOM series stand in a list, as `image` or `slices`.
    #[param(path)]
    pub folder: Option<PathBuf>,
    /// With `folder`: a folder with labels of the same file names; cases without a label are refused.
    #[param(path)]
    pub labels: Option<PathBuf>,
    /// Only cases whose entries equal these (`{"split": "train"}`).
    #[param(default = JsonMap::new())]
    pub only: JsonMap,
    /// Cases in one training step.
    #[param(default = 1, min = 1)]
    pub batch: usize,
    /// Orders every epoch anew; otherwise cases come in their order.
    #[param(default = true)]
    pub shuffle: bool,
    /// Name of an entry (`task`): its values take turns, however many cases each has.
    pub balance: Option<String>,
}

impl SamplerParams {
    fn check_relations(&self) -> Result<()> {
        match [self.cases.is_some(), self.file.is_some(), self.folder.is_some()].map(usize::from).iter().sum() {
            1 => Ok(()),
            0 => Err(Error::param("cases", "is missing: give `cases`, `file` or `folder`")),
            _ => Err(Error::param("cases", "must be the only source: give one of `cases`, `file` and `folder`")),
        }
    }
}

/// How far one use of the sampler goes.
#[derive(Params, Clone, Debug)]
pub struct NextParams {
    /// Ends after so many epochs, counted from where it stands; the last step may then be short. Left out: never.
    #[param(min = 1)]
    pub epochs: Option<u64>,
}

/// The cases and the position among them.
pub struct Sampler {
    cases: Vec<Json>,
    batch: usize,
    order: Order,
    position: Mutex<Position>,
}

#[derive(Clone, Copy)]
struct Position {
    seed: u64,
    drawn: u64,
}

impl Module for Sampler {
    const NAME: &'static str = "train.sampler";
    type Params = SamplerParams;

    fn entries() -> Vec<Entry> {
        let next = Entry::scatter()
            .named("next")
            .about("One item a training step.")
            .writes()
            .params::<NextParams>()
            .output(Port::json("cases").about("the step's cases, as they are in the list"))
            .output(Port::json("position").about("`epoch` of the first case, and `drawn`: cases drawn so far"));
        vec![next]
    }

    fn create(params: &SamplerParams, context: &Context) -> Result<Self> {
        let cases = cases::find(params)?;
        let groups = cases::groups(&cases, params.balance.as_deref())?;
        let order = Order { groups, shuffle: params.shuffle };
        let position = Mutex::new(Position { seed: context.seed(), drawn: 0 });
        Ok(Self { cases, batch: params.batch, order, position })
    }

    fn extra(&self) -> Json {
        let position = *self.position();
        // Text: JSON numbers of other programs lose the low digits of 64 bits.
        json!({ "seed": position.seed.to_string(), "drawn": position.drawn, "cases": self.cases.len() })
    }

    fn set_extra(&self, extra: Json) -> Result<()> {
        let seed = extra["seed"].as_str().and_then(|seed| seed.parse().ok());
        let (Some(seed), Some(drawn)) = (seed, extra["drawn"].as_u64()) else {
            return Err(Error::item(format!("this is no sampler's state: {extra}")));
        };
        if extra["cases"] != self.cases.len() {
            return Err(Error::item(format!(
                "the saved position is among {} cases, now there are {}",
                extra["cases"],
                self.cases.len()
            )));
        }
        *self.position() = Position { seed, drawn };
        Ok(())
    }

    fn bind(self: &Arc<Self>, _: &str, params: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let (this, params) = (Arc::clone(self), <NextParams as voxloom_sdk::params::ParamType>::parse(params)?);
        Ok(scatter(move |_: &mut Call| {
            let drawn = this.position().drawn;
            let epoch = this.order.epoch_len();
            let end = params.epochs.map(|epochs| drawn.saturating_add(epochs.saturating_mul(epoch)));
            Ok(Box::new(Draws { sampler: Arc::clone(&this), end }))
        }))
    }
}

impl Sampler {
    fn position(&self) -> MutexGuard<'_, Position> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Draws {
    sampler: Arc<Sampler>,
    end: Option<u64>,
}

impl Cursor for Draws {
    fn next(&mut self, call: &mut Call) -> Result<bool> {
        let sampler = &self.sampler;
        let mut position = sampler.position();
        let left = self.end.map_or(u64::MAX, |end| end.saturating_sub(position.drawn));
        let n = (sampler.batch as u64).min(left);
        if n == 0 {
            return Ok(false);
        }
        let first = position.drawn;
        let cases: Vec<Json> =
            (first..first + n).map(|draw| sampler.cases[sampler.order.at(position.seed, draw)].clone()).collect();
        position.drawn += n;
        call.output("cases", Json::Array(cases))?;
        call.output("position", json!({ "epoch": first / sampler.order.epoch_len(), "drawn": position.drawn }))?;
        Ok(true)
    }
}
