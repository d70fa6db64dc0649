//! `mrnet.metrics`: agreement of a probability with a soft truth, case by case.

use crate::calibration::{Reliability, Scores, THRESHOLDS};
use voxloom_sdk::prelude::*;

/// Holds probabilities against a soft truth: Dice and IoU over the thresholds 0.1 to 0.9, Brier score, calibration error. For `imaging.summary` and `imaging.table`.
#[derive(Params, Clone, Debug)]
pub struct Metrics {
    /// Names of the structures, in their order; left out, they are numbered.
    #[param(default = Vec::new())]
    pub structures: Vec<String>,
    /// Equal parts of 0 to 1 for the calibration error.
    #[param(default = 15, min = 1, max = 1000)]
    pub bins: usize,
}

impl Operator for Metrics {
    const NAME: &'static str = "mrnet.metrics";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("probability").about("[N, C, …]: from 0 to 1"))
            .input(Port::tensor("target").about("[N, C, …]: the soft truth"))
            .output(Port::json("metrics").about(
                "`rows`, one a sample and structure: `soft_dice` and `soft_iou` (means over the thresholds), `dice_0.1` to `dice_0.9`, `hard_dice` (both above 0.5), `brier`, `ece`",
            ))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let rows = self.rows(&call.input("probability")?, &call.input("target")?)?;
        call.output("metrics", json!({ "rows": rows }))
    }
}

impl Metrics {
    fn rows(&self, probability: &Tensor, target: &Tensor) -> Result<Vec<Json>> {
        let mut rows = Vec::new();
        for (n, c, probability, target) in planes(probability, target)? {
            let scores = Scores::of(&probability, &target);
            let mut curve = Reliability::new(self.bins);
            curve.add(&probability, &target);
            let name = self.structures.get(c).cloned().unwrap_or_else(|| (c + 1).to_string());
            let mut row =
                json!({ "sample": n, "structure": name, "soft_dice": scores.soft_dice(), "soft_iou": scores.soft_iou() });
            for (t, dice) in THRESHOLDS.iter().zip(scores.dice) {
                row[format!("dice_{t}")] = dice.into();
            }
            row["hard_dice"] = scores.hard_dice.into();
            row["brier"] = scores.brier.into();
            row["ece"] = curve.error().into();
            rows.push(row);
        }
        Ok(rows)
    }
}

/// Sample, structure, probabilities and truth of every plane.
pub type Planes = Vec<(usize, usize, Vec<f32>, Vec<f32>)>;

/// # Errors
/// Shapes that differ, or without samples and structures.
pub fn planes(probability: &Tensor, target: &Tensor) -> Result<Planes> {
    let size = probability.size();
    if size.len() < 3 || target.size() != size {
        return Err(Error::item(format!(
            "`probability` is {size:?} and `target` {:?}, expected one shape [N, C, …]",
            target.size()
        )));
    }
    let (least, most) = (probability.min().double_value(&[]), probability.max().double_value(&[]));
    if !(least >= 0.0 && most <= 1.0) {
        return Err(Error::item(format!(
            "`probability` goes from {least} to {most}, expected 0 to 1: give what comes after the sigmoid"
        )));
    }
    let flat = |tensor: &Tensor, n: i64, c: i64| -> Result<Vec<f32>> {
        let plane = tensor.get(n).get(c).detach().to_device(Device::Cpu).to_kind(Kind::Float);
        Ok(Vec::try_from(plane.contiguous().view(-1))?)
    };
    let mut planes = Vec::new();
    for n in 0..size[0] {
        for c in 0..size[1] {
            planes.push((n as usize, c as usize, flat(probability, n, c)?, flat(target, n, c)?));
        }
    }
    Ok(planes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_and_structure_has_a_row() {
        let metrics = Metrics { structures: vec!["disc".into()], bins: 15 };
        let target = Tensor::from_slice(&[1f32, 0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0]).view([1, 2, 2, 2]);
        let rows = metrics.rows(&target, &target).unwrap();
        assert_eq!((rows.len(), &rows[0]["structure"], &rows[1]["structure"]), (2, &json!("disc"), &json!("2")));
        assert!(rows.iter().all(|row| row["soft_dice"] == 1.0 && row["dice_0.9"] == 1.0 && row["brier"] == 0.0));
        let fault = metrics.rows(&(&target * 4.0), &target).unwrap_err().to_string();
        assert!(fault.contains("after the sigmoid"), "{fault}");
        assert!(metrics.rows(&target, &target.narrow(1, 0, 1)).is_err());
    }
}
