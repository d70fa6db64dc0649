//! `pcrl.auc`: how well findings are told apart, over all cases.

use crate::finetune::{auc, macro_mean};
use voxloom_sdk::prelude::*;

/// Area under the ROC curve of every finding over all cases (ties count one half), and its mean over the findings that some cases show and some do not.
#[derive(Params)]
pub struct Auc {
    /// Names of the findings, in their order; left out, they are numbered.
    #[param(default = Vec::new())]
    pub names: Vec<String>,
}

impl Gather for Auc {
    const NAME: &'static str = "pcrl.auc";

    fn entry() -> Entry {
        Entry::gather()
            .partial()
            .input(Port::tensor("score").gathered().about("[K] or [N, K]: probabilities, or logits"))
            .input(Port::tensor("label").gathered().about("of the same shape, 0 or 1"))
            .output(Port::json("auc").about(
                "`macro`, `findings` (each with `auc`, `positive`, `negative`), and `cases`; null where one of both is missing",
            ))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Scores { names: self.names.clone(), rows: Vec::new() }))
    }
}

struct Scores {
    names: Vec<String>,
    /// Of every case: score and label of each finding.
    rows: Vec<Vec<(f64, bool)>>,
}

impl Accumulator for Scores {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        let (score, label): (Tensor, Tensor) = (call.input("score")?, call.input("label")?);
        let size = score.size();
        if !matches!(size.len(), 1 | 2) || label.numel() != score.numel() {
            return Err(Error::item(format!("`score` is {size:?} and `label` {:?}, expected [K] or [N, K] twice", label.size())));
        }
        let findings = size[size.len() - 1];
        if self.rows.first().is_some_and(|row| row.len() as i64 != findings) {
            return Err(Error::item(format!("this case has {findings} scores, the ones before had {}", self.rows[0].len())));
        }
        let flat = |tensor: &Tensor| -> Result<Vec<f64>> {
            Ok(Vec::try_from(tensor.detach().to_device(Device::Cpu).to_kind(Kind::Double).contiguous().view(-1))?)
        };
        let pairs: Vec<(f64, bool)> = flat(&score)?.into_iter().zip(flat(&label)?.into_iter().map(|label| label > 0.5)).collect();
        self.rows.extend(pairs.chunks(findings.max(1) as usize).map(<[_]>::to_vec));
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        call.output("auc", self.report())
    }
}

impl Scores {
    fn report(&self) -> Json {
        let count = self.rows.first().map_or(0, Vec::len);
        let (mut found, mut findings) = (Vec::new(), JsonMap::new());
        for k in 0..count {
            let (scores, labels): (Vec<f64>, Vec<bool>) = self.rows.iter().map(|row| row[k]).unzip();
            let positive = labels.iter().filter(|label| **label).count();
            let area = auc(&scores, &labels);
            let name = self.names.get(k).cloned().unwrap_or_else(|| k.to_string());
            findings.insert(name, json!({ "auc": area, "positive": positive, "negative": labels.len() - positive }));
            found.push(area);
        }
        json!({ "macro": macro_mean(&found), "findings": findings, "cases": self.rows.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_that_all_show_has_no_auc_and_no_part_in_the_mean() {
        let rows = vec![vec![(0.1, false), (0.5, true)], vec![(0.9, true), (0.5, true)]];
        let report = Scores { names: vec!["Mass".to_owned()], rows }.report();
        assert_eq!(report["macro"], 1.0);
        assert_eq!(report["findings"]["Mass"], json!({ "auc": 1.0, "positive": 1, "negative": 1 }));
        assert_eq!(report["findings"]["1"]["auc"], Json::Null);
        assert_eq!(Scores { names: Vec::new(), rows: Vec::new() }.report()["macro"], Json::Null);
    }
}
