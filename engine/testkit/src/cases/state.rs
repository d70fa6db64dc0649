//! A module's state: the same names every time, the same values for the same seed, and bit for bit through a file; where that file
//! is not there, the module says of what kind the failure is.

use super::Subject;
use crate::calls::Instance;
use crate::host::{Host, scratch_folder};
use crate::report::{Verdict, failed, skip};
use std::collections::BTreeSet;
use voxloom_abi::Kind;

pub fn comes_back(subject: &Subject) -> Verdict {
    let table = subject.operator.table;
    let make = |seed| Instance::create(table, &subject.params(), Host { seed, grad: false });
    let (first, again, other) = match (make(1), make(1), make(2)) {
        (Ok(first), Ok(again), Ok(other)) => (first, again, other),
        (Err(refusal), ..) | (_, Err(refusal), _) | (.., Err(refusal)) => {
            return skip(format!("it refuses made-up parameters: {refusal}"));
        }
    };
    let Some(state) = first.state() else {
        return skip("it lends no state");
    };
    let names: BTreeSet<&str> = state.iter().map(|(name, _)| name.as_str()).collect();
    if names.len() < state.len() {
        return failed("two values of its state have one name");
    }
    if again.state().as_ref() != Some(&state) && subject.description().is_deterministic_on("cpu") {
        return failed("two modules of the same seed have different states");
    }
    if table.save.is_none() || table.load.is_none() {
        return if state.is_empty() { skip("it has no state") } else { failed("it has a state and cannot save or load it") };
    }
    let folder = scratch_folder();
    std::fs::create_dir_all(&folder).or_else(|error| skip(format!("{}: {error}", folder.display())))?;
    let file = folder.join("state");
    if let Err(refusal) = first.save(&file).and_then(|()| other.load(&file)) {
        return failed(format!("its state does not go through a file: {refusal}"));
    }
    if other.state() == Some(state) { Ok(()) } else { failed("a module that loaded the state of another has a different state") }
}

pub fn missing(subject: &Subject) -> Verdict {
    let table = subject.operator.table;
    if table.load.is_none() {
        return skip("it loads no state");
    }
    let module = Instance::create(table, &subject.params(), Host { seed: 1, grad: false });
    let module = module.or_else(|refusal| skip(format!("it refuses made-up parameters: {refusal}")))?;
    match module.load(&scratch_folder().join("nothing")) {
        Ok(()) => failed("it loaded a file that does not exist"),
        Err(refusal) if super::broke(&refusal) => failed(format!("a file that does not exist: {refusal}")),
        Err(refusal) if refusal.kind() != Kind::Unavailable => failed(format!(
            "a file that does not exist is of the kind `{}`, expected `unavailable`: {refusal}",
            refusal.kind().name()
        )),
        Err(_) => Ok(()),
    }
}
