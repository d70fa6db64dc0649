//! Where a file comes from: its study and series, told from as little of it as possible.

use crate::attributes::Attributes;
use crate::file::{Depth, File};
use crate::{Fault, class};
use dicom_dictionary_std::tags;
use std::path::Path;

/// Of which study and series a file is, and what it holds. Names no patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// StudyInstanceUID; none where it is missing or no UID.
    pub study_uid: Option<String>,
    /// SeriesInstanceUID; none where it is missing or no UID.
    pub series_uid: Option<String>,
    pub holds: Holds,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    Image,
    /// An image that shows where others lie; no volume is made of it.
    Localiser,
    /// A list of other files: a DICOMDIR.
    Directory,
    /// No image: the name of what it is, such as `Basic Text SR Storage`.
    Other(String),
}

impl Origin {
    /// Reads some kilobytes of a file.
    ///
    /// # Errors
    /// It cannot be read, is no DICOM, or is damaged; the last also where it is not yet written so far.
    pub fn of(path: &Path) -> Result<Self, Fault> {
        let file = File::open(path, Depth::Origin)?;
        let uid = |tag| file.object.text(tag).filter(|text| is_uid(text));
        let holds = if file.class == class::DIRECTORY {
            Holds::Directory
        } else if !class::is_image(&file) {
            Holds::Other(class::describe(&file))
        } else if class::flag(&file, "LOCALIZER") {
            Holds::Localiser
        } else {
            Holds::Image
        };
        Ok(Self { study_uid: uid(tags::STUDY_INSTANCE_UID), series_uid: uid(tags::SERIES_INSTANCE_UID), holds })
    }
}

/// Digits and dots, at most 64 of them: what stands in a damaged or misused attribute may be anything, a name too.
fn is_uid(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::is_uid;

    #[test]
    fn names_and_paths_are_no_uids() {
        assert!(is_uid("1.2.840.10008.1") && is_uid("2.25.1234"));
        assert!(["", "DOE^JOHN", "../1", ".1.2", "1.2/3", &"1".repeat(65)].iter().all(|text| !is_uid(text)));
    }
}
