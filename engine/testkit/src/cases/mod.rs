//! The cases, one file each.

mod description;
mod inputs;
mod parameters;
mod repeat;
mod state;

use crate::calls::{Instance, Refusal};
use crate::example;
use crate::report::{Case, Verdict, skip};
use crate::supply::Supply;
use serde_json::Value as Json;
use voxloom_abi::status;
use voxloom_core::describe::{Description, Entry};
use voxloom_core::graph::Operator;
use voxloom_core::operators::Operators;

/// One operator under test.
pub struct Subject<'a> {
    pub operator: &'a Operator,
    pub supply: &'a Supply,
    /// All operators, for the engine's own check.
    pub operators: &'a Operators,
}

impl Subject<'_> {
    fn description(&self) -> &Description {
        &self.operator.description
    }

    /// Complete parameters of the instance.
    fn params(&self) -> Json {
        example::good(&self.description().params)
    }
}

/// Runs every case of one operator; `begin` hears the name of each before it runs.
pub fn all(subject: &Subject, begin: &mut dyn FnMut(&str)) -> Vec<Case> {
    let mut cases = Vec::new();
    let description = subject.description();
    let mut run = |subject: &str, claim: &str, case: &dyn Fn() -> Verdict| {
        begin(&format!("{subject}: {claim}"));
        cases.push(Case { subject: subject.to_owned(), claim: claim.to_owned(), outcome: case().into() });
    };
    let name = description.name.as_str();
    run(name, "its description is the same every time", &|| description::stable(subject));
    run(name, "its description is complete", &|| description::complete(subject));
    run(name, "bad parameters are refused", &|| parameters::bad(subject));
    run(name, "its own check holds", &|| parameters::hook(subject));
    if description.module {
        run(name, "its state comes back", &|| state::comes_back(subject));
        run(name, "a state that is not there may be there another time", &|| state::missing(subject));
    }
    for (index, entry) in description.entries.iter().enumerate() {
        let name = if description.module { format!("{name}.{}", entry.name) } else { name.to_owned() };
        if !entry.inputs.is_empty() {
            run(&name, "wrong inputs are refused by the port's name", &|| inputs::wrong(subject, index, entry));
        }
        run(&name, "its outputs fit their ports, and repeat", &|| repeat::repeats(subject, index, entry));
        run(&name, "two calls at once give the same", &|| repeat::at_once(subject, index, entry));
    }
    cases
}

/// The modules that an entry uses, new ones each time; those that it may do without are left out.
fn modules(subject: &Subject, entry: &Entry) -> Verdict<Vec<Option<Instance>>> {
    let made = entry.uses.iter().map(|wanted| if wanted.optional { Ok(None) } else { subject.supply.module().map(Some) });
    made.collect::<Result<_, String>>().or_else(skip)
}

/// Complete parameters of an entry.
fn entry_params(entry: &Entry) -> Json {
    example::good(&entry.params)
}

/// A refusal that is the border's, not the author's: the plugin broke.
fn broke(refusal: &Refusal) -> bool {
    !matches!(refusal.reach(), status::FAILED | status::INVALID | status::FATAL | status::CANCELLED)
}
