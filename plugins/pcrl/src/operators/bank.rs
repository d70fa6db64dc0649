//! `pcrl.bank`: the queue of old keys and the contrast against it.

use crate::contrast::{Queue, QueueConfig, Variant, owner};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use voxloom_sdk::Store;
use voxloom_sdk::params::ParamType;
use voxloom_sdk::prelude::*;

/// What stands for the size of the data in the contrast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DataSize {
    /// The number of batches in an epoch, as in the authors' code.
    Batches,
    /// The number of images.
    Images,
    /// This number.
    Number(f64),
}

impl ParamType for DataSize {
    fn schema() -> Json {
        json!({})
    }

    fn parse(json: &Json) -> Result<Self> {
        match (json.as_str(), json.as_f64()) {
            (Some("batches"), _) => Ok(Self::Batches),
            (Some("images"), _) => Ok(Self::Images),
            (_, Some(number)) if number > 0.0 => Ok(Self::Number(number)),
            _ => Err(Error::param("", format!("must be \"batches\", \"images\" or a number above 0, got {json}"))),
        }
    }

    fn to_json(&self) -> Json {
        match self {
            Self::Batches => json!("batches"),
            Self::Images => json!("images"),
            Self::Number(number) => json!(number),
        }
    }
}

/// PCRL's queue: keys of earlier batches, which every query is contrasted with. Rows, Z and the position are saved.
#[derive(Params, Clone, Debug)]
pub struct BankParams {
    /// Rows; at least as many as a batch has images.
    #[param(default = 16384, min = 1)]
    pub size: i64,
    /// Length of a row; the networks' must be the same.
    #[param(default = 128, min = 2, max = 4096)]
    pub embedding: i64,
    /// What inner products are divided by.
    #[param(default = 0.2, above = 0.0)]
    pub temperature: f64,
    /// Noise-contrastive estimation, or the cross-entropy of a softmax.
    #[param(default = Variant::Nce)]
    pub variant: Variant,
    /// Images that are learned from.
    #[param(min = 1)]
    pub images: u64,
    /// Images in a training step.
    #[param(default = 64, min = 1)]
    pub batch: u64,
    /// What enters Z and the weight of the negatives: `batches` (of an epoch, the authors' choice), `images`, or a number. Raise it where Z would be 0.
    #[param(default = DataSize::Batches)]
    pub n_data: DataSize,
    /// As the authors' code: a loaded queue begins at its first row again.
    #[param(default = false)]
    pub compat: bool,
}

/// The module.
pub struct Bank {
    queue: Mutex<Queue>,
    compat: bool,
}

impl Module for Bank {
    const NAME: &'static str = "pcrl.bank";
    type Params = BankParams;

    fn entries() -> Vec<Entry> {
        let contrast = Entry::map()
            .named("contrast")
            .about("Contrasts each query with its key against the queue, then puts the keys into it. Vectors are brought to length 1.")
            .writes()
            .input(Port::tensor("query").shape("[N, E]").dtype("float32").about("the student's"))
            .input(Port::tensor("key").shape("[N, E]").dtype("float32").about("the teacher's; takes no gradient"))
            .input(Port::json("names").optional().about("a name a row, or a list of two: retrieval leaves out rows of the same image"))
            .input(Port::of("after", "any").optional().about("any output of the call that this must follow"))
            .output(Port::tensor("loss").shape("[]").about("summed over negatives, averaged over the batch"))
            .output(Port::json("report").about(
                "`prob` (mean score of the positives), `retrieval` (part of the queries whose key is nearer than every row of another image), `z` and `position`",
            ));
        vec![contrast]
    }

    fn runs() -> Runs {
        Runs { threads: Threads::All, device: DeviceKind::Any, ..Runs::default() }
    }

