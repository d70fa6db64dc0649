//! Stochastic gradient descent, as `torch.optim.SGD`.

use super::params::{Common, LossScale, Rule, optimizer_params};
use crate::schedule::Schedule;
use voxloom_sdk::prelude::*;

optimizer_params! {
    /// Stochastic gradient descent with momentum (PyTorch's formulas).
    Sgd {
        /// Learning rate before the schedule.
        #[param(above = 0.0)]
        pub lr: f64,
        /// Part of the last velocity that stays.
        #[param(default = 0.0, min = 0.0, below = 1.0)]
        pub momentum: f64,
        /// Part of the gradient that does not enter the velocity.
        #[param(default = 0.0, min = 0.0, max = 1.0)]
        pub dampening: f64,
        /// Looks ahead along the velocity (needs momentum, and no dampening).
        #[param(default = false)]
        pub nesterov: bool,
        /// Pull of every weight towards 0, added to its gradient.
        #[param(default = 0.0, min = 0.0)]
        pub weight_decay: f64,
    }
}

impl Sgd {
    fn check_relations(&self) -> Result<()> {
        if self.nesterov && (self.momentum == 0.0 || self.dampening != 0.0) {
            return Err(Error::param("nesterov", "needs momentum above 0 and dampening 0"));
        }
        self.schedule.check().map_err(|fault| fault.within("schedule"))
    }
}

impl Rule for Sgd {
    const NAME: &'static str = "train.sgd";
    const MOMENTS: &'static [&'static str] = &["momentum_buffer"];

    fn common(&self) -> Common {
        self.shared()
    }

    fn update(&self, lr: f64, _: i64, weight: &mut Tensor, gradient: Tensor, moments: &mut [Option<Tensor>]) {
        let Self { momentum, dampening, nesterov, weight_decay, .. } = *self;
        voxloom_optim::Sgd { momentum, dampening, nesterov, weight_decay }.step(lr, weight, gradient, &mut moments[0]);
    }
}
