//! The plugin `train`: what learning needs beside a network and its loss.
//!
//! Optimizers are modules that use networks; they ask for gradients themselves. `docs/catalog.md` lists ports and parameters.

mod batch;
mod ema;
mod log;
mod loss;
mod mean;
mod optimizer;
mod sampler;
mod schedule;
mod tensor_file;

pub use batch::{Collate, Each, Stack};
pub use ema::{Ema, EmaParams};
pub use log::{Log, LogParams};
pub use loss::{Loss, LossKind};
pub use mean::Mean;
pub use optimizer::{Adam, AdamW, Common, LossScale, Optimizer, Rule, Sgd};
pub use sampler::{Sampler, SamplerParams};
pub use schedule::{Curve, Schedule};

voxloom_sdk::export! {
    name: "train",
    operators: [
        module Optimizer<Sgd>,
        module Optimizer<Adam>,
        module Optimizer<AdamW>,
        module Ema,
        module Sampler,
        scatter Each,
        gather Collate,
        gather Stack,
        module Log,
        gather Mean,
        op Loss,
    ]
}
