//! `mrnet.reliability`: calibration over all cases.

use super::metrics::planes;
use crate::calibration::Reliability;
use std::collections::BTreeMap;
use voxloom_sdk::prelude::*;

/// Gathers a reliability curve over all pixels of all cases: in every bin of probability, how often raters marked. And its calibration error and Brier score.
#[derive(Params, Clone, Debug)]
pub struct ReliabilityCurve {
    /// Names of the structures, in their order; left out, they are numbered.
    #[param(default = Vec::new())]
    pub structures: Vec<String>,
    /// Equal parts of 0 to 1.
    #[param(default = 15, min = 1, max = 1000)]
    pub bins: usize,
}

impl Gather for ReliabilityCurve {
    const NAME: &'static str = "mrnet.reliability";

    fn entry() -> Entry {
        Entry::gather()
            .partial()
            .input(Port::tensor("probability").gathered().about("[N, C, …]: from 0 to 1"))
            .input(Port::tensor("target").gathered().about("[N, C, …]: the soft truth"))
            .output(Port::json("reliability").about("a structure each: `ece`, `brier`, and `bins` with `n`, mean `probability` and mean `target` (null where it is empty)"))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Curves { params: self.clone(), structures: BTreeMap::new() }))
    }
}

struct Curves {
    params: ReliabilityCurve,
    structures: BTreeMap<usize, Curve>,
}

struct Curve {
    reliability: Reliability,
    squares: f64,
    n: u64,
}

impl Accumulator for Curves {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        self.add(&call.input("probability")?, &call.input("target")?)
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        call.output("reliability", self.report())
    }
}

impl Curves {
    fn add(&mut self, probability: &Tensor, target: &Tensor) -> Result<()> {
        let bins = self.params.bins;
        for (_, c, probability, target) in planes(probability, target)? {
            let fresh = || Curve { reliability: Reliability::new(bins), squares: 0.0, n: 0 };
            let curve = self.structures.entry(c).or_insert_with(fresh);
            curve.reliability.add(&probability, &target);
            curve.squares += probability.iter().zip(&target).map(|(p, y)| f64::from(p - y).powi(2)).sum::<f64>();
            curve.n += probability.len() as u64;
        }
        Ok(())
    }

    fn report(&self) -> Json {
        let mut report = JsonMap::new();
        for (c, curve) in &self.structures {
            let name = self.params.structures.get(*c).cloned().unwrap_or_else(|| (c + 1).to_string());
            let bins: Vec<Json> = curve
                .reliability
                .curve()
                .map(|bin| json!({ "n": bin.n, "probability": finite(bin.probability), "target": finite(bin.target) }))
                .collect();
            let brier = curve.squares / curve.n.max(1) as f64;
            report.insert(name, json!({ "ece": curve.reliability.error(), "brier": brier, "bins": bins }));
        }
        Json::Object(report)
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_add_up() {
        let mut curves = Curves { params: ReliabilityCurve { structures: Vec::new(), bins: 2 }, structures: BTreeMap::new() };
        let plane = |values: [f32; 2]| Tensor::from_slice(&values).view([1, 1, 2]);
        curves.add(&plane([0.25, 0.25]), &plane([1.0, 0.0])).unwrap();
        curves.add(&plane([0.25, 0.25]), &plane([0.0, 0.0])).unwrap();
        let report = curves.report();
        assert_eq!(report["1"]["ece"], 0.0);
        assert_eq!(report["1"]["bins"][0], json!({ "n": 4, "probability": 0.25, "target": 0.25 }));
        assert_eq!(report["1"]["bins"][1]["target"], Json::Null);
        assert_eq!(report["1"]["brier"], 0.1875);
    }
}
