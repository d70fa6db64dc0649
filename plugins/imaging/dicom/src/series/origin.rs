//! Where a file comes from: its study and series, told from as little of it as possible.

use crate::attributes::Attributes;
use crate::file::{Depth, File};
use crate::{Fault, class};
use dicom_dictionary_std::tags;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Of which study and series a file is, and what it holds. Names no patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// StudyInstanceUID; where it is no UID, a label that stands for it.
    pub study_uid: Option<String>,
    /// SeriesInstanceUID; where it is no UID, a label that stands for it.
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
        class::require_sense(&file)?;
        let uid = |tag| file.object.text(tag).map(|text| shown(&text));
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

/// A UID as names and messages may hold it. What stands in a damaged or misused attribute may be anything, the name of a patient
/// or a path too: then it is a label that differs where the texts differ.
pub(crate) fn shown(uid: &str) -> String {
    let is_uid = uid.len() <= 64 && uid.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !uid.starts_with('.');
    if is_uid { uid.to_owned() } else { format!("odd-uid-{:.12}", format!("{:x}", Sha256::digest(uid.as_bytes()))) }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn names_and_paths_are_not_shown() {
        assert_eq!(["1.2.840.10008.1", "2.25.1234", ""].map(shown), ["1.2.840.10008.1", "2.25.1234", ""]);
        let odd = ["DOE^JOHN", "../1", ".1.2", "1.2/3", &"1".repeat(65)].map(shown);
        assert!(odd.iter().all(|label| label.starts_with("odd-uid-") && label.len() == 20), "{odd:?}");
        assert_ne!(odd[0], odd[1]);
    }
}
