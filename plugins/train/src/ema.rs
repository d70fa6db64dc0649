//! Averaged copies of a network's weights.

use crate::tensor_file;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use voxloom_sdk::prelude::*;
use voxloom_sdk::{Store, tensor_of};

/// Exponential moving average of a network's weights: `average = decay * average + (1 - decay) * weight`.
#[derive(Params, Clone, Debug)]
pub struct EmaParams {
    /// Part of the average that stays at each update.
    #[param(default = 0.999, min = 0.0, below = 1.0)]
    pub decay: f64,
    /// The decay is at most (1 + n) / (10 + n) at update n, so that the first weights are soon forgotten.
    #[param(default = false)]
    pub ramp: bool,
}

/// The averages, under the network's own names, so that a network loads what this saves.
pub struct Ema {
    params: EmaParams,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    averages: BTreeMap<String, Tensor>,
    updates: u64,
    /// The network holds the averages, and the averages' place holds its weights.
    swapped: bool,
}

impl Module for Ema {
    const NAME: &'static str = "train.ema";
    type Params = EmaParams;

    fn entries() -> Vec<Entry> {
        let done = || Port::json("done").about("`updates`: how often the averages were updated");
        let after = || Port::of("after", "any").optional().about("any output of the step that this must follow");
        let entry = |name: &str, about: &str| Entry::map().named(name).about(about).writes().input(after()).output(done());
        vec![
            entry(
                "update",
                "Moves the averages towards the network's weights; the first update copies them. What is not trained is copied.",
            )
            .uses("net", Access::Read, "the network that learns"),
            entry("swap", "Exchanges the network's weights and the averages: before a validation, and again after it.").uses(
                "net",
                Access::Write,
                "the network that learns",
            ),
            entry(
                "follow",
                "Moves another network's weights towards the network's in place (a momentum teacher); keeps no average here.",
            )
            .uses("net", Access::Read, "the network that learns")
            .uses("teacher", Access::Write, "the network that follows"),
        ]
    }

    fn runs() -> Runs {
        Runs { device: DeviceKind::Any, ..Runs::default() }
    }

    fn create(params: &EmaParams, _: &Context) -> Result<Self> {
        Ok(Self { params: params.clone(), memory: Mutex::default() })
    }

    fn state(&self) -> Vec<State> {
        self.memory().averages.iter().map(|(name, tensor)| State::new(name, tensor, false)).collect()
    }

    fn save(&self, _: &dyn Store, _: &Context, path: &Path) -> Result<()> {
        let memory = self.memory();
        let tensors: Vec<_> = memory.averages.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect();
        tensor_file::save(path, &tensors, &json!({ "updates": memory.updates, "swapped": memory.swapped }))
    }

    fn load(&self, _: &dyn Store, _: &Context, path: &Path) -> Result<()> {
        let (averages, extra) = tensor_file::load(path)?;
        // Weights of others start an average of one update.
        let updates = extra["updates"].as_u64().unwrap_or(1);
        *self.memory() = Memory { averages, updates, swapped: extra["swapped"] == true };
        Ok(())
    }

    fn bind(self: &Arc<Self>, entry: &str, _: &Json, uses: Uses) -> Result<Box<dyn Bound>> {
        let (this, net) = (Arc::clone(self), uses.one("net")?);
        let act: fn(&Self, &[State], &[State]) -> Result<()> = match entry {
            "swap" => |this, net, _| this.swap(net),
            "follow" => |this, net, teacher| this.follow(net, teacher),
            _ => |this, net, _| this.update(net),
        };
        let teacher = uses.many("teacher").first().copied();
        Ok(Box::new(move |call: &mut Call| {
            let teacher = teacher.map(|teacher| teacher.state()).transpose()?.unwrap_or_default();
            tch::no_grad(|| act(&this, &net.state()?, &teacher))?;
            call.output("done", json!({ "updates": this.memory().updates }))
        }))
    }
}

impl Ema {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decay(&self, updates: u64) -> f64 {
        let n = updates as f64;
        if self.params.ramp { self.params.decay.min((1.0 + n) / (10.0 + n)) } else { self.params.decay }
    }

    fn update(&self, net: &[State]) -> Result<()> {
        let mut memory = self.memory();
        if memory.swapped {
            return Err(Error::fatal("the network holds the averages: `swap` must come a second time before `update`"));
        }
        let weight = if memory.updates == 0 { 1.0 } else { 1.0 - self.decay(memory.updates) };
        for state in net {
            let tensor = tensor_of(&state.value)?.detach();
            let average = memory.averages.entry(state.name.clone()).or_insert_with(|| tensor.zeros_like());
            check_shape(&state.name, average, &tensor)?;
            *average = average.to_device(tensor.device());
            approach(average, &tensor, if state.trainable { weight } else { 1.0 });
        }
        memory.updates += 1;
        Ok(())
    }

    fn swap(&self, net: &[State]) -> Result<()> {
        let mut memory = self.memory();
        for state in net {
            let average = memory.averages.get(&state.name);
            let average = average
                .ok_or_else(|| Error::fatal(format!("there is no average of `{}`: `update` must come first", state.name)))?;
            check_shape(&state.name, average, &tensor_of(&state.value)?)?;
        }
        for state in net {
            let mut tensor = tensor_of(&state.value)?.detach();
            let kept = tensor.copy();
            if let Some(average) = memory.averages.insert(state.name.clone(), kept) {
                tensor.f_copy_(&average)?;
            }
        }
        memory.swapped = !memory.swapped;
        Ok(())
    }

    fn follow(&self, net: &[State], teacher: &[State]) -> Result<()> {
        let mut memory = self.memory();
        let sources: BTreeMap<&str, &State> = net.iter().map(|state| (state.name.as_str(), state)).collect();
        let mut pairs = Vec::new();
        for state in teacher {
            let source = sources.get(state.name.as_str());
            let source =
                source.ok_or_else(|| Error::fatal(format!("the teacher has `{}`, which the network has not", state.name)))?;
            let (target, tensor) = (tensor_of(&state.value)?.detach(), tensor_of(&source.value)?.detach());
            check_shape(&state.name, &target, &tensor)?;
            pairs.push((target, tensor, source.trainable));
        }
        let weight = 1.0 - self.decay(memory.updates);
        for (mut target, tensor, trainable) in pairs {
            approach(&mut target, &tensor, if trainable { weight } else { 1.0 });
        }
        memory.updates += 1;
        Ok(())
    }
}

/// Moves `average` in place; whole numbers (counters) are copied.
fn approach(average: &mut Tensor, tensor: &Tensor, weight: f64) {
    if weight == 1.0 || !tensor.is_floating_point() {
        average.copy_(tensor);
    } else {
        let _ = average.lerp_(tensor, weight);
    }
}

fn check_shape(name: &str, kept: &Tensor, tensor: &Tensor) -> Result<()> {
    if kept.size() == tensor.size() {
        return Ok(());
    }
    Err(Error::fatal(format!("the average of `{name}` is {:?}, the network's is {:?}", kept.size(), tensor.size())))
}
