//! From a path to its cases.

use super::{Cases, Unlabelled, read_list};
use crate::dicom;
use crate::formats::{are_pictures, case_name, is_picture_name, is_volume_name};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use voxloom_sdk::{Error, ErrorKind, Json, JsonMap, Result};

/// One case: paths, not voxels.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What results are named by; no path.
    pub name: String,
    pub image: PathBuf,
    pub label: Option<PathBuf>,
    /// What else its list says.
    pub more: JsonMap,
}

impl Case {
    /// The fields of the record `case`.
    pub fn meta(&self) -> JsonMap {
        let mut meta = JsonMap::new();
        meta.insert("name".into(), self.name.as_str().into());
        meta.insert("image".into(), self.image.to_string_lossy().into());
        if let Some(label) = &self.label {
            meta.insert("label".into(), label.to_string_lossy().into());
        }
        for (key, value) in &self.more {
            meta.entry(key.clone()).or_insert_with(|| value.clone());
        }
        meta
    }

    /// The value of one field of the record.
    pub fn field(&self, key: &str) -> Option<Json> {
        self.meta().remove(key)
    }
}

/// Cases sorted by name, and what was passed over with the reason.
#[derive(Debug, Default)]
pub struct Found {
    pub cases: Vec<Case>,
    pub skipped: Vec<String>,
}

/// Finds the cases of a path, before any selection.
///
/// # Errors
/// As [`Cases::find`].
pub fn find(cases: &Cases) -> Result<Found> {
    let path = &cases.path;
    let meta = std::fs::metadata(path).map_err(|error| {
        let what = "a NIfTI, PNG or DICOM file, a folder of them, or a list";
        Error::item(format!("{}: {error}; give {what}", path.display())).of_kind(ErrorKind::of_io(&error))
    })?;
    let mut found = match list_ending(path) {
        _ if meta.is_dir() => in_folder(cases)?,
        Some(_) => Found { cases: read_list(path)?, skipped: Vec::new() },
        None if !cases.split_series.is_empty() && dicom::is_dicom(path) => dicom::in_file(path, &cases.split_series)?,
        None => Found { cases: vec![image(cases, path)], skipped: Vec::new() },
    };
    found.cases.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = found.cases.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let (one, other) = (pair[0].image.display(), pair[1].image.display());
        let text = format!("two cases are named {}: {one} and {other}; name them apart in a list", pair[0].name);
        return Err(Error::item(text));
    }
    pair_labels(cases, &mut found)?;
    Ok(found)
}

fn list_ending(path: &Path) -> Option<()> {
    let ending = path.extension()?;
    (ending == "json" || ending == "txt").then_some(())
}

fn image(cases: &Cases, path: &Path) -> Case {
    let name = case_name(path);
    let name = name.strip_suffix(&cases.image_suffix).filter(|name| !name.is_empty()).unwrap_or(&name).to_owned();
    Case { name, image: path.to_owned(), label: None, more: JsonMap::new() }
}

fn in_folder(cases: &Cases) -> Result<Found> {
    let mut files = Vec::new();
    walk(&cases.path, cases.recursive, &mut files)?;
    files.sort();
    // DICOM goes by series, and a series by no folder: it is looked for at every depth.
    if !files.iter().any(|file| is_volume_name(file)) {
        return dicom::in_folder(&cases.path, &cases.split_series);
    }
    let mut found = Found::default();
    let pictures = are_pictures(&files);
    let beside = cases.labels.is_none() && !cases.label_suffix.is_empty();
    for file in files {
        let shown = file.strip_prefix(&cases.path).unwrap_or(&file).display().to_string();
        let stem = case_name(&file);
        let half = file.extension().is_some_and(|ending| ending == "img") || shown.ends_with(".img.gz");
        if half {
            continue;
        }
        if !is_volume_name(&file) {
            found.skipped.push(format!("{shown} (neither NIfTI nor PNG)"));
        } else if is_picture_name(&file) && !pictures {
            found.skipped.push(format!("{shown} (a picture beside NIfTI files)"));
        } else if !stem.ends_with(&cases.image_suffix) {
            found.skipped.push(format!("{shown} (does not end in {})", cases.image_suffix));
        } else if !(beside && stem.ends_with(&cases.label_suffix)) {
            found.cases.push(image(cases, &file));
        }
    }
    Ok(found)
}

fn walk(folder: &Path, recursive: bool, files: &mut Vec<PathBuf>) -> Result<()> {
    let fault = |error| Error::from(error).context(folder.display());
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        match path.is_dir() {
            _ if hidden => {}
            true if recursive => walk(&path, recursive, files)?,
            true => {}
            false => files.push(path),
        }
    }
    Ok(())
}

/// Finds the label of every case that has none, where labels are wanted.
fn pair_labels(cases: &Cases, found: &mut Found) -> Result<()> {
    if cases.labels.is_none() && cases.label_suffix.is_empty() {
        return Ok(());
    }
    let mut folders = BTreeMap::new();
    let mut missing = Vec::new();
    for case in &mut found.cases {
        let beside = || case.image.parent().unwrap_or(Path::new("")).to_owned();
        let folder = cases.labels.clone().unwrap_or_else(beside);
        if case.label.is_none() {
            let known = match folders.get(&folder) {
                Some(known) => known,
                None => folders.entry(folder.clone()).or_insert(names_in(&folder)?),
            };
            case.label = known.get(&format!("{}{}", case.name, cases.label_suffix)).cloned();
        }
        if case.label.is_none() {
            missing.push(format!("{} (no label {}{} in {})", case.name, case.name, cases.label_suffix, folder.display()));
        }
    }
    match cases.unlabelled {
        Unlabelled::Refuse if !missing.is_empty() => {
            let few = super::few(&missing);
            Err(Error::item(format!("images without a label: {few}; set `unlabelled` to skip or keep to go on")))
        }
        Unlabelled::Refuse | Unlabelled::Keep => Ok(()),
        Unlabelled::Skip => {
            found.cases.retain(|case| case.label.is_some());
            found.skipped.extend(missing);
            Ok(())
        }
    }
}

/// The volumes of a folder by file name, in order: no hidden files, and no pictures beside NIfTI files.
///
/// # Errors
/// The folder cannot be read.
pub fn names_of_volumes(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    let pictures = are_pictures(&names);
    let is_case = |name: &String| {
        let path = Path::new(name);
        !name.starts_with('.') && is_volume_name(path) && (pictures || !is_picture_name(path))
    };
    names.retain(is_case);
    names.sort_unstable();
    Ok(names)
}

fn names_in(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut files = Vec::new();
    walk(folder, false, &mut files)?;
    files.sort();
    let pictures = are_pictures(&files);
    let volumes = files.into_iter().filter(|file| is_volume_name(file) && (pictures || !is_picture_name(file)));
    Ok(volumes.map(|file| (case_name(&file), file)).collect())
}
