//! What every optimizer is told, and what tells one rule from another.

use crate::schedule::Schedule;
use tch::Tensor;
use voxloom_sdk::prelude::*;

/// Dynamic loss scaling, for float16: the loss is multiplied before it is differentiated, the gradients are divided after.
/// A step whose gradients overflow is left out and the factor falls; after `interval` good steps it rises.
#[derive(Params, Clone, Debug, PartialEq)]
pub struct LossScale {
    /// First factor. Powers of two change no digit.
    #[param(default = 65536.0, above = 0.0)]
    pub initial: f64,
    /// What the factor is multiplied by after `interval` good steps.
    #[param(default = 2.0, min = 1.0)]
    pub growth: f64,
    /// What the factor is multiplied by after an overflow.
    #[param(default = 0.5, above = 0.0, below = 1.0)]
    pub backoff: f64,
    /// Good steps in a row before the factor rises.
    #[param(default = 2000, min = 1)]
    pub interval: u64,
}

/// Parameters that all optimizers share.
#[derive(Clone, Debug)]
pub struct Common {
    pub lr: f64,
    pub schedule: Schedule,
    pub clip_norm: Option<f64>,
    pub clip_value: Option<f64>,
    pub accumulate: u64,
    pub loss_scale: Option<LossScale>,
}

/// One rule for changing a weight by its gradient.
pub trait Rule: Params + Clone {
    /// `family.name`.
    const NAME: &'static str;
    /// Names of the tensors kept for each weight, as in PyTorch's checkpoints.
    const MOMENTS: &'static [&'static str];

    fn common(&self) -> Common;

    /// Changes `weight` in place. `step` counts this weight's updates from 1; `moments` are `None` before the first.
    fn update(&self, lr: f64, step: i64, weight: &mut Tensor, gradient: Tensor, moments: &mut [Option<Tensor>]);
}

/// Defines an optimizer's parameters: its own, then the shared ones, so that these are said once.
macro_rules! optimizer_params {
    ($(#[$about:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Params, Clone, Debug)]
        #[param(check)]
        pub struct $name {
            $($own)*
            /// How the learning rate changes over the steps.
            #[param(default = Schedule::default())]
            pub schedule: Schedule,
            /// Gradients are scaled down where their norm over all weights together is above this.
            #[param(above = 0.0)]
            pub clip_norm: Option<f64>,
            /// Each element of a gradient is limited to this size; comes before `clip_norm`.
            #[param(above = 0.0)]
            pub clip_value: Option<f64>,
            /// Items whose gradients are averaged into one step.
            #[param(default = 1, min = 1)]
            pub accumulate: u64,
            /// Dynamic loss scaling, for networks that run in float16.
            pub loss_scale: Option<LossScale>,
        }

        impl $name {
            fn shared(&self) -> Common {
                Common {
                    lr: self.lr,
                    schedule: self.schedule.clone(),
                    clip_norm: self.clip_norm,
                    clip_value: self.clip_value,
                    accumulate: self.accumulate,
                    loss_scale: self.loss_scale.clone(),
                }
            }
        }
    };
}
pub(super) use optimizer_params;
