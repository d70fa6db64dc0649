//! The module around a rule: one entry, `step`.

use super::gradients::{self, Gradients};
use super::memory::{Memory, Trainable};
use super::params::{Common, Rule};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use voxloom_sdk::prelude::*;
use voxloom_sdk::{Store, tensor_of};

/// An optimizer: a rule, and its memory of earlier gradients.
pub struct Optimizer<R: Rule> {
    rule: R,
    memory: Mutex<Memory>,
}

impl<R: Rule> Module for Optimizer<R> {
    const NAME: &'static str = R::NAME;
    type Params = R;

    fn entries() -> Vec<Entry> {
        let step = Entry::map()
            .named("step")
            .about("Differentiates the loss by the trainable weights of the networks in use, and steps them. A loss or gradient that is not finite stops the run and changes nothing.")
            .writes()
            .backward()
            .uses_many("net", Access::Write, "the networks whose trainable weights are stepped")
            .input(Port::tensor("loss").about("one number with its gradient graph"))
            .output(Port::json("loss").about(
                "`step` (steps done), `loss` (mean over the items of the step), `lr`, `grad_norm` (before clipping; null between steps), `stepped`, and with loss scaling `scale`",
            ));
        vec![step]
    }

    fn runs() -> Runs {
        Runs { threads: Threads::All, device: DeviceKind::Any, ..Runs::default() }
    }

    fn create(params: &R, _: &Context) -> Result<Self> {
        Ok(Self { rule: params.clone(), memory: Mutex::default() })
    }

    fn state(&self) -> Vec<State> {
        let tensors = self.memory().tensors(R::MOMENTS);
        tensors.into_iter().map(|(name, tensor)| State::new(name, tensor, false)).collect()
    }

    fn save(&self, _: &dyn Store, _: &Context, path: &Path) -> Result<()> {
        self.memory().save(R::NAME, R::MOMENTS, path)
    }

    fn load(&self, _: &dyn Store, _: &Context, path: &Path) -> Result<()> {
        let memory = Memory::load(R::NAME, R::MOMENTS, path)?;
        *self.memory() = memory;
        Ok(())
    }

    fn bind(self: &Arc<Self>, _: &str, _: &Json, uses: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(Box::new(move |call: &mut Call| {
            let weights = trainable(uses.many("net"))?;
            let loss: Tensor = call.input("loss")?;
            let place = call.node().to_owned();
            let report = this.item(&loss, &weights, &place)?;
            call.output("loss", report)
        }))
    }
}

impl<R: Rule> Optimizer<R> {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one item's loss, and steps when enough have come.
    fn item(&self, loss: &Tensor, weights: &[Trainable], node: &str) -> Result<Json> {
        let (memory, common) = (&mut *self.memory(), self.rule.common());
        memory.settle(weights)?;
        let place = format!("node `{node}`, step {}", memory.steps + 1);
        if loss.numel() != 1 {
            return Err(Error::fatal(format!("{place}: the loss must be one number, got shape {:?}", loss.size())));
        }
        let value = loss.detach().to_kind(tch::Kind::Double).view(-1).double_value(&[0]);
        if !value.is_finite() {
            return Err(Error::fatal(format!(
                "{place}: the loss is {value}; no weight was changed, the last checkpoint is good (try a lower learning rate, a warm-up, or `clip_norm`)"
            )));
        }
        if let Some(scaling) = common.loss_scale.as_ref().filter(|_| memory.scale == 0.0) {
            memory.scale = scaling.initial;
        }
        let scale = if common.loss_scale.is_some() { memory.scale } else { 1.0 };
        let gradients = gradients::of_loss(loss, scale, weights).map_err(|fault| fault.context(&place))?;
        let lr = common.lr * common.schedule.factor(memory.steps);
        let sums = add_up(memory, weights, gradients, common.accumulate, R::MOMENTS.len());
        (memory.items, memory.loss) = (memory.items + 1, memory.loss + value);
        let Some(gradients) = sums else {
            return Ok(json!({ "step": memory.steps, "loss": value, "lr": lr, "grad_norm": null, "stepped": false }));
        };
        let loss = memory.loss / memory.items as f64;
        (memory.items, memory.loss) = (0, 0.0);
        let (norm, stepped) = self.step(memory, &common, lr, weights, gradients, &place)?;
        let mut report = json!({ "step": memory.steps, "loss": loss, "lr": lr, "grad_norm": norm, "stepped": stepped });
        if common.loss_scale.is_some() {
            report["scale"] = memory.scale.into();
        }
        Ok(report)
    }

