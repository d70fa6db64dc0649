//! Which of the cases are wanted: by values, by a split, by number.

use super::{Cases, Found};
use std::collections::BTreeSet;
use std::path::Path;
use voxloom_sdk::{Error, Json, JsonMap, Result};

/// Drops what the parameters do not want.
///
/// # Errors
/// A split that cannot be read, or has no such part or fold; names in it that are no case.
pub fn select(cases: &Cases, found: &mut Found) -> Result<()> {
    let before = found.cases.len();
    found.cases.retain(|case| {
        let has = |key: &String, wanted: &Json| case.field(key).is_some_and(|value| matches(&value, wanted));
        cases.only.iter().all(|(key, wanted)| has(key, wanted)) && !cases.except.iter().any(|(key, wanted)| has(key, wanted))
    });
    if found.cases.len() < before {
        let rules = [("only", &cases.only), ("except", &cases.except)];
        let rules: Vec<String> =
            rules.iter().filter(|(_, rule)| !rule.is_empty()).map(|(name, rule)| format!("{name} {}", text(rule))).collect();
        found.skipped.push(format!("{} cases by {}", before - found.cases.len(), rules.join(" and ")));
    }
    if let Some(split) = &cases.split {
        let names = names(split, cases.part.as_deref(), cases.fold).map_err(|fault| fault.context(split.display()))?;
        let known: BTreeSet<&str> = found.cases.iter().map(|case| case.name.as_str()).collect();
        let missing: Vec<String> = names.iter().filter(|name| !known.contains(name.as_str())).cloned().collect();
        if !missing.is_empty() {
            let (split, path) = (split.display(), cases.path.display());
            return Err(Error::item(format!("{split} names cases that {path} does not have: {}", super::few(&missing))));
        }
        found.cases.retain(|case| names.contains(&case.name));
    }
    if let Some(limit) = cases.limit {
        found.cases.truncate(limit);
    }
    Ok(())
}

/// Equal, or one of a list.
fn matches(value: &Json, wanted: &Json) -> bool {
    match wanted {
        Json::Array(choices) => choices.contains(value),
        other => value == other,
    }
}

fn text(rule: &JsonMap) -> String {
    Json::Object(rule.clone()).to_string()
}

fn names(path: &Path, part: Option<&str>, fold: usize) -> Result<BTreeSet<String>> {
    let json: Json = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let parts = match &json {
        Json::Array(folds) if folds.iter().all(Json::is_object) && !folds.is_empty() => {
            folds.get(fold).ok_or_else(|| Error::item(format!("has {} folds, no fold {fold}", folds.len())))?
        }
        other => other,
    };
    let list = match (parts, part) {
        (Json::Object(map), Some(part)) => map.get(part).ok_or_else(|| {
            let known = map.keys().cloned().collect::<Vec<_>>().join(", ");
            Error::item(format!("has no part {part}; it has {known}"))
        })?,
        (Json::Object(map), None) => {
            let known = map.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(Error::item(format!("has the parts {known}; say which with `part`")));
        }
        (other, _) => other,
    };
    let names = list
        .as_array()
        .and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<BTreeSet<_>>>());
    names.ok_or_else(|| Error::item("is no split: expected {\"train\": [names], ...}, a list of such, or a list of names"))
}
