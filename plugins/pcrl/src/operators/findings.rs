//! `pcrl.findings`: what a case shows, as numbers to learn.

use voxloom_sdk::prelude::*;

/// Takes the labels of a case for a classifier: a list of 0 and 1, or one number.
#[derive(Params)]
pub struct Findings {
    /// Entry of the case that holds them.
    #[param(default = "labels")]
    pub key: String,
    /// How many there must be; left out, any number.
    #[param(min = 1)]
    pub classes: Option<usize>,
}

impl Operator for Findings {
    const NAME: &'static str = "pcrl.findings";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::of("case", "case"))
            .output(Port::tensor("label").shape("[1, K]").dtype("float32").about("0 or 1 a finding"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let case: Record = call.input("case")?;
        let meta: JsonMap = case.get("meta", call)?;
        let found = meta.get(&self.key).ok_or_else(|| Error::item(format!("the case has no `{}`", self.key)))?;
        let labels = labels(found, self.classes).map_err(|text| Error::item(format!("the case's `{}` {text}", self.key)))?;
        call.output("label", Tensor::from_slice(&labels).unsqueeze(0))
    }
}

fn labels(found: &Json, classes: Option<usize>) -> std::result::Result<Vec<f32>, String> {
    let list = found.as_array().cloned().unwrap_or_else(|| vec![found.clone()]);
    let number = |value: &Json| match (value.as_f64(), value.as_bool()) {
        (Some(0.0), _) | (_, Some(false)) => Ok(0.0),
        (Some(1.0), _) | (_, Some(true)) => Ok(1.0),
        _ => Err(format!("must hold 0 and 1, got {found}")),
    };
    let labels: Vec<f32> = list.iter().map(number).collect::<std::result::Result<_, _>>()?;
    match classes {
        Some(classes) if classes != labels.len() => Err(format!("must hold {classes} numbers, got {found}")),
        _ => Ok(labels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_are_taken_and_others_refused() {
        assert_eq!(labels(&json!([0, 1, true]), Some(3)), Ok(vec![0.0, 1.0, 1.0]));
        assert_eq!(labels(&json!(1), Some(1)), Ok(vec![1.0]));
        assert_eq!(labels(&json!([0, 2]), None), Err("must hold 0 and 1, got [0,2]".to_owned()));
        assert_eq!(labels(&json!([0]), Some(14)), Err("must hold 14 numbers, got [0]".to_owned()));
    }
}
