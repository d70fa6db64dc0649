//! What an optimizer remembers between steps, and its form in a file.
//!
//! Names in the file: `<module>.<weight>.<moment>`, `….step` (updates of this weight) and `….accumulated` (gradients of items
//! whose step is still to come).

use crate::tensor_file;
use std::collections::BTreeMap;
use std::path::Path;
use tch::Tensor;
use voxloom_sdk::prelude::*;

const STEP: &str = "step";
const ACCUMULATED: &str = "accumulated";

/// A trainable weight of a network in use.
pub struct Trainable {
    /// `<module>.<name>`.
    pub name: String,
    /// Shares storage with the network.
    pub tensor: Tensor,
}

/// What is kept for one weight.
#[derive(Default)]
pub struct Slot {
    pub moments: Vec<Option<Tensor>>,
    pub steps: i64,
    pub accumulated: Option<Tensor>,
}

/// The whole memory.
#[derive(Default)]
pub struct Memory {
    pub slots: BTreeMap<String, Slot>,
    /// Optimizer steps done.
    pub steps: u64,
    /// Items whose gradients wait for the step.
    pub items: u64,
    /// Sum of their losses.
    pub loss: f64,
    /// Loss scale; 0 before the first step.
    pub scale: f64,
    /// Good steps since the scale changed.
    pub good: u64,
    /// Read from a file and not yet held against the networks.
    pub unchecked: bool,
}

impl Memory {
    /// All tensors in a fixed order.
    pub fn tensors(&self, moments: &[&str]) -> Vec<(String, Tensor)> {
        let mut tensors = Vec::new();
        for (name, slot) in &self.slots {
            let kept = moments.iter().zip(&slot.moments).chain([(&ACCUMULATED, &slot.accumulated)]);
            let kept = kept.filter_map(|(what, tensor)| Some((format!("{name}.{what}"), tensor.as_ref()?.shallow_clone())));
            tensors.extend(kept);
            tensors.push((format!("{name}.{STEP}"), Tensor::from(slot.steps)));
        }
        tensors
    }

    pub fn save(&self, rule: &str, moments: &[&str], path: &Path) -> Result<()> {
        let extra = json!({
            "optimizer": rule, "steps": self.steps, "items": self.items, "loss": self.loss, "scale": self.scale, "good": self.good,
        });
        tensor_file::save(path, &self.tensors(moments), &extra)
    }

    /// # Errors
    /// The file is of another optimizer, or not one's state at all.
    pub fn load(rule: &str, moments: &[&str], path: &Path) -> Result<Self> {
        let (tensors, extra) = tensor_file::load(path)?;
        match extra["optimizer"].as_str() {
            Some(found) if found == rule => {}
            Some(found) => return Err(Error::item(format!("{}: this is the state of {found}, expected {rule}", path.display()))),
            None => return Err(Error::item(format!("{}: this is no optimizer's state", path.display()))),
        }
        let whole = |key: &str| extra[key].as_u64().unwrap_or(0);
        let real = |key: &str| extra[key].as_f64().unwrap_or(0.0);
        let mut memory = Self {
            steps: whole("steps"),
            items: whole("items"),
            loss: real("loss"),
            scale: real("scale"),
            good: whole("good"),
            unchecked: true,
            ..Self::default()
        };
        for (name, tensor) in tensors {
            let (weight, what) = name.rsplit_once('.').unwrap_or(("", &name));
            let slot = memory.slots.entry(weight.to_owned()).or_insert_with(|| Slot::empty(moments.len()));
            match (moments.iter().position(|moment| *moment == what), what) {
                (Some(index), _) => slot.moments[index] = Some(tensor),
                (None, STEP) => slot.steps = tensor.f_int64_value(&[])?,
                (None, ACCUMULATED) => slot.accumulated = Some(tensor),
                (None, _) => return Err(Error::item(format!("{}: `{name}` is nothing that {rule} keeps", path.display()))),
            }
        }
        Ok(memory)
    }

    /// Holds what a file gave against the weights, and brings it to their device.
    ///
    /// # Errors
    /// The file belongs to another network.
    pub fn settle(&mut self, weights: &[Trainable]) -> Result<()> {
        if !self.unchecked {
            return Ok(());
        }
        let by_name: BTreeMap<&str, &Tensor> = weights.iter().map(|weight| (weight.name.as_str(), &weight.tensor)).collect();
        let mut wrong = Vec::new();
        for (name, slot) in &mut self.slots {
            let tensors = || slot.moments.iter().chain([&slot.accumulated]).flatten();
            match by_name.get(name.as_str()) {
                None => wrong.push(format!("{name} (no such weight)")),
                Some(weight) if tensors().any(|kept| kept.size() != weight.size()) => {
                    wrong.push(format!("{name} (the weight is {:?})", weight.size()))
                }
                Some(weight) => {
                    let device = weight.device();
                    for kept in slot.moments.iter_mut().chain([&mut slot.accumulated]).flatten() {
                        *kept = kept.to_device(device);
                    }
                }
            }
        }
        if !wrong.is_empty() {
            let (n, first) = (wrong.len(), wrong.into_iter().take(8).collect::<Vec<_>>().join(", "));
            return Err(Error::fatal(format!(
                "the optimizer's saved state belongs to another network: {n} of its entries do not fit: {first}"
            )));
        }
        self.unchecked = false;
        Ok(())
    }

    /// The slot of a weight, made on first sight.
    pub fn slot(&mut self, name: &str, n_moments: usize) -> &mut Slot {
        if !self.slots.contains_key(name) {
            self.slots.insert(name.to_owned(), Slot::empty(n_moments));
        }
        self.slots.get_mut(name).expect("it was put there on the line above")
    }
}

impl Slot {
    fn empty(n_moments: usize) -> Self {
        Self { moments: (0..n_moments).map(|_| None).collect(), ..Self::default() }
    }
}
