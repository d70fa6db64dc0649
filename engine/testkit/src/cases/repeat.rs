//! Repeatability: the same inputs and seed give the same bits, also to two calls at once.

use super::{Subject, broke, entry_params, modules};
use crate::calls::{Instance, Items, Refusal};
use crate::host::Host;
use crate::report::{Problem, Verdict, failed, skip};
use crate::supply::FLAVOURS;
use crate::value::Value;
use voxloom_abi::type_id;
use voxloom_core::describe::{Access, Entry, Mode, Port};

const HOST: Host = Host { seed: 1, grad: false };
/// Where the cases run.
const DEVICE: &str = "cpu";

pub fn repeats(subject: &Subject, index: usize, entry: &Entry) -> Verdict {
    let (inputs, before, first) = accepted(subject, index, entry)?;
    let changed = inputs.iter().zip(&before).position(|(input, before)| digest(input.as_ref()) != *before);
    if let Some(changed) = changed {
        return failed(format!("it changed its input `{}`, which others may hold too", entry.inputs[changed].name));
    }
    for (value, port) in first.iter().flat_map(|item| item.iter().zip(&entry.outputs)) {
        if !fits(value, port) {
            return failed(format!("output `{}` is a `{}`, declared as `{}`", port.name, value.type_id(), port.type_name));
        }
    }
    if !subject.description().is_deterministic_on(DEVICE) {
        let why = subject.description().why.as_deref().unwrap_or_default();
        return skip(format!("the outputs fit; it is declared not deterministic: {why}"));
    }
    let second = once(subject, index, entry, &inputs)?;
    same(&digests(&first, entry)?, &digests(&second, entry)?, "a second call with the same inputs and seed")
}

pub fn at_once(subject: &Subject, index: usize, entry: &Entry) -> Verdict {
    match subject.description().mode {
        Mode::Parallel if entry.access == Access::Write => return skip("it writes its module, so its calls come one at a time"),
        Mode::Parallel => {}
        Mode::Exclusive | Mode::Ordered => return skip("its mode is one call at a time"),
    }
    if !subject.description().is_deterministic_on(DEVICE) {
        return skip("it is declared not deterministic");
    }
    let (inputs, ..) = accepted(subject, index, entry)?;
    let both = with_instance(subject, index, entry, &inputs, |bound, inputs| {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| bound.call(inputs, HOST));
            let here = bound.call(inputs, HOST);
            let there =
                other.join().unwrap_or_else(|_| Err(Refusal { status: -1, message: "the thread of a call ended".to_owned() }));
            Ok([here?, there?])
        })
    })?;
    same(&digests(&both[0], entry)?, &digests(&both[1], entry)?, "a call at the same time, on another thread,")
}

/// Inputs that the entry takes, their digests before the call, and what it made of them.
type Accepted = (Vec<Option<Value>>, Vec<Option<u64>>, Items);

/// Tries the flavours of inputs in turn.
fn accepted(subject: &Subject, index: usize, entry: &Entry) -> Verdict<Accepted> {
    let mut first_refusal = None;
    for flavour in FLAVOURS {
        let inputs = subject.supply.inputs(entry, flavour).or_else(skip)?;
        let before = inputs.iter().map(|input| digest(input.as_ref())).collect();
        match once(subject, index, entry, &inputs) {
            Ok(items) => return Ok((inputs, before, items)),
            Err(Problem::Failed(reason)) => return failed(reason),
            Err(Problem::NotExercised(reason)) => first_refusal = first_refusal.or(Some(reason)),
        }
    }
    skip(first_refusal.unwrap_or_default())
}

/// One call of a new instance: what an earlier call left in a module must not count.
fn once(subject: &Subject, index: usize, entry: &Entry, inputs: &[Option<Value>]) -> Verdict<Items> {
    with_instance(subject, index, entry, inputs, |bound, inputs| bound.call(inputs, HOST))
}

fn digest(value: Option<&Value>) -> Option<u64> {
    value.and_then(Value::digest)
}

/// A new instance, and new modules where it uses some; an entry that differentiates gets their loss.
fn with_instance<T>(
    subject: &Subject,
    index: usize,
    entry: &Entry,
    inputs: &[Option<Value>],
    call: impl FnOnce(&crate::calls::Bound, &[Option<Value>]) -> Result<T, Refusal>,
) -> Verdict<T> {
    let modules = modules(subject, entry)?;
    let mut inputs: Vec<Option<Value>> = inputs.iter().map(|input| input.as_ref().map(Value::share)).collect();
    if let (true, Some(learns)) = (entry.backward, modules.iter().flatten().next())
        && let Some(place) = entry.inputs.iter().position(|port| port.type_name == "tensor")
    {
        inputs[place] = Some(subject.supply.loss(learns).or_else(skip)?);
    }
    let instance = Instance::create(subject.operator.table, &subject.params(), HOST)
        .map_err(|refusal| told(&refusal, "made-up parameters"))?;
    let bound = instance.bind_using(index, entry, &entry_params(entry), &modules);
    let bound = bound.map_err(|refusal| told(&refusal, "made-up parameters"))?;
    call(&bound, &inputs).map_err(|refusal| told(&refusal, "synthetic inputs"))
}

/// A foreseen refusal of what was made up here says nothing about the plugin.
fn told(refusal: &Refusal, what: &str) -> Problem {
    if broke(refusal) {
        Problem::Failed(format!("with {what} it {refusal}"))
    } else {
        Problem::NotExercised(format!("it refuses {what}: {refusal}"))
    }
}

fn fits(value: &Value, port: &Port) -> bool {
    match port.type_name.as_str() {
        "any" => true,
        "tensor" => value.type_id() == type_id::TENSOR,
        name => value.type_id() == name || value.type_id().strip_prefix(type_id::RECORD) == Some(name),
    }
}

fn digests(items: &Items, entry: &Entry) -> Verdict<Vec<Vec<u64>>> {
    let of_item = |item: &Vec<Value>| {
        let values = item.iter().zip(&entry.outputs);
        let digests = values.map(|(value, port)| match value.digest() {
            Some(digest) => Ok(digest),
            None => skip(format!("values of output `{}` have no digest", port.name)),
        });
        digests.collect()
    };
    items.iter().map(of_item).collect()
}

fn same(first: &[Vec<u64>], second: &[Vec<u64>], what: &str) -> Verdict {
    if first == second {
        Ok(())
    } else {
        failed(format!("{what} gave other bits; make it repeat, or declare it not deterministic"))
    }
}
