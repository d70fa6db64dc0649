//! What a file holds: an image to make volumes of, a segmentation, or something else.

use crate::attributes::Attributes;
use crate::{Fault, file::File};
use dicom_core::dictionary::UidDictionary;
use dicom_dictionary_std::sop_class::StandardSopClassDictionary;
use dicom_dictionary_std::tags;

pub(crate) const SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.4";
/// Media Storage Directory: what a file called DICOMDIR holds.
pub(crate) const DIRECTORY: &str = "1.2.840.10008.1.3.10";

/// # Errors
/// The file holds no image, or a segmentation; or it is damaged, as [`require_sense`] says.
pub(crate) fn require_image(file: &File) -> Result<(), Fault> {
    require_sense(file)?;
    if !is_image(file) {
        return Err(Fault::NotImage { path: file.path.clone(), class: describe(file) });
    }
    Ok(())
}

/// # Errors
/// Damage left the file readable, and took away what it is: it is not to be passed over as some other object then.
pub(crate) fn require_sense(file: &File) -> Result<(), Fault> {
    let what = if is_image(file) {
        return Ok(());
    } else if file.class.is_empty() && file.object.text(tags::MODALITY).is_none() {
        "has neither an image nor a SOPClassUID or Modality that say what else it holds"
    } else if known_class(file).is_some_and(|class| class.ends_with("Image Storage")) {
        "is an image by its SOPClassUID, and has no Rows and Columns: the file is truncated or damaged"
    } else {
        return Ok(());
    };
    Err(Fault::damaged(&file.path, what))
}

/// Whether the file holds an image, and no segmentation.
pub(crate) fn is_image(file: &File) -> bool {
    let object = &file.object;
    let picture = object.get(tags::ROWS).is_some() && object.get(tags::COLUMNS).is_some();
    picture && object.get(tags::SEGMENT_SEQUENCE).is_none() && file.class != SEGMENTATION
}

/// Whether ImageType has a value.
pub(crate) fn flag(file: &File, value: &str) -> bool {
    file.object.texts(tags::IMAGE_TYPE).iter().any(|text| text.eq_ignore_ascii_case(value))
}

fn known_class(file: &File) -> Option<String> {
    StandardSopClassDictionary.by_uid(&file.class).map(|entry| entry.name.to_string())
}

/// The name of the SOP class; the modality where there is none.
pub(crate) fn describe(file: &File) -> String {
    match (known_class(file), file.object.text(tags::MODALITY)) {
        (Some(name), _) => name,
        (None, Some(modality)) => format!("an object of modality {modality}"),
        (None, None) if file.class.is_empty() => "an object without SOP class".to_owned(),
        (None, None) => format!("an object of class {}", file.class),
    }
}
