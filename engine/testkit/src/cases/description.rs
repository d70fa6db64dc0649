//! What an operator says of itself.

use super::Subject;
use crate::report::{Verdict, failed};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use voxloom_abi::{OperatorTable, Sink};
use voxloom_core::describe::{Description, Entry, Kind};

pub fn stable(subject: &Subject) -> Verdict {
    let table = subject.operator.table;
    let first = text(table);
    if text(table) != first {
        return failed("two calls of `describe` wrote different texts");
    }
    let elsewhere = std::thread::scope(|scope| scope.spawn(|| text(table)).join());
    match elsewhere {
        Ok(elsewhere) if elsewhere == first => Ok(()),
        _ => failed("`describe` wrote another text on another thread"),
    }
}

fn text(table: &OperatorTable) -> String {
    let mut text = String::new();
    // SAFETY: the table is complete, the sink outlives the call.
    unsafe { (table.describe)(&Sink::to(&mut text)) };
    text
}

pub fn complete(subject: &Subject) -> Verdict {
    let mut faults = Vec::new();
    look(subject.description(), &mut faults);
    if faults.is_empty() { Ok(()) } else { failed(faults.join("; ")) }
}

fn look(description: &Description, faults: &mut Vec<String>) {
    if description.about.trim().is_empty() {
        faults.push("`about` is empty".to_owned());
    }
    if !description.deterministic && description.why.as_deref().unwrap_or_default().trim().is_empty() {
        faults.push("`deterministic` is false and `why` does not say when".to_owned());
    }
    schema(&description.params, "", faults);
    if description.entries.is_empty() {
        faults.push("it has no entry".to_owned());
    }
    if !description.module && description.entries.iter().map(|entry| entry.name.as_str()).ne(["run"]) {
        faults.push("a plain operator has one entry, `run`".to_owned());
    }
    unique("entry", description.entries.iter().map(|entry| entry.name.as_str()), faults);
    for one in &description.entries {
        entry(one, faults);
    }
}

fn entry(entry: &Entry, faults: &mut Vec<String>) {
    let name = &entry.name;
    schema(&entry.params, &format!("{name}: "), faults);
    unique(&format!("{name}: input"), entry.inputs.iter().map(|port| port.name.as_str()), faults);
    unique(&format!("{name}: output"), entry.outputs.iter().map(|port| port.name.as_str()), faults);
    unique(&format!("{name}: use"), entry.uses.iter().map(|one| one.name.as_str()), faults);
    for port in entry.inputs.iter().chain(&entry.outputs).filter(|port| port.type_name.trim().is_empty()) {
        faults.push(format!("{name}: port `{}` has no type", port.name));
    }
    let gathered = entry.inputs.iter().filter(|port| port.gather).count();
    match entry.kind {
        Kind::Gather if gathered == 0 => faults.push(format!("{name} gathers and has no input that is gathered")),
        Kind::Map | Kind::Scatter if gathered > 0 => faults.push(format!("{name} has a gathered input and does not gather")),
        Kind::Scatter if entry.outputs.is_empty() => faults.push(format!("{name} scatters and has no output")),
        _ => {}
    }
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>, faults: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.trim().is_empty() {
            faults.push(format!("{what} without a name"));
        } else if !seen.insert(name) {
            faults.push(format!("two of {what} `{name}`"));
        }
    }
}

fn schema(schema: &Json, place: &str, faults: &mut Vec<String>) {
    if schema["type"] != "object" {
        faults.push(format!("{place}`params` is no schema of an object"));
        return;
    }
    let none = serde_json::Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    for name in required.iter().filter(|name| !properties.contains_key(**name)) {
        faults.push(format!("{place}parameter `{name}` is required and not declared"));
    }
    for (name, property) in properties {
        if property["description"].as_str().unwrap_or_default().trim().is_empty() {
            faults.push(format!("{place}parameter `{name}` has no description"));
        }
        match property.get("default") {
            Some(_) if required.contains(&name.as_str()) => {
                faults.push(format!("{place}parameter `{name}` is required and has a default"))
            }
            Some(default) => faults
                .extend(misfit(property, default).map(|why| format!("{place}parameter `{name}`: its default {default} {why}"))),
            None if !required.contains(&name.as_str()) && property["nullable"] != true => {
                faults.push(format!("{place}parameter `{name}` is neither required nor nullable and has no default"));
            }
            None => {}
        }
    }
}

/// Why `value` is not allowed by `schema`.
fn misfit(schema: &Json, value: &Json) -> Option<String> {
    if value.is_null() {
        return (schema["nullable"] != true && schema["type"].is_string()).then(|| "is null".to_owned());
    }
    let right = match schema["type"].as_str() {
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(other) => return Some(format!("has a schema of the unknown type `{other}`")),
        None => true,
    };
    if !right {
        return Some(format!("is no {}", schema["type"].as_str().unwrap_or_default()));
    }
    if schema["enum"].as_array().is_some_and(|choices| !choices.contains(value)) {
        return Some("is none of its choices".to_owned());
    }
    let number = value.as_f64();
    let beyond = |key: &str, is_wrong: fn(f64, f64) -> bool| {
        number.zip(schema[key].as_f64()).is_some_and(|(number, bound)| is_wrong(number, bound))
    };
    if beyond("minimum", |n, b| n < b)
        || beyond("maximum", |n, b| n > b)
        || beyond("exclusiveMinimum", |n, b| n <= b)
        || beyond("exclusiveMaximum", |n, b| n >= b)
    {
        return Some("is out of its range".to_owned());
    }
    let items = value.as_array()?;
    let n_items = items.len() as u64;
    if schema["minItems"].as_u64().is_some_and(|least| n_items < least)
        || schema["maxItems"].as_u64().is_some_and(|most| n_items > most)
    {
        return Some("has too few or too many entries".to_owned());
    }
    let inner = schema.get("items")?;
    items.iter().find_map(|item| misfit(inner, item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(description: Json) -> Vec<String> {
        let mut faults = Vec::new();
        look(&serde_json::from_value(description).unwrap(), &mut faults);
        faults
    }

    #[test]
    fn every_gap_is_told() {
        let port = json!({ "name": "x", "type": "tensor" });
        let found = faults(json!({ "name": "f.op", "about": " ", "deterministic": false,
            "params": { "type": "object", "required": ["lost"], "properties": {
                "bare": { "type": "number" }, "odd": { "type": "integer", "default": 1.5, "description": "Odd." },
                "far": { "type": "number", "default": 0, "exclusiveMinimum": 0, "description": "Far." } } },
            "entries": [ { "name": "run", "kind": "gather", "params": { "type": "object" }, "inputs": [port, port], "outputs": [] } ] }));
        assert_eq!(
            found,
            [
                "`about` is empty",
                "`deterministic` is false and `why` does not say when",
                "parameter `lost` is required and not declared",
                "parameter `bare` has no description",
                "parameter `bare` is neither required nor nullable and has no default",
                "parameter `odd`: its default 1.5 is no integer",
                "parameter `far`: its default 0 is out of its range",
                "two of run: input `x`",
                "run gathers and has no input that is gathered",
            ]
        );
    }
}
