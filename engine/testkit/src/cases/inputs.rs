//! Wrong inputs: refused in a sentence that names the port, and without harm to the instance.

use super::{Subject, broke, entry_params, modules};
use crate::calls::Instance;
use crate::host::Host;
use crate::report::{Verdict, failed, skip};
use crate::supply::FLAVOURS;
use crate::value::Value;
use voxloom_core::describe::Entry;

pub fn wrong(subject: &Subject, index: usize, entry: &Entry) -> Verdict {
    let modules = modules(subject, entry)?;
    let host = Host { seed: 1, grad: false };
    let Ok(instance) = Instance::create(subject.operator.table, &subject.params(), host) else {
        return skip("it cannot be made from made-up parameters");
    };
    let Ok(bound) = instance.bind_using(index, entry, &entry_params(entry), &modules) else {
        return skip("its entry cannot be bound with made-up parameters");
    };
    for (position, port) in entry.inputs.iter().enumerate().filter(|(_, port)| !port.optional) {
        let absent = ("nothing", None);
        let unknown = ("a value of an unknown type", Some(Value::unknown()));
        for (what, value) in [absent, unknown] {
            if value.is_some() && port.type_name == "any" {
                continue;
            }
            // Where the others cannot be made, all are wrong, and the first to be read may be any of them.
            let (mut inputs, others) = match subject.supply.inputs(entry, FLAVOURS[0]) {
                Ok(inputs) => (inputs, true),
                Err(_) => (entry.inputs.iter().map(|_| None).collect(), false),
            };
            inputs[position] = value;
            let names = |name: &str, text: &str| text.contains(&format!("`{name}`"));
            match bound.call(&inputs, host) {
                Ok(_) => {
                    return failed(format!("it takes {what} for `{}`; declare the input optional, or look at it", port.name));
                }
                Err(refusal) if broke(&refusal) => return failed(format!("with {what} for `{}` it {refusal}", port.name)),
                Err(refusal) if names(&port.name, &refusal.message) => {}
                Err(refusal) if !others && entry.inputs.iter().any(|port| names(&port.name, &refusal.message)) => {}
                Err(refusal) => return failed(format!("with {what} for `{}` it does not name the port: {refusal}", port.name)),
            }
        }
    }
    Ok(())
}
