//! `pcrl.batch`: the views of several images become one batch.

use voxloom_sdk::prelude::*;

/// Makes one batch of the views of a step's images: every tensor is stacked along a new first axis.
#[derive(Params)]
pub struct Batch {}

/// Corrupted views, their transformed versions, clean views, and what the transformations were.
const TENSORS: [(&str, &str); 8] = [
    ("x1", "the first corrupted view"),
    ("x2", "the second corrupted view"),
    ("m1", "`x1` flipped and turned: a target"),
    ("m2", "`x2` flipped and turned: a target"),
    ("g1", "the first clean view: a target"),
    ("g2", "the second clean view: a target"),
    ("v1", "the flips and turns of `m1`"),
    ("v2", "the flips and turns of `m2`"),
];

impl Gather for Batch {
    const NAME: &'static str = "pcrl.batch";

    fn entry() -> Entry {
        let entry = TENSORS.iter().fold(Entry::gather(), |entry, (name, about)| {
            entry.input(Port::tensor(name).gathered().about(about)).output(Port::tensor(name).about(about))
        });
        entry
            .input(Port::json("case").gathered().optional().about("the case, or its name"))
            .output(Port::json("names").about("the cases' names; empty where none are connected"))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Views { tensors: TENSORS.map(|_| Vec::new()), names: Vec::new() }))
    }
}

struct Views {
    tensors: [Vec<Tensor>; 8],
    names: Vec<Json>,
}

impl Accumulator for Views {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        for ((name, _), tensors) in TENSORS.iter().zip(&mut self.tensors) {
            tensors.push(call.input(name)?);
        }
        if let Some(case) = call.optional::<Json>("case")? {
            self.names.push(case.get("name").cloned().unwrap_or(case));
        }
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        for ((name, _), tensors) in TENSORS.iter().zip(&self.tensors) {
            call.output(name, stack(name, tensors)?)?;
        }
        call.output("names", Json::Array(std::mem::take(&mut self.names)))
    }
}

/// Stacks tensors of one type and size.
fn stack(name: &str, tensors: &[Tensor]) -> Result<Tensor> {
    let Some(first) = tensors.first() else { return Err(Error::item("there is no image to make a batch of")) };
    if let Some(index) = tensors.iter().position(|tensor| tensor.size() != first.size() || tensor.kind() != first.kind()) {
        let show = |tensor: &Tensor| format!("{:?} {:?}", tensor.kind(), tensor.size());
        return Err(Error::item(format!(
            "the images' `{name}` do not fit into one batch: the first is {}, number {index} is {}",
            show(first),
            show(&tensors[index])
        )));
    }
    Ok(Tensor::f_stack(tensors, 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_stacked_or_named() {
        let view = |n: i64| Tensor::ones([3, n, n], (Kind::Float, Device::Cpu));
        assert_eq!(stack("x1", &[view(4), view(4)]).expect("equal sizes").size(), [2, 3, 4, 4]);
        let fault = stack("x1", &[view(4), view(6)]).expect_err("other sizes");
        let wanted = "the images' `x1` do not fit into one batch: the first is Float [3, 4, 4], number 1 is Float [3, 6, 6]";
        assert_eq!(fault.message(), wanted);
        assert!(stack("x1", &[]).is_err());
    }
}
