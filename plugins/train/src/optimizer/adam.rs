//! Adam and AdamW, as `torch.optim` has them (without `amsgrad`).

use super::params::{Common, LossScale, Rule, optimizer_params};
use crate::schedule::Schedule;
use voxloom_sdk::prelude::*;

optimizer_params! {
    /// Adam: steps of equal size for all weights; weight decay enters the gradient.
    Adam {
        /// Learning rate before the schedule.
        #[param(default = 0.001, above = 0.0)]
        pub lr: f64,
        /// How much of the mean and of the mean square of earlier gradients stays.
        #[param(default = [0.9, 0.999], min = 0.0, below = 1.0)]
        pub betas: [f64; 2],
        /// Added to the root of the mean square, against division by 0.
        #[param(default = 1e-8, above = 0.0)]
        pub eps: f64,
        /// Pull of every weight towards 0, added to its gradient.
        #[param(default = 0.0, min = 0.0)]
        pub weight_decay: f64,
    }
}

optimizer_params! {
    /// AdamW: Adam whose weight decay acts on the weight itself (Loshchilov and Hutter, 2019).
    AdamW {
        /// Learning rate before the schedule.
        #[param(default = 0.001, above = 0.0)]
        pub lr: f64,
        /// How much of the mean and of the mean square of earlier gradients stays.
        #[param(default = [0.9, 0.999], min = 0.0, below = 1.0)]
        pub betas: [f64; 2],
        /// Added to the root of the mean square, against division by 0.
        #[param(default = 1e-8, above = 0.0)]
        pub eps: f64,
        /// Every weight is multiplied by 1 - lr * weight_decay at each step.
        #[param(default = 0.01, min = 0.0)]
        pub weight_decay: f64,
    }
}

const MOMENTS: &[&str] = &["exp_avg", "exp_avg_sq"];

impl Adam {
    fn check_relations(&self) -> Result<()> {
        self.schedule.check().map_err(|fault| fault.within("schedule"))
    }
}

impl Rule for Adam {
    const NAME: &'static str = "train.adam";
    const MOMENTS: &'static [&'static str] = MOMENTS;

    fn common(&self) -> Common {
        self.shared()
    }

    fn update(&self, lr: f64, step: i64, weight: &mut Tensor, gradient: Tensor, moments: &mut [Option<Tensor>]) {
        let rule = voxloom_optim::Adam { betas: self.betas, eps: self.eps, weight_decay: self.weight_decay, decoupled: false };
        rule.step(lr, step, weight, gradient, moments);
    }
}

impl AdamW {
    fn check_relations(&self) -> Result<()> {
        self.schedule.check().map_err(|fault| fault.within("schedule"))
    }
}

impl Rule for AdamW {
    const NAME: &'static str = "train.adamw";
    const MOMENTS: &'static [&'static str] = MOMENTS;

    fn common(&self) -> Common {
        self.shared()
    }

    fn update(&self, lr: f64, step: i64, weight: &mut Tensor, gradient: Tensor, moments: &mut [Option<Tensor>]) {
        let rule = voxloom_optim::Adam { betas: self.betas, eps: self.eps, weight_decay: self.weight_decay, decoupled: true };
        rule.step(lr, step, weight, gradient, moments);
    }
}
