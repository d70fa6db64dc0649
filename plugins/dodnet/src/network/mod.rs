//! The network: one trunk for all tasks, and a tiny head a task whose weights a controller makes.
//!
//! Only the head depends on the task (`papers`: section 2.6), so the trunk runs once however many tasks are wanted.

mod architecture;
mod config;
mod controller;
mod head;
mod parameters;
mod standardise;
mod trunk;

pub use architecture::{Architecture, Block, Parameter, Stage, Start};
pub use config::{HeadShape, NetworkConfig, groups};
pub use controller::{Controller, HeadParameters, one_hot};
pub use head::apply as apply_head;
pub use parameters::{Parameters, Ready};
pub use standardise::standardise;
pub use trunk::{Features, block as residual_block, double as upsample};

use crate::{Fault, Result};
use rand::Rng;
use tch::{Device, Tensor};

/// Sizes along each axis must be multiples of this: the trunk halves four times.
pub const DIVISOR: i64 = 16;

/// A DoDNet with its weights.
pub struct Network {
    config: NetworkConfig,
    plan: Architecture,
    parameters: Parameters,
}

impl Network {
    /// A network with the framework's default initial weights, drawn from `rng`.
    ///
    /// # Errors
    /// A configuration out of range.
    pub fn new(config: NetworkConfig, device: Device, rng: &mut impl Rng) -> Result<Self> {
        config.check()?;
        let plan = Architecture::new(&config);
        let parameters = Parameters::new(&plan.parameters, device, rng);
        Ok(Self { config, plan, parameters })
    }

    /// A network with given weights, by name and shape.
    ///
    /// # Errors
    /// A configuration out of range, or a tensor of another shape than the plan's.
    pub fn from_fn(config: NetworkConfig, mut value: impl FnMut(&Parameter) -> Tensor) -> Result<Self> {
        config.check()?;
        let plan = Architecture::new(&config);
        let tensors: Vec<Tensor> = plan.parameters.iter().map(&mut value).collect();
        for (parameter, tensor) in plan.parameters.iter().zip(&tensors) {
            if parameter.shape != tensor.size() {
                let text = format!("`{}` has shape {:?}, expected {:?}", parameter.name, tensor.size(), parameter.shape);
                return Err(Fault::Shape { what: "weights", text });
            }
        }
        let parameters = Parameters::from_tensors(&plan.parameters, tensors);
        Ok(Self { config, plan, parameters })
    }

    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    pub fn plan(&self) -> &Architecture {
        &self.plan
    }

    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Names and tensors, in the order of the authors' checkpoints. The tensors share storage with the network.
    pub fn named(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.plan.parameters.iter().map(|parameter| parameter.name.as_str()).zip(self.parameters.tensors())
    }

    /// The trunk: all that heads need, whatever their tasks.
    ///
    /// # Shapes
    /// - in:  `[N, 1, D%16, H%16, W%16]`
    /// - out: map `[N, head_width, D, H, W]`, pooled `[N, F]`
    ///
    /// # Errors
    /// Another shape.
    pub fn features(&self, image: &Tensor) -> Result<Features> {
        self.features_seen(image, &mut |_, _| {})
    }

    /// [`Network::features`], showing every stage's output under the authors' name.
    ///
    /// # Errors
    /// Another shape.
    pub fn features_seen(&self, image: &Tensor, observe: &mut dyn FnMut(&str, &Tensor)) -> Result<Features> {
        check_image(image)?;
        self.check_kind("image", image)?;
        Ok(trunk::trunk(&self.plan, &self.parameters.ready(), image, observe))
    }

    /// The numbers of every wanted head: `[N, tasks, P]`.
    ///
    /// # Errors
    /// A task out of range.
    pub fn head_parameters(&self, pooled: &Tensor, tasks: &[i64]) -> Result<Tensor> {
        self.check_tasks(tasks)?;
        Ok(self.controller().every(pooled, tasks))
    }

