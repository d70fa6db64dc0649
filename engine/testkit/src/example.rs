//! Parameters made from a description: good ones, and bad ones of every kind that it rules out.

use serde_json::{Map, Value as Json, json};

/// Complete parameters: defaults, and made-up values where there is none.
pub fn good(schema: &Json) -> Json {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let chosen = properties.filter_map(|(name, property)| {
        let value = property.get("default").cloned().or_else(|| is_required(schema, name).then(|| value(property)))?;
        Some((name.clone(), value))
    });
    Json::Object(chosen.collect())
}

/// One value that `schema` allows, as far as its bounds tell.
fn value(schema: &Json) -> Json {
    if let Some(choice) = schema["enum"].get(0) {
        return choice.clone();
    }
    match schema["type"].as_str() {
        Some("boolean") => json!(false),
        Some("integer") => json!(number(schema).ceil() as i64),
        Some("number") => json!(number(schema)),
        Some("string") if schema["format"] == "path" => json!(crate::host::scratch_folder().join("made-up").to_string_lossy()),
        Some("string") => json!("made-up"),
        Some("array") => Json::Array(vec![value(&schema["items"]); schema["minItems"].as_u64().unwrap_or(1).min(64) as usize]),
        Some("object") => good(schema),
        _ => json!({}),
    }
}

fn number(schema: &Json) -> f64 {
    let bound = |name: &str| schema[name].as_f64();
    match (bound("minimum"), bound("exclusiveMinimum"), bound("maximum").or(bound("exclusiveMaximum"))) {
        (Some(low), ..) => low,
        (None, Some(low), Some(high)) => low.midpoint(high),
        (None, Some(low), None) => low + 1.0,
        (None, None, Some(high)) => high.min(2.0) - 1.0,
        (None, None, None) => 1.0,
    }
}

fn is_required(schema: &Json, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|required| required.iter().any(|entry| entry == name))
}

/// Parameters with one wrong value each: `(path, what is wrong, parameters)`.
pub fn bad(schema: &Json) -> Vec<(String, &'static str, Json)> {
    let good = good(schema);
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut all = Vec::new();
    for (name, property) in properties {
        for (what, wrong) in wrong_values(property, &good[name.as_str()]) {
            let mut params = good.as_object().cloned().unwrap_or_else(Map::new);
            params.insert(name.clone(), wrong);
            all.push((name.clone(), what, Json::Object(params)));
        }
    }
    all
}

fn wrong_values(schema: &Json, good: &Json) -> Vec<(&'static str, Json)> {
    let mut wrong = Vec::new();
    match schema["type"].as_str() {
        Some("string") => wrong.push(("a number for text", json!(12))),
        Some(_) => wrong.push(("text for another type", json!("no such choice"))),
        None => {}
    }
    if schema["enum"].is_array() {
        wrong.push(("no choice of the list", json!("no such choice")));
    }
    let whole = schema["type"] == "integer";
    let mut bound = |key: &str, what, step: f64| {
        if let Some(limit) = schema[key].as_f64() {
            wrong.push((what, if whole { json!((limit + step) as i64) } else { json!(limit + step) }));
        }
    };
    bound("minimum", "below its minimum", -1.0);
    bound("maximum", "above its maximum", 1.0);
    bound("exclusiveMinimum", "at its exclusive minimum", 0.0);
    bound("exclusiveMaximum", "at its exclusive maximum", 0.0);
    if schema["type"] == "array" {
        wrong_lists(schema, good, &mut wrong);
    }
    wrong
}

fn wrong_lists(schema: &Json, good: &Json, wrong: &mut Vec<(&'static str, Json)>) {
    let items = good.as_array().filter(|items| !items.is_empty()).cloned().unwrap_or_else(|| vec![value(&schema["items"])]);
    let of_length = |n: usize| Json::Array(items.iter().cycle().take(n).cloned().collect());
    if let Some(least) = schema["minItems"].as_u64().filter(|least| *least > 0) {
        wrong.push(("too short a list", of_length(least as usize - 1)));
    }
    if let Some(most) = schema["maxItems"].as_u64().filter(|most| *most < 64) {
        wrong.push(("too long a list", of_length(most as usize + 1)));
    }
    let n_items = schema["minItems"].as_u64().unwrap_or(1).max(1) as usize;
    for (_, item) in wrong_values(&schema["items"], &items[0]) {
        let mut list: Vec<Json> = items.iter().cycle().take(n_items).cloned().collect();
        list[0] = item;
        wrong.push(("a wrong value in its list", Json::Array(list)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_values_keep_their_bounds() {
        let schema = json!({ "properties": {
            "a": { "type": "integer", "minimum": 3 }, "b": { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
            "c": { "type": "array", "items": { "type": "string", "enum": ["x", "y"] }, "minItems": 2 },
            "d": { "type": "boolean", "default": true }, "e": { "type": "number", "nullable": true } },
            "required": ["a", "b", "c"] });
        assert_eq!(good(&schema), json!({ "a": 3, "b": 0.5, "c": ["x", "x"], "d": true }));
    }

    #[test]
    fn every_bound_has_a_value_beyond_it() {
        let schema = json!({ "properties": {
            "spacing": { "type": "array", "items": { "type": "number", "exclusiveMinimum": 0 }, "minItems": 2, "maxItems": 2, "default": [1, 1] } } });
        let found: Vec<Json> = bad(&schema).into_iter().map(|(_, _, params)| params["spacing"].clone()).collect();
        assert_eq!(found, [json!("no such choice"), json!([1]), json!([1, 1, 1]), json!(["no such choice", 1]), json!([0.0, 1])]);
    }
}
