//! Operators described in Markdown: `docs/catalog.md`, and what `plugins inspect` shows.

use serde_json::Value as Json;
use std::fmt::Write;
use voxloom_core::describe::{Access, Description, DeviceKind, Entry, Kind, Mode, Port, Threads};

/// The catalogue of all operators, family by family.
pub fn catalog<'a>(operators: impl Iterator<Item = &'a Description>) -> String {
    let mut text = String::from(
        "# Operators\n\nMade from what the installed plugins say of themselves: `cargo xtask docs`. Do not edit; a test compares it.\n",
    );
    let mut last = "";
    for description in operators {
        let family = description.name.split('.').next().unwrap_or("");
        if family != last {
            let _ = write!(text, "\n## {family}\n");
            last = family;
        }
        text.push('\n');
        text.push_str(&operator(description));
    }
    text
}

/// One operator: what it is for, parameters, entries and ports.
pub fn operator(description: &Description) -> String {
    let mut text = format!("### {}\n\n{}\n", description.name, paragraph(&description.about));
    let traits = traits(description);
    if !traits.is_empty() {
        let _ = write!(text, "\n{traits}\n");
    }
    text.push_str(&parameters(&description.params));
    for entry in &description.entries {
        text.push_str(&entry_text(description, entry));
    }
    text
}

fn traits(description: &Description) -> String {
    let mut words = Vec::new();
    if description.module {
        words.push("a module: it owns state".to_owned());
    }
    match description.mode {
        Mode::Parallel => {}
        Mode::Exclusive => words.push("one call at a time".into()),
        Mode::Ordered => words.push("one call at a time, in item order".into()),
    }
    if description.threads == Threads::All {
        words.push("takes all intra-op threads".into());
    }
    if description.device == DeviceKind::Any {
        words.push("runs on any device".into());
    }
    if !description.deterministic {
        let why = description.why.as_deref().unwrap_or("it does not say when");
        words.push(format!("equal inputs may give other bits ({why})"));
    }
    let Some(first) = words.first_mut() else { return String::new() };
    if let Some(letter) = first.get(..1).map(str::to_uppercase) {
        first.replace_range(..1, &letter);
    }
    words.join("; ") + "."
}

fn entry_text(description: &Description, entry: &Entry) -> String {
    let mut text = String::new();
    if description.module || entry.name != "run" {
        let _ = write!(text, "\n#### {}.{}\n", description.name, entry.name);
        if !entry.about.is_empty() {
            let _ = write!(text, "\n{}\n", paragraph(&entry.about));
        }
    }
    let mut facts: Vec<String> = Vec::new();
    match entry.kind {
        Kind::Map => {}
        Kind::Scatter => facts.push("Scatter: makes many items of one".into()),
        Kind::Gather => facts.push("Gather: makes one item of many".into()),
    }
    match entry.access {
        Access::None => {}
        Access::Read => facts.push("reads its module".into()),
        Access::Write => facts.push("writes its module".into()),
    }
    if entry.backward {
        facts.push("differentiates".into());
    }
    for used in &entry.uses {
        let access = if used.access == Access::Write { "writes" } else { "reads" };
        let many = if used.many { " (one or more)" } else { "" };
        let optional = if used.optional { ", optional" } else { "" };
        facts.push(format!("{access} the module given as `{}`{many}{optional}", used.name));
    }
    if !facts.is_empty() {
        let _ = write!(text, "\n{}.\n", facts.join("; "));
    }
    text.push_str(&parameters(&entry.params));
    text.push_str(&ports("In", &entry.inputs));
    text.push_str(&ports("Out", &entry.outputs));
    text
}