    /// The heads of all wanted tasks on features of one pass.
    ///
    /// # Shapes
    /// - out: `[N, K·C, D, H, W]` for K tasks of C channels, task by task; logits
    ///
    /// # Errors
    /// A task out of range.
    pub fn heads(&self, features: &Features, tasks: &[i64]) -> Result<Tensor> {
        self.check_features(features)?;
        let numbers = self.head_parameters(&features.pooled, tasks)?;
        let shape = self.config.head();
        // One task after the other: all at once would hold a hidden layer of every task in memory.
        let logits: Vec<Tensor> =
            (0..tasks.len() as i64).map(|k| head::apply(&shape, &features.map, &numbers.select(1, k))).collect();
        Ok(Tensor::cat(&logits, 1))
    }

    /// One task a sample, as in training: the loss asks sample n for `tasks[n]` alone.
    ///
    /// # Shapes
    /// - in:  `[N, 1, D%16, H%16, W%16]`, N tasks
    /// - out: `[N, C, D, H, W]`, logits
    ///
    /// # Errors
    /// Another shape, a task out of range, or not one task a sample.
    pub fn forward(&self, image: &Tensor, tasks: &[i64]) -> Result<Tensor> {
        let features = self.features(image)?;
        let numbers = self.head_parameters_each(&features.pooled, tasks)?;
        Ok(head::apply(&self.config.head(), &features.map, &numbers))
    }

    /// The numbers of one head a sample: `[N, P]`.
    ///
    /// # Errors
    /// A task out of range, or not one task a sample.
    pub fn head_parameters_each(&self, pooled: &Tensor, tasks: &[i64]) -> Result<Tensor> {
        self.check_tasks(tasks)?;
        if tasks.len() as i64 != pooled.size()[0] {
            let text = format!("{} tasks for {} samples; give one a sample", tasks.len(), pooled.size()[0]);
            return Err(Fault::Shape { what: "tasks", text });
        }
        Ok(self.controller().one_each(pooled, tasks))
    }

    fn controller(&self) -> impl HeadParameters + '_ {
        let tensor = |index| self.parameters.tensor(index);
        Controller { weight: tensor(self.plan.controller_weight), bias: tensor(self.plan.controller_bias) }
    }

    fn check_features(&self, features: &Features) -> Result<()> {
        self.check_kind("feature", &features.map)?;
        let (map, pooled) = (features.map.size(), features.pooled.size());
        let (width, inputs) = (self.config.head_width as i64, self.config.stages()[3]);
        if map.len() == 5 && map[1] == width && pooled == [map[0], inputs] {
            return Ok(());
        }
        let text = format!(
            "got {map:?} and pooled {pooled:?}, expected [N, {width}, D, H, W] and [N, {inputs}], as `features` gives them"
        );
        Err(Fault::Shape { what: "feature", text })
    }

    fn check_kind(&self, what: &'static str, tensor: &Tensor) -> Result<()> {
        let expected = self.parameters.tensor(0).kind();
        if tensor.kind() == expected {
            return Ok(());
        }
        let name = voxloom_sdk::dtype_name;
        Err(Fault::Kind { what, found: name(tensor.kind()), expected: name(expected) })
    }

    fn check_tasks(&self, tasks: &[i64]) -> Result<()> {
        match tasks.iter().find(|&&task| task < 0 || task >= self.config.tasks as i64) {
            Some(&task) => Err(Fault::Task { task, tasks: self.config.tasks }),
            None => Ok(()),
        }
    }
}

fn check_image(image: &Tensor) -> Result<()> {
    let size = image.size();
    let fits = size.len() == 5 && size[1] == 1 && size[2..].iter().all(|n| *n > 0 && n % DIVISOR == 0);
    if fits {
        return Ok(());
    }
    let text = format!(
        "got {size:?}, expected [N, 1, D, H, W] with D, H and W multiples of {DIVISOR}; pad it, or cut windows of such a size"
    );
    Err(Fault::Shape { what: "image", text })
}
