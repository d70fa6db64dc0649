//! Lists of cases: JSON and plain text.

use super::Case;
use crate::nifti::case_name;
use std::path::Path;
use voxloom_sdk::{Json, JsonMap};

/// Reads a list. Paths in it are seen from its folder.
///
/// # Errors
/// The file is not a list, or an entry of it is no case; the text names the entry.
pub fn read_list(path: &Path) -> Result<Vec<Case>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let parsed = match path.extension().is_some_and(|ending| ending == "json") {
        true => from_json(&text),
        false => {
            Ok(text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(Json::from).collect())
        }
    };
    let entries = parsed.map_err(|fault| format!("{}: {fault}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let cases = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| case(entry, folder).map_err(|fault| format!("{}: entry {at} {fault}", path.display())));
    cases.collect()
}

/// A list, or the one list that an object holds under `cases` or, in a Decathlon `dataset.json`, `training`.
fn from_json(text: &str) -> Result<Vec<Json>, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let inner = match &json {
        Json::Object(map) => map.get("cases").or_else(|| map.get("training")),
        other => Some(other),
    };
    match inner {
        Some(Json::Array(entries)) => Ok(entries.clone()),
        _ => Err("is no list of cases: expected [{\"image\": \"a.nii.gz\", \"label\": \"b.nii.gz\"}, ...]".into()),
    }
}

fn case(entry: &Json, folder: &Path) -> Result<Case, String> {
    let map = match entry {
        Json::String(image) => JsonMap::from_iter([("image".to_owned(), image.as_str().into())]),
        Json::Object(map) => map.clone(),
        other => return Err(format!("must be a path or an object with `image`, got {other}")),
    };
    let text = |key: &str| match map.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if !text.is_empty() => Ok(Some(text.as_str())),
        Some(other) => Err(format!("has the {key} {other}, expected text")),
    };
    let image = folder.join(text("image")?.ok_or("has no `image`")?);
    let name = text("name")?.map_or_else(|| case_name(&image), str::to_owned);
    if name.contains(['/', '\\']) || name == "." || name == ".." {
        return Err(format!("has the name \"{name}\", which names a path; results are named by it"));
    }
    let label = text("label")?.map(|label| folder.join(label));
    let more = map.iter().filter(|(key, _)| !["name", "image", "label"].contains(&key.as_str()));
    Ok(Case { name, image, label, more: more.map(|(key, value)| (key.clone(), value.clone())).collect() })
}
