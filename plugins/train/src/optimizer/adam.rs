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

    fn update(&self, lr: f64, step: i64, weight: &mut Tensor, mut gradient: Tensor, moments: &mut [Option<Tensor>]) {
        if self.weight_decay != 0.0 {
            gradient = &gradient + &*weight * self.weight_decay;
        }
        move_by_moments(self.betas, self.eps, lr, step, weight, &gradient, moments);
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
        *weight *= 1.0 - lr * self.weight_decay;
        move_by_moments(self.betas, self.eps, lr, step, weight, &gradient, moments);
    }
}

fn move_by_moments(
    [beta1, beta2]: [f64; 2],
    eps: f64,
    lr: f64,
    step: i64,
    weight: &mut Tensor,
    gradient: &Tensor,
    moments: &mut [Option<Tensor>],
) {
    let mut mean = moments[0].take().unwrap_or_else(|| gradient.zeros_like());
    let mut square = moments[1].take().unwrap_or_else(|| gradient.zeros_like());
    let _ = mean.lerp_(gradient, 1.0 - beta1);
    square *= beta2;
    square += gradient * (1.0 - beta2) * gradient;
    let age = step as f64;
    let (mean_weight, square_weight) = (1.0 - beta1.powf(age), 1.0 - beta2.powf(age));
    let root = square.sqrt() / square_weight.sqrt() + eps;
    *weight -= &mean * (lr / mean_weight) / root;
    (moments[0], moments[1]) = (Some(mean), Some(square));
}
