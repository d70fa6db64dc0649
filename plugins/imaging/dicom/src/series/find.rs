//! Which series a folder holds.

use super::{Head, Where, origin::shown};
use crate::Fault;
use crate::attributes::Attributes;
use crate::file::{Depth, File};
use dicom_dictionary_std::tags;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The images that make one volume, or should.
#[derive(Clone, Debug)]
pub struct Series {
    /// SeriesInstanceUID; where several volumes share it (files of many frames), SOPInstanceUID; may be empty. What
    /// is no UID is a label that stands for it, as it may name a patient.
    pub uid: String,
    /// Sorted by path.
    pub heads: Vec<Head>,
    /// Files that are or may be of this series and cannot be read, with the reason: without them the volume may lack slices,
    /// so it is not made.
    pub damaged: Vec<Damaged>,
    /// Which of the slices make the volume, where several volumes share the series.
    pub chosen: Where,
}

/// A file that cannot be read.
#[derive(Clone, Debug)]
pub struct Damaged {
    pub path: PathBuf,
    pub why: String,
    /// Where the system refuses it.
    pub error: Option<Arc<std::io::Error>>,
}

impl Series {
    /// All files, the damaged ones too.
    pub fn paths(&self) -> Vec<PathBuf> {
        let damaged = self.damaged.iter().map(|file| file.path.clone());
        self.heads.iter().map(|head| head.path.clone()).chain(damaged).collect()
    }
}

/// Series sorted by UID, and what was passed over with the reason.
#[derive(Debug, Default)]
pub struct Found {
    pub series: Vec<Series>,
    pub passed_over: Vec<String>,
}

/// Finds the series of a folder, whatever the files are called. Hidden files and links to folders are not followed.
///
/// # Errors
/// The folder cannot be listed. Files that hold no image are passed over, with the reason.
pub fn find(folder: &Path, recursive: bool) -> Result<Found, Fault> {
    let mut paths = Vec::new();
    walk(folder, recursive, &mut paths)?;
    paths.sort();
    let mut found = Found::default();
    let (mut heads, mut damaged) = (Vec::new(), Vec::new());
    for path in paths {
        match examine(&path) {
            Ok(head) => heads.push(head),
            Err((uid, fault)) => {
                let text = fault.to_string();
                let shown = text.strip_prefix(&format!("{}/", folder.display())).unwrap_or(&text).to_owned();
                let error = match fault {
                    Fault::Io { error, .. } => Some(Some(Arc::new(error))),
                    Fault::Damaged { .. } => Some(None),
                    _ => None,
                };
                if let Some(error) = error {
                    damaged.push(Unknown { uid, file: Damaged { path, why: shown.clone(), error } });
                }
                found.passed_over.push(shown);
            }
        }
    }
    found.series = group(heads);
    found.series.iter_mut().for_each(|series| series.damaged = damaged.iter().filter_map(|file| file.touches(series)).collect());
    found.series.retain_mut(|series| keep_images(series, &mut found.passed_over));
    Ok(found)
}

/// A file that cannot be read, and its series where it says so much.
struct Unknown {
    uid: Option<String>,
    file: Damaged,
}

impl Unknown {
    /// By its UID; without one, it may be of any series in its folder.
    fn touches(&self, series: &Series) -> Option<Damaged> {
        let touched = match &self.uid {
            Some(uid) => series.heads.iter().any(|head| head.series_uid == *uid),
            None => series.heads.iter().any(|head| head.path.parent() == self.file.path.parent()),
        };
        touched.then(|| self.file.clone())
    }
}

fn examine(path: &Path) -> Result<Head, (Option<String>, Fault)> {
    let file = File::open(path, Depth::Head).map_err(|fault| (None, fault))?;
    Head::of(&file).map_err(|fault| (file.object.text(tags::SERIES_INSTANCE_UID), fault))
}

/// The series of a list of files.
///
/// # Errors
/// A file is no DICOM image.
pub fn gather(paths: &[PathBuf]) -> Result<Vec<Series>, Fault> {
    let heads = paths.iter().map(|path| File::open(path, Depth::Head).and_then(|file| Head::of(&file)));
    let heads = heads.collect::<Result<Vec<_>, _>>()?;
    if let Some(head) = heads.iter().find(|head| head.localiser) {
        return Err(Fault::unsupported(&head.path, "is a localiser (ImageType LOCALIZER), not a slice of a volume"));
    }
    Ok(group(heads))
}

fn walk(folder: &Path, recursive: bool, paths: &mut Vec<PathBuf>) -> Result<(), Fault> {
    for entry in std::fs::read_dir(folder).map_err(|error| Fault::io(folder, error))? {
        let entry = entry.map_err(|error| Fault::io(folder, error))?;
        let kind = entry.file_type().map_err(|error| Fault::io(&entry.path(), error))?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        match kind.is_dir() {
            _ if hidden => {}
            true if recursive => walk(&entry.path(), recursive, paths)?,
            true => {}
            false if entry.path().is_file() => paths.push(entry.path()),
            false => {}
        }
    }
    Ok(())
}

/// A file of many frames is a volume by itself; single frames go by series.
fn group(heads: Vec<Head>) -> Vec<Series> {
    let mut groups: BTreeMap<(String, String), Vec<Head>> = BTreeMap::new();
    for head in heads {
        let alone = match head.frames.len() {
            1 if !head.series_uid.is_empty() => String::new(),
            1 => head.path.parent().unwrap_or(Path::new("")).to_string_lossy().into_owned(),
            _ => head.instance_uid.clone(),
        };
        groups.entry((head.series_uid.clone(), alone)).or_default().push(head);
    }
    let shared: Vec<String> = groups.keys().map(|(uid, _)| uid.clone()).collect();
    let series = groups.into_iter().map(|((uid, _), mut heads)| {
        heads.sort_by(|a, b| a.path.cmp(&b.path));
        let unique = shared.iter().filter(|other| **other == uid).count() == 1;
        let uid = if unique { uid } else { heads[0].instance_uid.clone() };
        Series { uid: shown(&uid), heads, damaged: Vec::new(), chosen: Where::new() }
    });
    series.collect()
}

/// Drops localisers; false where nothing is left.
fn keep_images(series: &mut Series, passed_over: &mut Vec<String>) -> bool {
    let before = series.heads.len();
    series.heads.retain(|head| !head.localiser);
    let dropped = before - series.heads.len();
    if dropped > 0 {
        passed_over.push(format!("{dropped} localisers of series {}", series.uid));
    }
    !series.heads.is_empty()
}
