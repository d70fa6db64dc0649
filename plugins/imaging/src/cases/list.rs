//! Lists of cases: JSON and plain text.

use super::Case;
use crate::formats::case_name;
use std::path::{Path, PathBuf};
use voxloom_sdk::{Error, Json, JsonMap, Result};

/// Reads a list. Paths in it are seen from its folder.
///
/// # Errors
/// The file is not a list, or an entry of it is no case; the text names the entry.
pub fn read_list(path: &Path) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::from(error).context(path.display()))?;
    let parsed = match path.extension().is_some_and(|ending| ending == "json") {
        true => from_json(&text),
        false => {
            Ok(text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(Json::from).collect())
        }
    };
    let entries = parsed.map_err(|fault| Error::item(format!("{}: {fault}", path.display())))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let cases = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| case(entry, folder).map_err(|fault| Error::item(format!("{}: entry {at} {fault}", path.display()))));
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
    let mut map = match entry {
        Json::String(image) => JsonMap::from_iter([("image".to_owned(), image.as_str().into())]),
        Json::Object(map) => map.clone(),
        other => return Err(format!("must be a path or an object with `image`, got {other}")),
    };
    resolve(&mut map, folder)?;
    let path = |key: &str| map.get(key).and_then(Json::as_str).map(PathBuf::from);
    let image = path("image").ok_or("has no `image`")?;
    let name = match map.get("name") {
        None | Some(Json::Null) => case_name(&image),
        Some(Json::String(name)) if !name.is_empty() => name.clone(),
        Some(other) => return Err(format!("has the name {other}, expected text")),
    };
    if name.contains(['/', '\\']) || name == "." || name == ".." {
        return Err(format!("has the name \"{name}\", which names a path; results are named by it"));
    }
    let label = path("label");
    let more = map.into_iter().filter(|(key, _)| !["name", "image", "label"].contains(&key.as_str())).collect();
    Ok(Case { name, image, label, more })
}

/// Makes the paths of an entry (`image`, `label`, `slices`, and those under `files`, each one path or a list of them) such that they are seen from
/// `folder`. `null` counts as absent.
///
/// # Errors
/// A path that is no text, `files` that is no object, or a name in it that is taken; the text goes on after the entry's name.
pub fn resolve(entry: &mut JsonMap, folder: &Path) -> Result<(), String> {
    for key in ["image", "label"] {
        match entry.get_mut(key) {
            None | Some(Json::Null) => {}
            Some(path) => seen_from(folder, path).map_err(|found| format!("has the {key} {found}, expected text"))?,
        }
    }
    if let Some(Json::Array(slices)) = entry.get_mut("slices") {
        let seen = slices.iter_mut().try_for_each(|slice| seen_from(folder, slice));
        seen.map_err(|found| format!("has {found} under `slices`, expected the paths of a DICOM series"))?;
    }
    let files = match entry.get_mut("files") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::Object(files)) => files,
        Some(other) => {
            return Err(format!("has the files {other}, expected an object such as {{\"raters\": [\"r0.png\", \"r1.png\"]}}"));
        }
    };
    for (name, paths) in files {
        if name == "image" || name == "label" {
            return Err(format!("has `{name}` under `files`; it stands beside `files`"));
        }
        let one_or_many = match paths {
            Json::Array(paths) if !paths.is_empty() => paths.iter_mut().try_for_each(|path| seen_from(folder, path)),
            path => seen_from(folder, path),
        };
        one_or_many.map_err(|found| format!("has {found} as `{name}` under `files`, expected a path or a list of paths"))?;
    }
    Ok(())
}

/// # Errors
/// What is there instead of a path.
fn seen_from(folder: &Path, path: &mut Json) -> Result<(), String> {
    match path {
        Json::String(text) if !text.is_empty() => {
            *text = folder.join(text.trim_start_matches("./")).to_string_lossy().into_owned();
            Ok(())
        }
        other => Err(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_path_of_an_entry_is_seen_from_its_list() {
        let entry = json!({"image": "./a.png", "label": null, "fold": 1, "files": {"t2": "/x/t2.nii.gz", "raters": ["r0.png", "d/r1.png"]}});
        let mut map = entry.as_object().unwrap().clone();
        resolve(&mut map, Path::new("/data")).unwrap();
        let expected = json!({"image": "/data/a.png", "label": null, "fold": 1,
            "files": {"t2": "/x/t2.nii.gz", "raters": ["/data/r0.png", "/data/d/r1.png"]}});
        assert_eq!(Json::Object(map), expected);
    }

    #[test]
    fn wrong_paths_are_named() {
        let fault = |entry: Json| resolve(&mut entry.as_object().unwrap().clone(), Path::new("/data")).unwrap_err();
        assert_eq!(fault(json!({"image": 3})), "has the image 3, expected text");
        assert_eq!(
            fault(json!({"files": ["a.png"]})),
            "has the files [\"a.png\"], expected an object such as {\"raters\": [\"r0.png\", \"r1.png\"]}"
        );
        assert_eq!(fault(json!({"files": {"t2": []}})), "has [] as `t2` under `files`, expected a path or a list of paths");
        assert_eq!(fault(json!({"files": {"r": ["a", 1]}})), "has 1 as `r` under `files`, expected a path or a list of paths");
        assert_eq!(fault(json!({"files": {"label": "a"}})), "has `label` under `files`; it stands beside `files`");
    }
}
