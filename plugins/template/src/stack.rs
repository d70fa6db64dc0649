//! From slices to a volume: many items become one.

use voxloom_sdk::prelude::*;

/// Stacks slices into a volume, in the order of the items.
#[derive(Params)]
pub struct Stack {}

impl Gather for Stack {
    const NAME: &'static str = "template.stack";

    fn entry() -> Entry {
        Entry::gather()
            .input(Port::volume("like").about("Lends the result its place in space."))
            .input(Port::tensor("slice").shape("[H, W]").gathered())
            .output(Port::volume("volume").shape("[D, H, W]"))
    }

    /// Opens an accumulator; only the inputs that are not gathered are there yet.
    fn open(&self, call: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Pile { like: call.input("like")?, slices: Vec::new() }))
    }
}

/// The slices so far.
struct Pile {
    like: Volume,
    slices: Vec<Tensor>,
}

impl Accumulator for Pile {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        self.slices.push(call.input("slice")?);
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        if self.slices.is_empty() {
            return Err(Error::item("there are no slices to stack"));
        }
        call.output("volume", self.like.with_data(Tensor::f_stack(&self.slices, 0)?))
    }
}
