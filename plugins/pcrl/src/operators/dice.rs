//! `pcrl.dice`: overlap of a mask with the right one.

use crate::finetune::dice;
use voxloom_sdk::prelude::*;

/// Dice of thresholded probabilities, for each sample and channel; two empty masks agree: 1.
#[derive(Params)]
pub struct Dice {
    /// A probability from this on belongs to the mask.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub threshold: f64,
}

impl Operator for Dice {
    const NAME: &'static str = "pcrl.dice";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("probability").about("[N, C, …]"))
            .input(Port::tensor("target").about("[N, C, …], 0 or 1"))
            .output(
                Port::json("dice")
                    .about("`dice`: the mean over samples and channels; `each`: a list a sample, where there are several masks"),
            )
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (probability, target): (Tensor, Tensor) = (call.input("probability")?, call.input("target")?);
        let size = probability.size();
        if target.size() != size || size.len() < 3 || probability.numel() == 0 {
            return Err(Error::item(format!("`target` is {:?}, `probability` {size:?}; both must be [N, C, …]", target.size())));
        }
        let flags = |mask: Tensor| -> Result<Vec<bool>> { Ok(Vec::try_from(mask.to_device(Device::Cpu).contiguous().view(-1))?) };
        let (found, right) = (flags(probability.ge(self.threshold))?, flags(target.gt(0.5))?);
        let each = found.len() / (size[0] * size[1]) as usize;
        let values: Vec<f64> = found.chunks(each).zip(right.chunks(each)).map(|(a, b)| dice(a, b)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let samples: Vec<&[f64]> = values.chunks(size[1] as usize).collect();
        let each = if values.len() > 1 { json!(samples) } else { Json::Null };
        call.output("dice", json!({ "dice": mean, "each": each }))
    }
}
