//! Where the cases come from: the pipeline file, a JSON file, or a folder.

use super::SamplerParams;
use std::path::Path;
use voxloom_imaging::cases::{names_of_volumes, resolve};
use voxloom_imaging::formats::case_name;
use voxloom_sdk::prelude::*;

/// All cases that the parameters name, each with a `name`.
///
/// # Errors
/// None or several sources, a file that is no list, no case left.
pub fn find(params: &SamplerParams) -> Result<Vec<Json>> {
    let mut cases = match (&params.cases, &params.file, &params.folder) {
        (Some(cases), None, None) => list(cases).ok_or_else(|| Error::param("cases", "must be a list of objects"))?,
        (None, Some(file), None) => from_file(file).map_err(|fault| fault.into_param("file"))?,
        (None, None, Some(folder)) => {
            from_folder(folder, params.labels.as_deref()).map_err(|fault| fault.into_param("folder"))?
        }
        // One of them is given: `SamplerParams::check_relations`.
        _ => Vec::new(),
    };
    let found = cases.len();
    cases.retain(|case| params.only.iter().all(|(key, value)| case.get(key) == Some(value)));
    if cases.is_empty() {
        return Err(Error::param("only", format!("leaves none of {found} cases")));
    }
    for (index, case) in cases.iter_mut().enumerate() {
        if case.get("name").is_none() {
            let name = case["image"].as_str().map_or_else(|| index.to_string(), |image| case_name(Path::new(image)));
            case["name"] = name.into();
        }
    }
    Ok(cases)
}

/// Indices by the value of `key`, in the order of first sight; one group without a key.
///
/// # Errors
/// A case without the key.
pub fn groups(cases: &[Json], key: Option<&str>) -> Result<Vec<Vec<usize>>> {
    let Some(key) = key else { return Ok(vec![(0..cases.len()).collect()]) };
    let mut groups: Vec<(&Json, Vec<usize>)> = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let value = case
            .get(key)
            .ok_or_else(|| Error::param("balance", format!("names `{key}`, which case {} has not", case["name"])))?;
        match groups.iter_mut().find(|(other, _)| *other == value) {
            Some((_, group)) => group.push(index),
            None => groups.push((value, vec![index])),
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

fn from_file(file: &Path) -> Result<Vec<Json>> {
    let text = std::fs::read_to_string(file).map_err(|fault| Error::from(fault).context(file.display()))?;
    let json: Json = serde_json::from_str(&text).map_err(|fault| Error::item(format!("{}: {fault}", file.display())))?;
    let cases = [&json, &json["cases"], &json["training"]].into_iter().find_map(list);
    let mut cases = cases
        .ok_or_else(|| Error::item(format!("{} holds no list of cases, alone or under `cases` or `training`", file.display())))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    for (index, case) in cases.iter_mut().enumerate() {
        let resolved = case.as_object_mut().map_or(Ok(()), |case| resolve(case, folder));
        resolved.map_err(|fault| Error::item(format!("{}: entry {index} {fault}", file.display())))?;
    }
    Ok(cases)
}

/// The objects of a list; entries that are paths alone become cases.
fn list(json: &Json) -> Option<Vec<Json>> {
    let case = |entry: &Json| match entry {
        Json::Object(_) => Some(entry.clone()),
        Json::String(image) => Some(json!({ "image": image })),
        _ => None,
    };
    json.as_array()?.iter().map(case).collect()
}

fn from_folder(folder: &Path, labels: Option<&Path>) -> Result<Vec<Json>> {
    let mut cases = Vec::new();
    for name in names_of_volumes(folder).map_err(|fault| Error::from(fault).context(folder.display()))? {
        let mut case = json!({ "name": case_name(Path::new(&name)), "image": folder.join(&name).to_string_lossy() });
        if let Some(labels) = labels {
            let label = labels.join(&name);
            if !label.is_file() {
                return Err(Error::item(format!("{} has no label {}", folder.join(&name).display(), label.display())));
            }
            case["label"] = label.to_string_lossy().into();
        }
        cases.push(case);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxloom_sdk::params::ParamType;

    fn found(params: Json) -> Result<Vec<Json>> {
        let params = SamplerParams::parse(&params)?;
        params.check()?;
        find(&params)
    }

    #[test]
    fn cases_come_from_the_pipeline_a_file_or_a_folder() {
        let inline = found(json!({"cases": [{"image": "a/x.nii.gz", "task": 1}, "y.nii"]})).unwrap();
        assert_eq!(inline, [json!({"image": "a/x.nii.gz", "task": 1, "name": "x"}), json!({"image": "y.nii", "name": "y"})]);

        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(
            path("list.json"),
            r#"{"training": [{"image": "./i/a.nii.gz", "label": "l/a.nii.gz", "split": 1, "files": {"raters": ["r/0.png"]}}, {"image": "i/b.nii.gz"}]}"#,
        )
        .unwrap();
        let from_file = found(json!({"file": path("list.json"), "only": {"split": 1}})).unwrap();
        let expected = json!({"image": path("i/a.nii.gz"), "label": path("l/a.nii.gz"), "split": 1, "name": "a",
            "files": {"raters": [path("r/0.png")]}});
        assert_eq!(from_file, [expected]);
        std::fs::write(path("wrong.json"), r#"["a.png", {"image": "b.png", "files": []}]"#).unwrap();
        let fault = found(json!({"file": path("wrong.json")})).unwrap_err();
        assert!(fault.message().contains("wrong.json: entry 1 has the files []"), "{fault}");

        for name in ["b.nii", "a.nii.gz", "._a.nii.gz", "notes.txt"] {
            std::fs::write(path(name), "").unwrap();
        }
        let from_folder = found(json!({"folder": folder.path()})).unwrap();
        assert_eq!(from_folder.iter().map(|case| case["name"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
        std::fs::create_dir(path("labels")).unwrap();
        std::fs::write(path("labels/a.nii.gz"), "").unwrap();
        let fault = found(json!({"folder": folder.path(), "labels": path("labels")})).unwrap_err();
        assert!(fault.message().ends_with("labels/b.nii") && fault.message().contains("b.nii has no label"), "{fault}");
    }

    #[test]
    fn says_what_is_wrong_with_the_source() {
        let text = |params| found(params).unwrap_err().to_string();
        assert_eq!(text(json!({})), "cases is missing: give `cases`, `file` or `folder`");
        assert_eq!(
            text(json!({"cases": [], "folder": "x"})),
            "cases must be the only source: give one of `cases`, `file` and `folder`"
        );
        assert_eq!(text(json!({"cases": [3]})), "cases must be a list of objects");
        assert_eq!(text(json!({"cases": [{"task": 1}], "only": {"task": 2}})), "only leaves none of 1 cases");
        assert!(text(json!({"file": "absent.json"})).starts_with("file absent.json: No such file"));
    }

    #[test]
    fn groups_by_a_key() {
        let cases = [json!({"task": 1, "name": "a"}), json!({"task": 0, "name": "b"}), json!({"task": 1, "name": "c"})];
        assert_eq!(groups(&cases, Some("task")).unwrap(), [vec![0, 2], vec![1]]);
        assert_eq!(groups(&cases, None).unwrap(), [vec![0, 1, 2]]);
        assert_eq!(groups(&cases, Some("fold")).unwrap_err().to_string(), "balance names `fold`, which case \"a\" has not");
    }
}
