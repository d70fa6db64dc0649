//! `mrnet.conditions`: weights of the raters for a training step, and what is then true.

use crate::expertness::{Condition, draw, majority, soft_truth};
use voxloom_sdk::prelude::*;

/// What the networks learn to say.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The raters' masks by the condition's weights: from 0 to 1.
    Soft,
    /// 1 where at least half of the raters marked, whatever the weights.
    Majority,
}

/// Draws weights of the raters afresh for every sample, once for each condition, and makes the soft truth of them.
#[derive(Params, Clone, Debug)]
pub struct Conditions {
    /// The conditions, in their order: `one` (a single rater), `random` (weights 1 to 10), `average`. The paper's are all three; the last should be `average`.
    #[param(default = vec![Condition::One, Condition::Random, Condition::Average], min_len = 1)]
    pub conditions: Vec<Condition>,
    /// What is true: the weighted masks, or the majority, for a baseline that knows no raters.
    #[param(default = Target::Soft)]
    pub target: Target,
}

impl Operator for Conditions {
    const NAME: &'static str = "mrnet.conditions";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("masks").shape("[N, R, C, H, W]").about("the raters' masks, from 0 to 1"))
            .output(Port::tensor("expertness").shape("[K, N, R]").dtype("float32").about("weights, each row with sum 1"))
            .output(Port::tensor("target").shape("[K, N, C, H, W]").dtype("float32").about("what is true under them"))
    }

    fn device() -> DeviceKind {
        DeviceKind::Any
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let masks: Tensor = call.input("masks")?;
        let size = masks.size();
        let expertness = draw(&self.conditions, size[0], size[1], &mut call.rng()).to_device(call.device()?);
        let target = match self.target {
            Target::Soft => soft_truth(&masks, &expertness)?,
            Target::Majority => {
                let one = majority(&masks, true);
                one.unsqueeze(0).expand([&[self.conditions.len() as i64], &one.size()[..]].concat(), false).contiguous()
            }
        };
        call.output("expertness", expertness)?;
        call.output("target", target)
    }
}
