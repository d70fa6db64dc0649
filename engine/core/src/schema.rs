//! JSON Schema of pipeline files, for editors: names of operators, their ports and parameters, from what is installed.
//!
//! It accepts every file that the check accepts; the check finds more (levels, types along edges, orders of access).

use crate::describe::{Entry, Port};
use crate::operators::Operators;
use crate::params::Kind;
use crate::suggest;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Names of a pipeline's own things.
const NAME: &str = "^[A-Za-z0-9_-]+$";

/// The schema (draft 2020-12) of files that use these operators.
pub fn schema(operators: &Operators) -> Json {
    let mut definitions = common();
    definitions.insert("module".into(), module(operators));
    definitions.insert("node".into(), node(operators));
    for operator in operators.iter() {
        let description = &operator.description;
        let definition = match description.entries.first() {
            _ if description.module => with_params(&description.params),
            Some(entry) => used(entry, &description.params),
            None => json!({}),
        };
        definitions.insert(format!("op {}", description.name), definition);
    }
    for (entry, modules) in entries(operators) {
        let mut choices: Vec<Json> = modules.iter().map(|entry| used(entry, &entry.params)).collect();
        choices.dedup();
        let definition =
            if choices.len() == 1 { choices.into_iter().next().unwrap_or_default() } else { json!({ "anyOf": choices }) };
        definitions.insert(format!("entry {entry}"), definition);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Voxloom pipeline",
        "type": "object",
        "properties": {
            "$schema": { "type": "string" },
            "voxloom": { "const": 1, "description": "Version of the format." },
            "about": { "type": "string", "description": "What the pipeline does, for people." },
            "params": { "type": "object", "description": "Values that --set may override; \"${name}\" stands for one.",
                        "propertyNames": { "pattern": NAME }, "additionalProperties": { "$ref": "#/$defs/param" } },
            "modules": { "type": "object", "description": "Instances that keep state.",
                         "propertyNames": { "pattern": NAME }, "additionalProperties": { "$ref": "#/$defs/module" } },
            "graph": { "$ref": "#/$defs/graph" },
            "graphs": { "type": "object", "description": "Graphs that the schedule runs.", "minProperties": 1,
                        "propertyNames": { "pattern": NAME }, "additionalProperties": { "$ref": "#/$defs/graph" } },
            "schedule": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/stage" } },
            "rounds": { "$ref": "#/$defs/count", "description": "How often the schedule repeats." },
        },
        "required": ["voxloom"],
        "oneOf": [
            { "required": ["graph"], "properties": { "schedule": false, "rounds": false } },
            { "required": ["graphs", "schedule"] },
        ],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

/// What does not depend on operators.
fn common() -> Map<String, Json> {
    let definitions = json!({
        "reference": { "type": "string", "pattern": "\\$\\{", "description": "The value of a parameter of the pipeline." },
        "count": { "anyOf": [{ "type": "integer", "minimum": 1 }, { "$ref": "#/$defs/reference" }] },
        "param": {
            "type": "object",
            "properties": {
                "type": { "enum": Kind::ALL.map(Kind::name) },
                "default": { "description": "Without one, --set must give a value." },
                "about": { "type": "string" },
                "choices": { "type": "array" },
            },
            "required": ["type"],
            "additionalProperties": false,
        },
        "use": { "type": "object", "additionalProperties": { "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" }, "uniqueItems": true },
        ] } },
        "source": { "type": "string", "description": "\"node\" for its first output, or \"node.port\"." },
        "graph": { "type": "object", "minProperties": 1, "propertyNames": { "pattern": NAME },
                   "additionalProperties": { "$ref": "#/$defs/node" } },
        "stage": { "oneOf": [
            {
                "type": "object",
                "properties": {
                    "run": { "type": "string", "description": "A graph." },
                    "items": { "$ref": "#/$defs/count", "description": "At most so many items of each scatter at the graph's own level." },
                },
                "required": ["run"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": {
                    "save": { "type": "string", "description": "A folder for `last` and `best`." },
                    "modules": { "type": "array", "items": { "type": "string" }, "description": "All with state where it is absent." },
                    "best": { "type": "string", "description": "The number that decides: \"graph.node.key\"." },
                    "higher": { "type": "boolean", "default": true },
                    "patience": { "$ref": "#/$defs/count", "description": "Stop after so many saves without improvement." },
                },
                "required": ["save"],
                "dependentRequired": { "higher": ["best"], "patience": ["best"] },
                "additionalProperties": false,
            },
        ] },
    });
    match definitions {
        Json::Object(definitions) => definitions,
        _ => Map::new(),
    }
}

fn module(operators: &Operators) -> Json {
    let module = json!({
        "type": "object",
        "properties": {
            "op": names(operators, true),
            "params": { "type": "object" },
            "weights": { "type": "string", "description": "A file with the module's state." },
            "use": { "$ref": "#/$defs/use", "description": "Modules for all calls of its entries." },
        },
        "required": ["op"],
        "additionalProperties": false,
    });
    with_all(module, choices(operators, true))
}

fn node(operators: &Operators) -> Json {
    let mut all = choices(operators, false);
    for entry in entries(operators).into_keys() {
        let ends = format!("\\.{entry}$");
        let condition = json!({ "properties": { "call": { "pattern": ends } }, "required": ["call"] });
        all.push(json!({ "if": condition, "then": { "$ref": format!("#/$defs/entry {entry}").replace(' ', "%20") } }));
    }
    let node = json!({
        "type": "object",
        "properties": {
            "op": names(operators, false),
            "call": { "type": "string", "pattern": "^[^.]+\\.[^.]+$", "description": "\"module.entry\"" },
            "in": { "type": "object", "additionalProperties": { "$ref": "#/$defs/source" } },
            "params": { "type": "object" },
            "use": { "$ref": "#/$defs/use" },
            "batch": { "$ref": "#/$defs/count", "description": "Items of one scatter that one call takes together." },
            "threads": { "$ref": "#/$defs/count", "description": "Threads inside a call." },
        },
        "oneOf": [{ "required": ["op"] }, { "required": ["call"] }],
        "additionalProperties": false,
    });
    with_all(node, all)
}