    /// Averages, clips and steps; says the norm before clipping, and whether weights were changed.
    fn step(
        &self,
        memory: &mut Memory,
        common: &Common,
        lr: f64,
        weights: &[Trainable],
        mut gradients: Gradients,
        place: &str,
    ) -> Result<(f64, bool)> {
        tch::no_grad(|| {
            let scale = if common.loss_scale.is_some() { memory.scale } else { 1.0 };
            gradients::multiply(&mut gradients, 1.0 / (scale * common.accumulate as f64));
            let norm = gradients::norm(&gradients);
            match &common.loss_scale {
                Some(scaling) if !norm.is_finite() => {
                    (memory.scale, memory.good) = (memory.scale * scaling.backoff, 0);
                    return Ok((norm, false));
                }
                Some(scaling) => {
                    memory.good += 1;
                    if memory.good == scaling.interval {
                        (memory.scale, memory.good) = (memory.scale * scaling.growth, 0);
                    }
                }
                None if !norm.is_finite() => {
                    return Err(Error::fatal(format!(
                        "{place}: the gradient's norm is {norm}; no weight was changed, the last checkpoint is good (float16 needs `loss_scale`)"
                    )));
                }
                None => {}
            }
            if let Some(limit) = common.clip_value {
                gradients::clip_value(&mut gradients, limit);
            }
            if let Some(limit) = common.clip_norm {
                let norm = if common.clip_value.is_some() { gradients::norm(&gradients) } else { norm };
                gradients::clip_norm(&mut gradients, norm, limit);
            }
            for (weight, gradient) in weights.iter().zip(gradients) {
                let Some(gradient) = gradient else { continue };
                let slot = memory.slot(&weight.name, R::MOMENTS.len());
                slot.steps += 1;
                self.rule.update(lr, slot.steps, &mut weight.tensor.shallow_clone(), gradient, &mut slot.moments);
            }
            memory.steps += 1;
            Ok((norm, true))
        })
    }
}

/// Adds an item's gradients to those that wait; gives the sums when `accumulate` items have come.
fn add_up(
    memory: &mut Memory,
    weights: &[Trainable],
    gradients: Gradients,
    accumulate: u64,
    n_moments: usize,
) -> Option<Gradients> {
    if accumulate == 1 {
        return Some(gradients);
    }
    for (weight, gradient) in weights.iter().zip(gradients) {
        let Some(gradient) = gradient else { continue };
        match &mut memory.slot(&weight.name, n_moments).accumulated {
            Some(sum) => *sum += gradient,
            // A copy: the gradient may share storage with another weight's.
            none => *none = Some(gradient.copy()),
        }
    }
    (memory.items + 1 >= accumulate)
        .then(|| weights.iter().map(|weight| memory.slot(&weight.name, n_moments).accumulated.take()).collect())
}

fn trainable(nets: &[ModuleHandle]) -> Result<Vec<Trainable>> {
    let mut weights = Vec::new();
    for net in nets {
        for state in net.state()?.into_iter().filter(|state| state.trainable) {
            let tensor =
                tensor_of(&state.value).map_err(|fault| fault.context(format_args!("`{}` of `{}`", state.name, net.name())))?;
            weights.push(Trainable { name: format!("{}.{}", net.name(), state.name), tensor });
        }
    }
    if weights.is_empty() {
        let names: Vec<&str> = nets.iter().map(ModuleHandle::name).collect();
        return Err(Error::fatal(format!("nothing to train: `use.net` ({}) has no trainable weight", names.join(", "))));
    }
    Ok(weights)
}