fn ports(title: &str, ports: &[Port]) -> String {
    if ports.is_empty() {
        return String::new();
    }
    let mut text = format!("\n| {title} | type | shape | |\n| --- | --- | --- | --- |\n");
    for port in ports {
        let kind = [Some(port.type_name.as_str()), port.dtype.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let shape = port.shape.as_deref().map_or(String::new(), |shape| format!("`{shape}`"));
        let mut about: Vec<String> = Vec::new();
        about.extend(port.optional.then(|| "Optional.".into()));
        about.extend(port.gather.then(|| "Gathered.".into()));
        about.extend((!port.about.is_empty()).then(|| in_table(&port.about)));
        about.extend(port.unit.as_ref().map(|unit| format!("Unit: {unit}.")));
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", port.name, in_table(&kind), in_table(&shape), about.join(" "));
    }
    text
}

fn parameters(schema: &Json) -> String {
    let Some(properties) = schema["properties"].as_object().filter(|properties| !properties.is_empty()) else {
        return String::new();
    };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let mut text = String::from("\n| Parameter | type | default | |\n| --- | --- | --- | --- |\n");
    for (name, property) in properties {
        let default = match property.get("default") {
            Some(default) => format!("`{default}`"),
            None if required.contains(&name.as_str()) => "required".into(),
            None => "none".into(),
        };
        let mut about = vec![in_table(property["description"].as_str().unwrap_or(""))];
        about.extend(property["unit"].as_str().map(|unit| format!("Unit: {unit}.")));
        about.extend(range(property));
        about.retain(|part| !part.is_empty());
        let _ = writeln!(text, "| `{name}` | {} | {} | {} |", in_table(&type_of(property)), in_table(&default), about.join(" "));
    }
    text
}

/// A type in words: `number`, `list of 3 integer`, `"linear" or "nearest"`.
fn type_of(schema: &Json) -> String {
    if let Some(choices) = schema["enum"].as_array() {
        return choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", ");
    }
    let word = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("array"), _) => {
            let count = match (schema["minItems"].as_u64(), schema["maxItems"].as_u64()) {
                (Some(low), Some(high)) if low == high => format!("{low} "),
                (Some(low), Some(high)) => format!("{low} to {high} "),
                (Some(low), None) if low > 0 => format!("at least {low} "),
                (_, Some(high)) => format!("at most {high} "),
                _ => String::new(),
            };
            format!("list of {count}{}", type_of(&schema["items"]))
        }
        (Some("string"), Some("path")) => "path".into(),
        (Some(word), _) => word.into(),
        (None, _) => "any".into(),
    };
    if schema["nullable"] == true { word + " or null" } else { word }
}

fn range(schema: &Json) -> Option<String> {
    let schema = if schema["type"] == "array" { &schema["items"] } else { schema };
    let bounds = [("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most"), ("exclusiveMaximum", "below")];
    let words: Vec<String> =
        bounds.iter().filter_map(|(key, word)| schema.get(*key).map(|bound| format!("{word} {bound}"))).collect();
    let mut text = words.join(", ") + ".";
    let first = text.get(..1)?.to_uppercase();
    text.replace_range(..1, &first);
    (!words.is_empty()).then_some(text)
}

/// Prose on one line a paragraph.
fn paragraph(text: &str) -> String {
    text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n\n")
}

fn in_table(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::{operator, type_of};
    use serde_json::json;
    use voxloom_core::describe::Description;

    #[test]
    fn an_operator_is_described_with_parameters_and_ports() {
        let description: Description = serde_json::from_value(json!({
            "name": "imaging.resample", "about": "Puts a volume on a new grid;\n the extent stays.", "threads": "all",
            "params": { "type": "object", "required": [], "properties": {
                "spacing_mm": { "type": "array", "items": { "type": "number", "exclusiveMinimum": 0 }, "minItems": 3, "maxItems": 3,
                    "default": [1, 1, 1], "unit": "mm", "description": "Voxel size." } } },
            "entries": [{ "name": "run", "params": {}, "inputs": [{ "name": "volume", "type": "volume", "shape": "[D, H, W]" }], "outputs": [] }]
        }))
        .expect("a description");
        let text = operator(&description);
        assert!(text.starts_with("### imaging.resample\n\nPuts a volume on a new grid; the extent stays.\n"), "{text}");
        assert!(text.contains("Takes all intra-op threads."), "{text}");
        assert!(text.contains("| `spacing_mm` | list of 3 number | `[1,1,1]` | Voxel size. Unit: mm. Above 0. |"), "{text}");
        assert!(text.contains("| `volume` | volume | `[D, H, W]` |  |"), "{text}");
    }

    #[test]
    fn types_are_written_in_words() {
        assert_eq!(type_of(&json!({ "enum": ["linear", "nearest"] })), "`\"linear\"`, `\"nearest\"`");
        assert_eq!(type_of(&json!({ "type": "string", "format": "path", "nullable": true })), "path or null");
        assert_eq!(type_of(&json!({})), "any");
    }
}
