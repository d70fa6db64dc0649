//! One iteration of the three networks in the authors' order, each with its own Adam (weight decay 0.0005, as in the paper).

use rand::RngCore;
use tch::{Device, Tensor};
use voxloom_mrnet::expertness::soft_truth;
use voxloom_mrnet::losses::{consistency, of_raters, weighted};
use voxloom_mrnet::network::{Coarse, NetworkConfig, Perception, Reconstruction};
use voxloom_optim::Adam;
use voxloom_parts::{Entries, Mode};

pub type Fault = Box<dyn std::error::Error>;

/// Weights of the conditions one rater, random, average.
const SHARES: [f64; 3] = [1.0, 2.0, 3.0];

/// The networks and their optimizers.
pub struct Training {
    pub coarse: Coarse,
    pub reconstruction: Reconstruction,
    pub perception: Perception,
    steps: [Steps; 3],
}

impl Training {
    /// # Errors
    /// A configuration out of range.
    pub fn new(config: NetworkConfig, rate: f64, rng: &mut dyn RngCore) -> Result<Self, Fault> {
        Ok(Self {
            coarse: Coarse::new(config, Device::Cpu, rng)?,
            reconstruction: Reconstruction::new(config, Device::Cpu, rng)?,
            perception: Perception::new(config, false, Device::Cpu, rng)?,
            steps: [0; 3].map(|_| Steps { rate, age: 0, moments: Vec::new() }),
        })
    }

    /// Steps all three; returns the totals of coarse, reconstruction and perception network.
    ///
    /// # Shapes
    /// - in: image `[N, 3, H, W]`, masks `[N, R, C, H, W]`, expertness `[3, N, R]`: one rater, random, average
    ///
    /// # Errors
    /// Shapes that do not belong together.
    pub fn iterate(&mut self, image: &Tensor, masks: &Tensor, expertness: &Tensor) -> Result<[f64; 3], Fault> {
        let [of_coarse, of_reconstruction, of_perception] = &mut self.steps;
        let target = soft_truth(masks, expertness)?;
        let z = self.coarse.conditions(image, expertness, Mode::Train)?;
        let maps = z.logits.detach();
        let raters = self.reconstruction.conditions(image, &maps, expertness, Mode::Train)?;
        let (rebuilt, _) = of_raters(&raters, masks)?;
        of_reconstruction.step(&rebuilt, self.reconstruction.entries())?;
        let measured = tch::no_grad(|| -> Result<Tensor, Fault> {
            let found = self.reconstruction.encode(image, &maps.get(2), Mode::Train)?;
            Ok(consistency(&found, &self.reconstruction.encode(image, &target.get(2), Mode::Train)?).0)
        })?;
        let total = weighted(&z.logits, &target, &SHARES)?.0 * 0.7 + measured * 0.3;
        of_coarse.step(&total, self.coarse.entries())?;
        let refined = self.perception.conditions(&raters.detach(), &z.features.detach(), &maps, Mode::Train)?;
        let (last, _) = weighted(&refined.logits, &target, &SHARES)?;
        of_perception.step(&last, self.perception.entries())?;
        Ok([total, rebuilt, last].map(|loss| loss.double_value(&[])))
    }
}

/// One network's Adam.
struct Steps {
    rate: f64,
    age: i64,
    moments: Vec<[Option<Tensor>; 2]>,
}

impl Steps {
    fn step(&mut self, loss: &Tensor, entries: &Entries) -> Result<(), Fault> {
        self.age += 1;
        let leaves: Vec<&Tensor> = entries.parameters().map(|named| &*named.tensor).collect();
        let gradients = Tensor::f_run_backward(&[loss], &leaves, false, false)?;
        self.moments.resize_with(leaves.len(), Default::default);
        let adam = Adam { weight_decay: 5e-4, ..Adam::default() };
        for ((weight, gradient), moments) in leaves.into_iter().zip(gradients).zip(&mut self.moments) {
            if gradient.defined() {
                tch::no_grad(|| adam.step(self.rate, self.age, &mut weight.shallow_clone(), gradient, moments));
            }
        }
        Ok(())
    }
}
