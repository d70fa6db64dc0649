//! `dodnet.loss`.

use crate::loss::{Average, LossOptions, partial_loss};
use voxloom_sdk::prelude::*;

/// How the losses of labelled channels are averaged.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    PerChannel,
    PerSample,
}

/// Dice plus binary cross-entropy over the channels that are labelled; a channel whose label is -1 costs nothing and gets no gradient.
#[derive(Params)]
pub struct PartialLoss {
    /// Mean over samples in each channel, then over channels (the authors' code on one device), or over channels in each sample, then over samples.
    #[param(default = Reduction::PerChannel)]
    pub reduction: Reduction,
    /// Add 1 above the fraction of Dice too, not only below, so that an empty prediction of an empty label costs nothing.
    #[param(default = false)]
    pub dice_smooth_numerator: bool,
}

impl Operator for PartialLoss {
    const NAME: &'static str = "dodnet.loss";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("logits").shape("[N, C, D, H, W]").about("of each sample's task, before the sigmoid"))
            .input(Port::tensor("label").shape("[N, C, D, H, W]").about("0 to 1; -1 throughout a channel that is not labelled"))
            .output(Port::tensor("loss").shape("[]").about("the sum of both; 0 where nothing is labelled"))
            .output(Port::json("terms").about("`loss`, `dice`, `bce`, `dice_per_channel`, `labelled`"))
    }

    fn device() -> DeviceKind {
        DeviceKind::Any
    }

    fn threads() -> Threads {
        Threads::All
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (logits, label): (Tensor, Tensor) = (call.input("logits")?, call.input("label")?);
        let average = match self.reduction {
            Reduction::PerChannel => Average::Channel,
            Reduction::PerSample => Average::Sample,
        };
        let loss = partial_loss(&logits, &label, LossOptions { average, dice_smooth_numerator: self.dice_smooth_numerator })?;
        if loss.labelled == 0 {
            call.warn("no channel of this batch is labelled: its loss is 0 and it teaches nothing");
        }
        let value = |tensor: &Tensor| tensor.double_value(&[]);
        let terms = json!({
            "loss": value(&loss.total.detach()),
            "dice": value(&loss.dice),
            "bce": value(&loss.bce),
            "dice_per_channel": loss.dice_per_channel,
            "labelled": loss.labelled,
        });
        call.output("loss", loss.total)?;
        call.output("terms", terms)
    }
}