    fn create(params: &BankParams, context: &Context) -> Result<Self> {
        let n_data = match params.n_data {
            DataSize::Batches => params.images.div_ceil(params.batch.max(1)) as f64,
            DataSize::Images => params.images as f64,
            DataSize::Number(number) => number,
        };
        let BankParams { size, embedding, temperature, variant, compat, .. } = *params;
        let config = QueueConfig { size, embedding, temperature, n_data, variant };
        Ok(Self { queue: Mutex::new(Queue::random(config, context.device()?, &mut context.rng())), compat })
    }

    fn state(&self) -> Vec<State> {
        let queue = self.queue();
        let tensors = [("params", queue.params()), ("memory", queue.memory()), ("owners", queue.owners())];
        tensors.map(|(name, tensor)| State::new(name, tensor.shallow_clone(), false)).into()
    }

    fn extra(&self) -> Json {
        json!({ "position": self.queue().position() })
    }

    fn set_extra(&self, extra: Json) -> Result<()> {
        // Files of the authors say nothing of it.
        let position = if self.compat { 0 } else { extra["position"].as_i64().unwrap_or(0) };
        Ok(self.queue().set_position(position)?)
    }

    fn load(&self, store: &dyn Store, context: &Context, path: &Path) -> Result<()> {
        let theirs = voxloom_weights::read_part(path, "contrast")?;
        if theirs.tensors.is_empty() {
            return self.set_extra(store.load(&self.state(), path)?);
        }
        // The authors' dictionary holds rows and Z alone.
        let folder = context.scratch()?.join(format!("{}.safetensors", context.node()));
        voxloom_weights::write_safetensors(&folder, &theirs.tensors, &theirs.metadata)?;
        let mut state = self.state();
        state.retain(|state| state.name != "owners");
        store.load(&state, &folder)?;
        tch::no_grad(|| _ = self.queue().owners().shallow_clone().zero_());
        self.set_extra(Json::Null)
    }

    fn bind(self: &Arc<Self>, _: &str, _: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(Box::new(move |call: &mut Call| this.contrast(call)))
    }
}

impl Bank {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn contrast(&self, call: &mut Call) -> Result<()> {
        let (query, key): (Tensor, Tensor) = (call.input("query")?, call.input("key")?);
        let owners = call.optional::<Json>("names")?.map(|names| owners(&names)).transpose()?.unwrap_or_default();
        let mut queue = self.queue();
        let found = queue.contrast(&query, &key, &owners)?;
        let report = json!({ "prob": found.prob, "retrieval": found.retrieval, "z": queue.z(), "position": queue.position() });
        drop(queue);
        call.output("loss", found.loss)?;
        call.output("report", report)
    }
}

/// Two numbers a row: names of one image, or of the two that were mixed.
fn owners(names: &Json) -> Result<Vec<[i64; 2]>> {
    let wrong = || Error::item("`names` must be a list with a name, or a list of two names, for each row");
    let one = |name: &Json| match name {
        Json::Null => 0,
        Json::String(name) => owner(name),
        other => owner(&other.to_string()),
    };
    let pair = |name: &Json| match name {
        Json::Array(pair) if pair.len() == 2 => Ok([one(&pair[0]), one(&pair[1])]),
        Json::Array(_) => Err(wrong()),
        name => Ok([one(name), 0]),
    };
    names.as_array().ok_or_else(wrong)?.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_belong_to_one_image_or_to_two() {
        let found = owners(&json!(["a", ["a", "b"], null])).expect("names");
        assert_eq!(found, [[owner("a"), 0], [owner("a"), owner("b")], [0, 0]]);
        assert!(owners(&json!({ "a": 1 })).is_err());
        assert!(owners(&json!([["a"]])).is_err());
    }

    #[test]
    fn the_size_of_the_data_is_a_word_or_a_number() {
        assert_eq!(DataSize::parse(&json!("images")).expect("a word"), DataSize::Images);
        assert_eq!(DataSize::parse(&json!(12)).expect("a number").to_json(), json!(12.0));
        let fault = DataSize::parse(&json!("epochs")).expect_err("no such word");
        assert_eq!(fault.message(), "must be \"batches\", \"images\" or a number above 0, got \"epochs\"");
        assert!(DataSize::parse(&json!(0)).is_err());
    }
}
