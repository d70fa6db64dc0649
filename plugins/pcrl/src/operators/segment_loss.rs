//! `pcrl.segment_loss`: losses on probabilities of masks.

use crate::finetune::{Bce, bce_dice, multi_class_dice, regions, tversky};
use voxloom_sdk::prelude::*;

/// Which loss.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// Dice over all channels of a sample, plus 0.2 of the cross-entropy.
    BceDice,
    /// That of every channel, summed (whole tumour, core, enhancing part).
    Regions,
    /// Weighted soft Dice of the classes 1 to 4; `target` holds class numbers.
    MultiClass,
    /// The Tversky index: Dice with other weights for what is too much and what is missing.
    Tversky,
}

/// The paper's losses for segmentation.
#[derive(Params)]
pub struct SegmentLoss {
    /// Which one.
    #[param(default = Overlap::BceDice)]
    pub kind: Overlap,
    /// The form that is learned from; otherwise the one for evaluation, without cross-entropy and class weights.
    #[param(default = true)]
    pub training: bool,
    /// As the authors' code, whose cross-entropy takes probabilities for logits.
    #[param(default = false)]
    pub compat: bool,
    /// For `tversky`: weights of false positives and of false negatives.
    #[param(default = [0.3, 0.7], min = 0.0)]
    pub weights: [f64; 2],
}

impl Operator for SegmentLoss {
    const NAME: &'static str = "pcrl.segment_loss";

    fn entry() -> Entry {
        Entry::map()
            .input(
                Port::tensor("probability")
                    .about("[N, C, …], after the sigmoid; for `multi_class` after a softmax over 5 classes"),
            )
            .input(Port::tensor("target").about("of the same shape, 0 or 1; for `multi_class` class numbers"))
            .output(Port::tensor("loss").shape("[]"))
            .output(Port::json("terms").about("`loss`"))
    }

    fn device() -> DeviceKind {
        DeviceKind::Any
    }

    fn threads() -> Threads {
        Threads::All
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (probability, target): (Tensor, Tensor) = (call.input("probability")?, call.input("target")?);
        in_range(&probability)?;
        let bce = match (self.training, self.compat) {
            (false, _) => Bce::Off,
            (true, true) => Bce::AsLogits,
            (true, false) => Bce::Probabilities,
        };
        let as_numbers = || target.to_kind(probability.kind());
        let loss = match self.kind {
            Overlap::BceDice => bce_dice(&probability, &as_numbers(), bce)?,
            Overlap::Regions => regions(&probability, &as_numbers(), bce)?,
            Overlap::MultiClass => multi_class_dice(&probability, &target, self.training)?,
            Overlap::Tversky => tversky(&probability, &as_numbers(), self.weights)?,
        };
        call.output("terms", json!({ "loss": loss.detach().double_value(&[]) }))?;
        call.output("loss", loss)
    }
}

/// Cross-entropy has no meaning elsewhere.
fn in_range(probability: &Tensor) -> Result<()> {
    if probability.numel() == 0 || !probability.is_floating_point() {
        return Err(Error::item(format!(
            "`probability` is {:?} {:?}, expected floating-point numbers",
            probability.kind(),
            probability.size()
        )));
    }
    let detached = probability.detach();
    let (least, most) = (detached.min().double_value(&[]), detached.max().double_value(&[]));
    if least >= 0.0 && most <= 1.0 {
        return Ok(());
    }
    Err(Error::item(format!("`probability` goes from {least} to {most}, expected 0 to 1: connect what comes after the sigmoid")))
}
