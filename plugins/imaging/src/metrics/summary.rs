//! `imaging.summary`: the tables of many cases as one.

use super::operator::mean;
use std::collections::BTreeMap;
use voxloom_sdk::prelude::*;

/// Averages the tables of `imaging.metrics` over cases: per structure the mean over cases where a value is defined, and the mean of those.
#[derive(Params)]
pub struct Summary {
    /// Leaves out a structure of a case whose reference does not have it.
    #[param(default = true)]
    pub only_present: bool,
}

impl Gather for Summary {
    const NAME: &'static str = "imaging.summary";

    fn entry() -> Entry {
        Entry::gather()
            .partial()
            .input(Port::json("metrics").gathered().about("of imaging.metrics"))
            .output(Port::json("summary").about("{cases, structures: {name: {dice, …, n_cases}}, mean: {dice, …}}"))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Tables { only_present: self.only_present, cases: 0, structures: Vec::new(), rows: BTreeMap::new() }))
    }
}

struct Tables {
    only_present: bool,
    cases: usize,
    /// Names in the order in which they came.
    structures: Vec<String>,
    rows: BTreeMap<String, Vec<Json>>,
}

impl Tables {
    fn take(&mut self, metrics: &Json) {
        self.cases += 1;
        for row in metrics["rows"].as_array().into_iter().flatten() {
            let Some(name) = row["structure"].as_str() else { continue };
            if !self.rows.contains_key(name) {
                self.structures.push(name.into());
            }
            let rows = self.rows.entry(name.into()).or_default();
            if !self.only_present || row["n_reference"] != 0 {
                rows.push(row.clone());
            }
        }
    }

    fn summary(&self) -> Json {
        let mut structures = JsonMap::new();
        for name in &self.structures {
            let mut table = mean(&self.rows[name]);
            table["n_cases"] = self.rows[name].len().into();
            structures.insert(name.clone(), table);
        }
        let tables: Vec<Json> = structures.values().cloned().collect();
        json!({ "cases": self.cases, "mean": mean(&tables), "structures": structures })
    }
}

impl Accumulator for Tables {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        self.take(&call.input::<Json>("metrics")?);
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        call.output("summary", self.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_over_cases_that_have_the_structure() {
        let mut tables = Tables { only_present: true, cases: 0, structures: Vec::new(), rows: BTreeMap::new() };
        let row = |dice: Json, n: usize| json!({"structure": "liver", "dice": dice, "n_reference": n});
        tables.take(&json!({"rows": [row(json!(0.5), 10), {"structure": "cyst", "dice": null, "n_reference": 1}]}));
        tables.take(&json!({"rows": [row(json!(1.0), 4)]}));
        tables.take(&json!({"rows": [row(json!(0.0), 0)]}));
        assert_eq!(
            tables.summary(),
            json!({
                "cases": 3,
                "mean": {"dice": 0.75},
                "structures": {"liver": {"dice": 0.75, "n_cases": 2}, "cyst": {"dice": null, "n_cases": 1}},
            })
        );
    }
}
