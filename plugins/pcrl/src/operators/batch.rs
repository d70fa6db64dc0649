//! `pcrl.batch`: the views of several images become one batch.

use voxloom_parts::Join;
use voxloom_sdk::prelude::*;

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
            call.output(name, self.join.all(name, tensors)?)?;
        }
        call.output("names", Json::Array(std::mem::take(&mut self.names)))
    }
}
