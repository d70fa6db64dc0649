//! Parameters: what the description rules out is refused before anything runs, and no text breaks the operator.

use super::{Subject, broke, entry_params};
use crate::calls::{Instance, tell};
use crate::example;
use crate::host::Host;
use crate::report::{Verdict, failed, skip};
use serde_json::{Value as Json, json};
use std::path::Path;
use voxloom_abi::{Str, status};
use voxloom_core::check::{self, Config};
use voxloom_core::describe::Entry;

pub fn bad(subject: &Subject) -> Verdict {
    let description = subject.description();
    let own = example::bad(&description.params);
    let of_entries: Vec<_> = description.entries.iter().map(|entry| (entry, example::bad(&entry.params))).collect();
    if own.is_empty() && of_entries.iter().all(|(_, bad)| bad.is_empty()) {
        return skip("it has no parameter that could be wrong");
    }
    for (name, what, params) in own {
        refused_by_engine(subject, &description.entries[0], &params, &json!({}), &name, what)?;
        // The engine has refused them already; whoever calls the table all the same must find it unharmed.
        if let Err(refusal) = Instance::create(subject.operator.table, &params, Host::default())
            && broke(&refusal)
        {
            return failed(format!("`create` with {what} for `{name}` {refusal}"));
        }
    }
    for (entry, bad) in of_entries {
        for (name, what, params) in bad {
            refused_by_engine(subject, entry, &subject.params(), &params, &name, what)?;
        }
    }
    Ok(())
}

/// The engine refuses a pipeline of this one node, and names the parameter.
fn refused_by_engine(subject: &Subject, entry: &Entry, own: &Json, entrys: &Json, name: &str, what: &str) -> Verdict {
    let op = &subject.description().name;
    let pipeline = if subject.description().module {
        json!({ "voxloom": 1, "about": "", "modules": { "module": { "op": op, "params": own } },
            "graph": { "node": { "call": format!("module.{}", entry.name), "params": entrys } } })
    } else {
        json!({ "voxloom": 1, "about": "", "graph": { "node": { "op": op, "params": own } } })
    };
    let checked =
        check::check(Path::new("conformance.json"), pipeline.to_string().as_bytes(), subject.operators, &Config::default());
    match checked {
        Ok(_) => failed(format!("the engine takes {what} for `{name}`")),
        Err(faults) if faults.list().iter().any(|fault| fault.message.contains(name)) => Ok(()),
        Err(faults) => failed(format!("the engine refuses {what} for `{name}` without naming it: {faults}")),
    }
}

pub fn hook(subject: &Subject) -> Verdict {
    let description = subject.description();
    let check = |entry: u32, params: &str| {
        // SAFETY: the table is complete, text and sink outlive the call.
        tell(|error| unsafe { (subject.operator.table.check)(entry, Str::lend(params), error) })
    };
    let mut made_up = None;
    let own = [(u32::MAX, subject.params())].into_iter();
    // A plain operator's entry has no parameters of its own.
    let entries = if description.module { description.entries.as_slice() } else { &[] };
    let all = own.chain((0..).zip(entries.iter().map(entry_params)));
    for (entry, params) in all {
        match check(entry, &params.to_string()) {
            Err(refusal) if broke(&refusal) => return failed(format!("`check` of {params} {refusal}")),
            Err(refusal) if refusal.message.trim().is_empty() => {
                return failed(format!("`check` refused {params} without a word"));
            }
            Err(refusal) => made_up = Some(format!("it refused {params}: {}", refusal.message.replace('\t', " ").trim())),
            Ok(()) => {}
        }
        match check(entry, "{ not JSON") {
            Err(refusal) if broke(&refusal) => return failed(format!("`check` of text that is no JSON {refusal}")),
            Err(_) => {}
            // An operator that looks at nothing may take anything.
            Ok(()) => {}
        }
    }
    if let Err(refusal) = check(4095, "{}")
        && refusal.reach() == status::PANICKED
    {
        return failed(format!("`check` of an entry that does not exist {refusal}"));
    }
    match made_up {
        // A default may ask for one of several to be given.
        Some(why) => skip(why),
        None => Ok(()),
    }
}
