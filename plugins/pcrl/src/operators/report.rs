//! `pcrl.report`: what an iteration says, in one object.

use voxloom_sdk::prelude::*;

/// Puts the numbers of an iteration into one object, for a log: what the optimizer says (its step, its rate), the terms of the loss, and what the bank says.
#[derive(Params)]
pub struct Report {}

const PORTS: [(&str, &str); 3] = [
    ("update", "from the optimizer; its `step` is the log's"),
    ("terms", "from `pcrl.loss`"),
    ("contrast", "from the bank's first call: `prob`, `retrieval`, `z`, `position`"),
];

impl Operator for Report {
    const NAME: &'static str = "pcrl.report";

    fn entry() -> Entry {
        let entry = PORTS.iter().fold(Entry::map(), |entry, (name, about)| entry.input(Port::json(name).optional().about(about)));
        entry.output(Port::json("values").about("all of them; of numbers that have one name, the first stays"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let mut values = JsonMap::new();
        for (port, _) in PORTS {
            for (name, value) in call.optional::<JsonMap>(port)?.unwrap_or_default() {
                values.entry(name).or_insert(value);
            }
        }
        call.output("values", Json::Object(values))
    }
}
