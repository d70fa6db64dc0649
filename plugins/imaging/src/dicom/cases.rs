//! The series below a folder as cases, wherever their files lie.

use crate::cases::{Case, Found};
use crate::formats::is_volume_name;
use std::path::Path;
use voxloom_dicom::{Series, find};
use voxloom_sdk::{Json, JsonMap, Result};

/// Every series below a folder. A case is named by its SeriesInstanceUID, which is unique and names no patient; by its folder or
/// file where the files have none.
///
/// # Errors
/// The folder cannot be listed.
pub(crate) fn in_folder(folder: &Path) -> Result<Found> {
    let found = find(folder, true)?;
    let cases = found.series.iter().filter_map(case).collect();
    let skipped = found.passed_over.iter().map(|text| match text.strip_suffix(": is not DICOM") {
        Some(file) if is_volume_name(Path::new(file)) => format!("{file} (a folder deeper; set `recursive`)"),
        Some(file) => format!("{file} (neither NIfTI, PNG nor DICOM)"),
        None => text.clone(),
    });
    Ok(Found { cases, skipped: skipped.collect() })
}

fn case(series: &Series) -> Option<Case> {
    let slices = series.paths();
    let first = slices.first()?.clone();
    let place = if slices.len() == 1 { first.file_stem() } else { first.parent().and_then(Path::file_name) };
    let uid = Some(series.uid.clone()).filter(|uid| !uid.is_empty());
    let name = uid.unwrap_or_else(|| place.unwrap_or_default().to_string_lossy().into_owned());
    // A damaged UID must not name a path.
    let safe = |letter: char| if letter.is_alphanumeric() || ".-_ ".contains(letter) { letter } else { '_' };
    let name: String = name.chars().map(safe).collect();
    // Also of one file: its name need not say that it is DICOM.
    let paths = slices.iter().map(|slice| Json::from(slice.to_string_lossy())).collect();
    let more = JsonMap::from_iter([("slices".to_owned(), paths)]);
    Some(Case { name: name.trim_start_matches('.').to_owned(), image: first, label: None, more })
}
