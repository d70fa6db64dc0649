//! Whether slices are of one patient, one study and one frame of reference: a SeriesInstanceUID alone does not say so, as faulty
//! anonymisers give one twice.

use super::head::Head;
use super::stack::{few, most_common};
use crate::attributes::{Attributes, name};
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::LazyLock;

/// What slices of one volume must share, and whether some may lack it.
const SHARED: [(Tag, bool); 5] = [
    (tags::STUDY_INSTANCE_UID, false),
    (tags::FRAME_OF_REFERENCE_UID, false),
    (tags::PATIENT_ID, false),
    // Added on the way by some archives, to what passes through them.
    (tags::ISSUER_OF_PATIENT_ID, true),
    (tags::PATIENT_NAME, true),
];

/// Who and what was examined, to be compared and never shown: numbers that mean nothing in another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Examined([Option<u64>; SHARED.len()]);

impl Examined {
    pub fn of(object: &InMemDicomObject) -> Self {
        static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        let number = |(tag, _)| {
            let text = object.texts(tag).join("\\");
            let text = if tag == tags::PATIENT_NAME { plain(&text) } else { text };
            (!text.is_empty()).then(|| SECRET.hash_one(text))
        };
        Self(SHARED.map(number))
    }
}

/// A name without what differs where the same person was meant: capitals, empty parts at the end, other ways to write it.
fn plain(name: &str) -> String {
    let first = name.split('=').next().unwrap_or_default().to_uppercase();
    let parts: Vec<&str> = first.split('^').map(str::trim).collect();
    parts.join("^").trim_end_matches('^').to_owned()
}

/// Old scanners leave attributes out: that says nothing where all slices do, and is another value where only some do.
///
/// # Errors
/// The slices differ; the text names attributes and slices, and no value.
pub fn check(heads: &[Head]) -> Result<(), String> {
    // Files of two examinations may have the same names in two folders.
    let names: BTreeSet<_> = heads.iter().map(|head| head.path.file_name()).collect();
    let name_of = |head: &Head| match head.path.parent().and_then(Path::file_name) {
        Some(folder) if names.len() < heads.len() => format!("{}/{}", folder.to_string_lossy(), head.name(0)),
        _ => head.name(0),
    };
    let mut several = Vec::new();
    let mut odd = BTreeSet::new();
    for (index, (tag, may_lack)) in SHARED.into_iter().enumerate() {
        let value = |head: &Head| head.examined.0[index];
        let counts = |head: &&Head| value(head).is_some() || !may_lack;
        let counted: Vec<&Head> = heads.iter().filter(counts).collect();
        let n_values = counted.iter().map(|head| value(head)).collect::<BTreeSet<_>>().len();
        if n_values > 1 {
            let lacks = counted.iter().any(|head| value(head).is_none());
            let none = if lacks { " (none is one of them)" } else { "" };
            several.push(format!("{n_values} values of {}{none}", name(tag)));
            let common = most_common(counted.iter().map(|head| value(head)));
            odd.extend(counted.iter().filter(|head| Some(value(head)) != common).map(|head| name_of(head)));
        }
    }
    match several.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "the slices are not of one patient, study and frame of reference: they have {}; apart from the most common: {}; give the \
             files of one examination as a list, or by themselves",
            several.join(", "),
            few(&odd.into_iter().collect::<Vec<_>>())
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_that_mean_the_same_person_are_one() {
        let same = ["Doe^Jane", "DOE^Jane", "Doe^Jane^^", "Doe ^ Jane", "Doe^Jane=other letters"].map(plain);
        assert!(same.iter().all(|name| *name == same[0]), "{same:?}");
        assert_ne!(plain("Doe^John"), same[0]);
    }
}