/// `allOf` these; JSON Schema forbids an empty one.
fn with_all(mut definition: Json, all: Vec<Json>) -> Json {
    if !all.is_empty() {
        definition["allOf"] = all.into();
    }
    definition
}

/// Names of operators with what they are for.
fn names(operators: &Operators, modules: bool) -> Json {
    let names: Vec<Json> = operators
        .iter()
        .filter(|operator| operator.description.module == modules)
        .map(|operator| json!({ "const": operator.description.name, "description": operator.description.about }))
        .collect();
    if names.is_empty() { json!(false) } else { json!({ "oneOf": names }) }
}

/// `if` the operator has this name, `then` its definition holds.
fn choices(operators: &Operators, modules: bool) -> Vec<Json> {
    let names =
        operators.iter().filter(|operator| operator.description.module == modules).map(|operator| &operator.description.name);
    names
        .map(|name| {
            let condition = json!({ "properties": { "op": { "const": name } }, "required": ["op"] });
            json!({ "if": condition, "then": { "$ref": format!("#/$defs/op {name}").replace(' ', "%20") } })
        })
        .collect()
}

/// Entries of modules by name: which module a call means is not known to a schema.
fn entries(operators: &Operators) -> BTreeMap<&str, Vec<&Entry>> {
    let mut entries: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for operator in operators.iter().filter(|operator| operator.description.module) {
        for entry in &operator.description.entries {
            entries.entry(&entry.name).or_default().push(entry);
        }
    }
    entries
}

/// A node that uses an entry.
fn used(entry: &Entry, params: &Json) -> Json {
    let mut definition = with_params(params);
    let ports: Map<String, Json> = entry.inputs.iter().map(|port| (port.name.clone(), input(port))).collect();
    let wanted: Vec<&str> = entry.inputs.iter().filter(|port| !port.optional).map(|port| port.name.as_str()).collect();
    let uses: Map<String, Json> =
        entry.uses.iter().map(|wanted| (wanted.name.clone(), json!({ "description": wanted.about }))).collect();
    definition["properties"]["in"] = json!({ "properties": ports, "required": wanted, "additionalProperties": false });
    definition["properties"]["use"] = json!({ "properties": uses, "additionalProperties": false });
    if let (Some(required), false) = (definition["required"].as_array_mut(), wanted.is_empty()) {
        required.push(json!("in"));
    }
    let outputs = entry.outputs.iter().map(|port| format!("{} ({})", port.name, port.type_name));
    definition["description"] = json!(format!("outputs: {}", suggest::quoted(outputs)));
    definition
}

fn input(port: &Port) -> Json {
    let shape = port.shape.as_deref().map(|shape| format!(" {shape}")).unwrap_or_default();
    json!({ "$ref": "#/$defs/source", "description": format!("{}{shape} {}", port.type_name, port.about).trim_end() })
}

fn with_params(params: &Json) -> Json {
    let needs = params["required"].as_array().is_some_and(|names| !names.is_empty());
    let required = if needs { vec!["params"] } else { Vec::new() };
    json!({ "properties": { "params": object(params) }, "required": required })
}

/// A parameter's schema for editors: references are fine everywhere, and the keywords are those that editors know.
fn value(schema: &Json) -> Json {
    let Some(name) = schema["type"].as_str() else { return described(schema, json!({})) };
    let mut typed = if name == "object" { object(schema) } else { json!({}) };
    let nullable = schema["nullable"] == true;
    typed["type"] = if nullable { json!([name, "null"]) } else { json!(name) };
    for key in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems"] {
        if let Some(bound) = schema.get(key) {
            typed[key] = bound.clone();
        }
    }
    if let Some(choices) = schema["enum"].as_array() {
        let null = nullable.then_some(Json::Null);
        typed["enum"] = choices.iter().cloned().chain(null).collect();
    }
    if schema["items"].is_object() {
        typed["items"] = value(&schema["items"]);
    }
    let free_text = name == "string" && schema.get("enum").is_none();
    described(schema, if free_text { typed } else { json!({ "anyOf": [typed, { "$ref": "#/$defs/reference" }] }) })
}

/// An object of parameters; closed as the check closes it.
fn object(schema: &Json) -> Json {
    let mut object = json!({ "type": "object" });
    if let Some(properties) = schema["properties"].as_object() {
        object["properties"] =
            properties.iter().map(|(name, property)| (name.clone(), value(property))).collect::<Map<_, _>>().into();
        object["additionalProperties"] = json!(false);
    }
    match &schema["additionalProperties"] {
        inner @ Json::Object(_) => object["additionalProperties"] = value(inner),
        Json::Bool(open) => object["additionalProperties"] = json!(open),
        _ => {}
    }
    if let Some(required) = schema["required"].as_array().filter(|names| !names.is_empty()) {
        object["required"] = json!(required);
    }
    object
}

fn described(schema: &Json, mut value: Json) -> Json {
    let unit = schema["unit"].as_str().map(|unit| format!(" ({unit})")).unwrap_or_default();
    if let Some(text) = schema["description"].as_str() {
        value["description"] = json!(format!("{text}{unit}"));
    }
    if let Some(default) = schema.get("default") {
        value["default"] = default.clone();
    }
    value
}
