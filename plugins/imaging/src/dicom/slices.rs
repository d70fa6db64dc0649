//! Which files, and which of their slices, make the image of a case.

use std::path::{Path, PathBuf};
use voxloom_dicom::{Series, Where, series_of, series_of_files};
use voxloom_sdk::{Error, Json, JsonMap, Result};

/// What a case says of its series beside `image`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slices {
    /// `slices`: the files; those of `image` where it does not say.
    files: Option<Vec<PathBuf>>,
    /// `where`: values that the slices have, where several volumes share a series.
    chosen: Where,
}

impl Slices {
    pub fn of_files(files: Vec<PathBuf>) -> Self {
        Self { files: Some(files), chosen: Where::new() }
    }

    /// `slices` and `where` of a case's record; none where it has neither.
    ///
    /// # Errors
    /// `where` holds something else than texts and numbers.
    pub fn of_case(case: &JsonMap) -> Result<Option<Self>> {
        Self::of(case, "slices")
    }

    /// What [`Slices::describe`] said in a volume's meta.
    ///
    /// # Errors
    /// As [`Slices::of_case`].
    pub fn of_meta(meta: &JsonMap) -> Result<Option<Self>> {
        Self::of(meta, "sources")
    }

    fn of(map: &JsonMap, files: &str) -> Result<Option<Self>> {
        let files = map.get(files).and_then(Json::as_array);
        let files: Option<Vec<PathBuf>> =
            files.and_then(|files| files.iter().map(|file| file.as_str().map(PathBuf::from)).collect());
        let wrong = |found: &Json| {
            Error::item(format!("`where` of a case holds {found}, expected attributes and values such as {{\"EchoNumbers\": 2}}"))
        };
        let chosen = match map.get("where") {
            None | Some(Json::Null) => Where::new(),
            Some(Json::Object(values)) => {
                let text = |(name, value): (&String, &Json)| match value {
                    Json::String(text) => Ok((name.clone(), text.clone())),
                    Json::Number(number) => Ok((name.clone(), number.to_string())),
                    other => Err(wrong(other)),
                };
                values.iter().map(text).collect::<Result<_>>()?
            }
            Some(other) => return Err(wrong(other)),
        };
        let any = files.is_some() || !chosen.is_empty();
        Ok(any.then_some(Self { files, chosen }))
    }

    /// Writes into a volume's meta what it was made of.
    pub fn describe(&self, meta: &mut Json) {
        if let Some(files) = &self.files {
            meta["sources"] = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        }
        if !self.chosen.is_empty() {
            meta["where"] = self.chosen.iter().map(|(name, value)| (name.clone(), Json::from(value.as_str()))).collect();
        }
    }
}

/// The series of a path, or of its slices where they are known.
///
/// # Errors
/// There is none, there are several, or none of its slices is chosen.
pub(super) fn series(path: &Path, slices: Option<&Slices>) -> Result<Series> {
    let Some(slices) = slices else { return Ok(series_of(path)?) };
    let series = match &slices.files {
        Some(files) => series_of_files(files)?,
        None => series_of(path)?,
    };
    Ok(series.only(&slices.chosen)?)
}
