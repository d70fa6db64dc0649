//! `pcrl.batch`: the views of several images become one batch.

use voxloom_sdk::prelude::*;

/// How tensors of several items become one.
#[derive(Choice, Clone, Copy, Debug)]
pub enum Join {
    /// Along a new first axis: views to a batch.
    Stack,
    /// Along the first axis: batches to a larger one.
    Concat,
}

/// Makes one batch of the views of a step's images.
#[derive(Params)]
pub struct Batch {
    /// Views are stacked, batches (several pairs of each volume) are put one after the other.
    #[param(default = Join::Stack)]
    pub join: Join,
}

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
            .input(Port::json("case").gathered().optional().about("the case, or its name; of a batch the list of names"))
            .output(Port::json("names").about("the cases' names; empty where none are connected"))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Views { join: self.join, tensors: TENSORS.map(|_| Vec::new()), names: Vec::new() }))
    }
}

struct Views {
    join: Join,
    tensors: [Vec<Tensor>; 8],
    names: Vec<Json>,
}

impl Accumulator for Views {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        for ((name, _), tensors) in TENSORS.iter().zip(&mut self.tensors) {
            tensors.push(call.input(name)?);
        }
        if let Some(case) = call.optional::<Json>("case")? {
            match case {
                Json::Array(names) => self.names.extend(names),
                case => self.names.push(case.get("name").cloned().unwrap_or(case)),
            }
        }
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        for ((name, _), tensors) in TENSORS.iter().zip(&self.tensors) {
            call.output(name, join(name, self.join, tensors)?)?;
        }
        call.output("names", Json::Array(std::mem::take(&mut self.names)))
    }
}

/// Joins tensors of one type and size.
fn join(name: &str, how: Join, tensors: &[Tensor]) -> Result<Tensor> {
    let Some(first) = tensors.first() else { return Err(Error::item("there is no image to make a batch of")) };
    let free = match how {
        Join::Stack => 0,
        Join::Concat => 1,
    };
    let fits = |tensor: &Tensor| tensor.size().get(free..) == first.size().get(free..) && tensor.kind() == first.kind();
    if let Some(index) = tensors.iter().position(|tensor| !fits(tensor)) {
        let show = |tensor: &Tensor| format!("{:?} {:?}", tensor.kind(), tensor.size());
        return Err(Error::item(format!(
            "the images' `{name}` do not fit into one batch: the first is {}, number {index} is {}",
            show(first),
            show(&tensors[index])
        )));
    }
    Ok(match how {
        Join::Stack => Tensor::f_stack(tensors, 0)?,
        Join::Concat => Tensor::f_cat(tensors, 0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_become_a_batch_or_a_message() {
        let view = |n: i64| Tensor::ones([3, n, n], (Kind::Float, Device::Cpu));
        assert_eq!(join("x1", Join::Concat, &[view(4), view(4)]).expect("equal sizes").size(), [6, 4, 4]);
        assert_eq!(join("x1", Join::Stack, &[view(4), view(4)]).expect("equal sizes").size(), [2, 3, 4, 4]);
        let fault = join("x1", Join::Stack, &[view(4), view(6)]).expect_err("other sizes");
        let wanted = "the images' `x1` do not fit into one batch: the first is Float [3, 4, 4], number 1 is Float [3, 6, 6]";
        assert_eq!(fault.message(), wanted);
        assert!(join("x1", Join::Stack, &[]).is_err());
    }
}
