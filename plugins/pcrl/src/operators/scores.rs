//! `pcrl.scores`: a classifier's probabilities by name.

use voxloom_sdk::prelude::*;

/// Names the probabilities of one case, for a table.
#[derive(Params)]
pub struct Scores {
    /// Names of the findings, in their order; left out, they are numbered.
    #[param(default = Vec::new())]
    pub names: Vec<String>,
}

impl Operator for Scores {
    const NAME: &'static str = "pcrl.scores";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("probability").about("[K] or [1, K]"))
            .input(Port::tensor("label").optional().about("of the same shape, 0 or 1"))
            .output(Port::json("row").about("an object a finding: `probability`, and `label` where one is connected"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let numbers = |tensor: &Tensor| -> Result<Vec<f64>> {
            Ok(Vec::try_from(tensor.detach().to_device(Device::Cpu).to_kind(Kind::Double).contiguous().view(-1))?)
        };
        let probability: Tensor = call.input("probability")?;
        if !matches!(probability.size()[..], [_] | [1, _]) {
            return Err(Error::item(format!("`probability` is {:?}, expected one case's: [K] or [1, K]", probability.size())));
        }
        let probabilities = numbers(&probability)?;
        let labels = call.optional::<Tensor>("label")?.map(|label| numbers(&label)).transpose()?;
        if let Some(labels) = labels.as_ref().filter(|labels| labels.len() != probabilities.len()) {
            return Err(Error::item(format!("`label` has {} numbers, `probability` has {}", labels.len(), probabilities.len())));
        }
        let mut row = JsonMap::new();
        for (k, probability) in probabilities.iter().enumerate() {
            let name = self.names.get(k).cloned().unwrap_or_else(|| k.to_string());
            let mut cells = json!({ "probability": probability });
            if let Some(labels) = &labels {
                cells["label"] = json!(labels[k]);
            }
            row.insert(name, cells);
        }
        call.output("row", Json::Object(row))
    }
}
