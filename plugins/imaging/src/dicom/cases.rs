//! The series below a folder as cases, wherever their files lie.

use crate::cases::{Case, Found};
use crate::formats::is_volume_name;
use std::path::Path;
use voxloom_dicom::{Series, find, gather};
use voxloom_sdk::{Json, JsonMap, Result};

/// Every series below a folder. A case is named by its SeriesInstanceUID, which is unique and names no patient; by its folder or
/// file where the files have none.
///
/// With `split`, a series becomes a case for every combination of values that these attributes have.
///
/// # Errors
/// The folder cannot be listed.
pub(crate) fn in_folder(folder: &Path, split: &[String]) -> Result<Found> {
    let found = find(folder, true)?;
    let cases = cases(found.series, split)?;
    let skipped = found.passed_over.iter().map(|text| match text.strip_suffix(": is not DICOM") {
        Some(file) if is_volume_name(Path::new(file)) => format!("{file} (a folder deeper; set `recursive`)"),
        Some(file) => format!("{file} (neither NIfTI, PNG nor DICOM)"),
        None => text.clone(),
    });
    Ok(Found { cases, skipped: skipped.collect() })
}

/// The cases of one file of many frames, split as [`in_folder`] does.
///
/// # Errors
/// The file is no DICOM image.
pub(crate) fn in_file(path: &Path, split: &[String]) -> Result<Found> {
    Ok(Found { cases: cases(gather(&[path.to_owned()])?, split)?, skipped: Vec::new() })
}

fn cases(series: Vec<Series>, split: &[String]) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for series in series {
        cases.extend(series.apart(split)?.iter().filter_map(case));
    }
    Ok(cases)
}

/// A value of an attribute as a field of a case: a number where it is one.
fn field(value: &str) -> Json {
    let whole = || value.parse::<i64>().map(Json::from).ok();
    let decimal = || value.parse::<f64>().ok().filter(|number| number.is_finite()).map(Json::from);
    whole().or_else(decimal).unwrap_or_else(|| value.into())
}

fn case(series: &Series) -> Option<Case> {
    let slices = series.paths();
    let first = slices.first()?.clone();
    let place = if slices.len() == 1 { first.file_stem() } else { first.parent().and_then(Path::file_name) };
    let uid = Some(series.uid.clone()).filter(|uid| !uid.is_empty());
    let mut name = uid.unwrap_or_else(|| place.unwrap_or_default().to_string_lossy().into_owned());
    for (attribute, value) in &series.chosen {
        let value = if value.is_empty() { "none" } else { value };
        name = format!("{name}.{attribute}-{value}");
    }
    // A damaged UID must not name a path.
    let safe = |letter: char| if letter.is_alphanumeric() || ".-_ ".contains(letter) { letter } else { '_' };
    let name: String = name.chars().map(safe).collect();
    // Also of one file: its name need not say that it is DICOM.
    let paths = slices.iter().map(|slice| Json::from(slice.to_string_lossy())).collect();
    let mut more = JsonMap::from_iter([("slices".to_owned(), paths)]);
    if !series.chosen.is_empty() {
        let chosen = series.chosen.iter().map(|(attribute, value)| (attribute.clone(), Json::from(value.as_str())));
        more.insert("where".into(), chosen.collect());
        more.extend(series.chosen.iter().map(|(attribute, value)| (attribute.clone(), field(value))));
    }
    Some(Case { name: name.trim_start_matches('.').to_owned(), image: first, label: None, more })
}
