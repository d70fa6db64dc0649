//! `pcrl.teacher`: the network that follows the student.

use super::features::{FEATURES, draws_of, rows, to_record};
use super::network_params::{network, network_params};
use crate::network::{Network, Part, follow, load};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use voxloom_parts::{FORWARD, Mode, Placed};
use voxloom_sdk::prelude::*;
use voxloom_sdk::{Store, tensor_of};

network_params! {
    /// PCRL's momentum teacher. It begins as a copy of the student's parameters and follows them; its BatchNorm always uses the
    /// statistics of the batch, and keeps running ones of its own.
    TeacherParams {
        /// Part of the teacher's parameters that stays at each `follow`.
        #[param(default = 0.999, min = 0.0, below = 1.0)]
        pub momentum: f64,
    }
}

/// The module.
pub struct Teacher {
    network: Placed<Network>,
    momentum: f64,
    /// The parameters were copied from the student, or came from a file.
    begun: AtomicBool,
}

impl Module for Teacher {
    const NAME: &'static str = "pcrl.teacher";
    type Params = TeacherParams;

    fn entries() -> Vec<Entry> {
        let after = || Port::of("after", "any").optional().about("any output of the step that this must follow");
        let student = "the network that it follows";
        vec![
            Entry::map()
                .named("encode")
                .about("Features and keys of a batch, without gradients. The very first call copies the student's parameters.")
                .writes()
                .uses("student", Access::Read, student)
                .input(Port::tensor("image").about("`[N, 3, H%32, W%32]` in 2D, `[N, 1, X%8, Y%8, Z%8]` in 3D"))
                .input(Port::json("draws").optional().about("from `pcrl.draws`: the order in which the batch is shown"))
                .input(after())
                .output(Port::tensor("key").shape("[N, E]").about("the vector that is contrasted"))
                .output(Port::of("features", FEATURES).about("bottleneck and skips")),
            Entry::map()
                .named("follow")
                .about("Moves the parameters towards the student's: after the optimizer's step. Running statistics stay its own.")
                .writes()
                .uses("student", Access::Read, student)
                .input(after())
                .output(Port::json("done").about("`momentum`")),
        ]
    }

    fn runs() -> Runs {
        FORWARD
    }

    fn create(params: &TeacherParams, context: &Context) -> Result<Self> {
        let network = network(params.config(), params.precision, context)?;
        Ok(Self { network, momentum: params.momentum, begun: AtomicBool::new(false) })
    }

    fn state(&self) -> Vec<State> {
        // Nothing here is learned by an optimizer.
        self.network.entries().iter().map(|named| State::new(named.name.as_str(), &*named.tensor, false)).collect()
    }

    fn extra(&self) -> Json {
        json!({ "begun": self.begun.load(Ordering::Relaxed) })
    }

    fn set_extra(&self, extra: Json) -> Result<()> {
        // Weights of others are not to be overwritten by the first call.
        self.begun.store(extra["begun"].as_bool().unwrap_or(true), Ordering::Relaxed);
        Ok(())
    }

    fn load(&self, store: &dyn Store, context: &Context, path: &Path) -> Result<()> {
        if voxloom_weights::read_part(path, "model_ema")?.tensors.is_empty() {
            return self.set_extra(store.load(&self.state(), path)?);
        }
        if let Some(report) = load(&self.network, path, Part::Teacher)?.report() {
            context.warn(&format!("{}: {report}", path.display()));
        }
        self.set_extra(Json::Null)
    }

    fn bind(self: &Arc<Self>, entry: &str, _: &Json, uses: Uses) -> Result<Box<dyn Bound>> {
        let (this, student) = (Arc::clone(self), uses.one("student")?);
        Ok(match entry {
            "encode" => Box::new(move |call: &mut Call| this.encode(call, student)),
            _ => Box::new(move |call: &mut Call| {
                this.approach(student, this.momentum)?;
                this.begun.store(true, Ordering::Relaxed);
                call.output("done", json!({ "momentum": this.momentum }))
            }),
        })
    }
}

impl Teacher {
    fn encode(&self, call: &mut Call, student: ModuleHandle) -> Result<()> {
        let image: Tensor = call.input("image")?;
        let draws = if call.has("draws") { Some(draws_of(call, rows(&image, "image")?)?) } else { None };
        if !self.begun.load(Ordering::Relaxed) {
            self.approach(student, 0.0)?;
            self.begun.store(true, Ordering::Relaxed);
        }
        let (key, features) = tch::no_grad(|| -> Result<_> {
            let shown = draws.as_ref().map_or_else(|| image.shallow_clone(), |draws| draws.shuffled(&image));
            let (key, features) = self.network.run(|network| network.encode_and_embed(&shown, Mode::Train))?;
            let back = |x: &Tensor| draws.as_ref().map_or_else(|| x.shallow_clone(), |draws| draws.unshuffled(x));
            Ok((back(&key), features.map(back)))
        })?;
        call.output("key", key)?;
        call.output("features", to_record(&features))
    }

    /// `momentum · own + (1 - momentum) · student`, for parameters alone.
    fn approach(&self, student: ModuleHandle, momentum: f64) -> Result<()> {
        let states = student.state()?;
        let sources = states.iter().filter(|state| state.trainable);
        let sources = sources.map(|state| Ok((state.name.as_str(), tensor_of(&state.value)?))).collect::<Result<Vec<_>>>()?;
        let own: Vec<_> = self.network.entries().parameters().collect();
        let names =
            |list: &mut dyn Iterator<Item = (&str, Vec<i64>)>| list.map(|(n, s)| format!("{n} {s:?}")).collect::<Vec<_>>();
        let theirs = names(&mut sources.iter().map(|(name, tensor)| (*name, tensor.size())));
        let mine = names(&mut own.iter().map(|named| (named.name.as_str(), named.tensor.size())));
        if let Some((mine, theirs)) = mine.iter().zip(&theirs).find(|(mine, theirs)| mine != theirs) {
            return Err(Error::fatal(format!(
                "teacher and student are not one network: the teacher has {mine}, `{}` has {theirs}; give both the same `dims`, `width`, `embedding`, `norm` and `activation`",
                student.name()
            )));
        }
        if mine.len() != theirs.len() {
            return Err(Error::fatal(format!(
                "the teacher has {} parameters, `{}` has {}",
                mine.len(),
                student.name(),
                theirs.len()
            )));
        }
        for (named, (_, source)) in own.iter().zip(&sources) {
            follow(&named.tensor, source, momentum);
        }
        Ok(())
    }
}
