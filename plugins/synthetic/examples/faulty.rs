//! A Rust plugin that misbehaves as it is told: the engine must survive it.

use voxloom_sdk::prelude::*;

/// Counts.
#[derive(Params)]
pub struct Count {
    /// How many items there are.
    #[param(default = 3)]
    pub n: u64,
}

impl Scatter for Count {
    const NAME: &'static str = "faulty.count";

    fn entry() -> Entry {
        Entry::scatter().output(Port::json("number"))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Cursor>> {
        Ok(Box::new(Numbers(0..self.n)))
    }
}

struct Numbers(std::ops::Range<u64>);

impl Cursor for Numbers {
    fn next(&mut self, call: &mut Call) -> Result<bool> {
        let Some(number) = self.0.next() else { return Ok(false) };
        call.output("number", json!(number))?;
        Ok(true)
    }
}

/// Misbehaves at one number.
#[derive(Params)]
pub struct Misbehave {
    /// At which number.
    #[param(default = 1)]
    pub at: u64,
    /// In which way: `panic`, `type`, `nothing`, `libtorch`.
    pub how: String,
}

impl Operator for Misbehave {
    const NAME: &'static str = "faulty.misbehave";

    fn entry() -> Entry {
        Entry::map().input(Port::json("number")).output(Port::json("number"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let number: Json = call.input("number")?;
        if number != json!(self.at) {
            return call.output("number", number);
        }
        match self.how.as_str() {
            "panic" => panic!("number {number} was too much"),
            "type" => call.output("number", Tensor::from(1.0)),
            "libtorch" => call.output("number", Tensor::from_slice(&[1, 2]).view([3])),
            _ => Ok(()),
        }
    }
}

voxloom_sdk::export! { name: "faulty", operators: [scatter Count, op Misbehave] }
