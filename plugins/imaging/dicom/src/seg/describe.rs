//! What a segmentation says of its patient, its study and itself.

use super::codes;
use super::element::{Build, empty};
use crate::file::File;
use crate::series::{Head, Stack};
use crate::vector::dot;
use dicom_core::value::PrimitiveValue;
use dicom_core::{Tag, VR, dicom_value};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// Attributes of patient and study that must be there (type 2): copied, empty where the source has none.
const COPIED: [(Tag, VR); 11] = [
    (tags::PATIENT_NAME, VR::PN),
    (tags::PATIENT_ID, VR::LO),
    (tags::PATIENT_BIRTH_DATE, VR::DA),
    (tags::PATIENT_SEX, VR::CS),
    (tags::STUDY_INSTANCE_UID, VR::UI),
    (tags::STUDY_DATE, VR::DA),
    (tags::STUDY_TIME, VR::TM),
    (tags::REFERRING_PHYSICIAN_NAME, VR::PN),
    (tags::STUDY_ID, VR::SH),
    (tags::ACCESSION_NUMBER, VR::SH),
    (tags::POSITION_REFERENCE_INDICATOR, VR::LO),
];
/// Those that are copied where the source has them.
const OPTIONAL: [Tag; 7] = [
    tags::STUDY_DESCRIPTION,
    tags::PATIENT_AGE,
    tags::PATIENT_SIZE,
    tags::PATIENT_WEIGHT,
    tags::PATIENT_IDENTITY_REMOVED,
    tags::DEIDENTIFICATION_METHOD,
    tags::LOSSY_IMAGE_COMPRESSION,
];

/// Patient and study are those of the source: a segmentation is filed beside its images.
pub fn copied(source: &File) -> InMemDicomObject {
    let mut object = empty();
    for (tag, vr) in COPIED {
        match source.object.get(tag) {
            Some(element) => object.put(element.clone()),
            None => object.put(dicom_core::DataElement::empty(tag, vr)),
        };
    }
    OPTIONAL.iter().filter_map(|tag| source.object.get(*tag)).for_each(|element| {
        object.put(element.clone());
    });
    object
}

/// The item of one segment.
pub fn segment(number: u16, label: u16, name: &str) -> InMemDicomObject {
    let property = codes::of(name);
    let mut item = empty()
        .with(tags::SEGMENT_NUMBER, VR::US, dicom_value!(U16, number))
        .with(tags::SEGMENT_LABEL, VR::LO, short(name, 64))
        .with(tags::SEGMENT_DESCRIPTION, VR::ST, format!("label {label}"))
        .with(tags::SEGMENT_ALGORITHM_TYPE, VR::CS, "AUTOMATIC")
        .with(tags::SEGMENT_ALGORITHM_NAME, VR::LO, "Voxloom")
        .with_code(tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, "SCT", property.category);
    let mut kind = empty()
        .with(tags::CODE_VALUE, VR::SH, property.kind.0)
        .with(tags::CODING_SCHEME_DESIGNATOR, VR::SH, "SCT")
        .with(tags::CODE_MEANING, VR::LO, property.kind.1);
    if let Some(side) = property.side {
        kind = kind.with_code(tags::SEGMENTED_PROPERTY_TYPE_MODIFIER_CODE_SEQUENCE, "SCT", side);
    }
    item = item.with_item(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, kind);
    item
}

/// A text of at most `most` characters, without the sign that separates values.
pub fn short(text: &str, most: usize) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .map(|letter| if letter == '\\' { '/' } else { letter })
        .take(most)
        .collect()
}

/// Frames are counted by segment, then by place.
pub fn dimensions(uid: &str) -> (InMemDicomObject, Vec<InMemDicomObject>) {
    let index = |label: &str, pointer: Tag, group: Tag| {
        empty()
            .with(tags::DIMENSION_ORGANIZATION_UID, VR::UI, uid)
            .with(tags::DIMENSION_INDEX_POINTER, VR::AT, PrimitiveValue::from(pointer))
            .with(tags::FUNCTIONAL_GROUP_POINTER, VR::AT, PrimitiveValue::from(group))
            .with(tags::DIMENSION_DESCRIPTION_LABEL, VR::LO, label)
    };
    let indices = vec![
        index("Segment Number", tags::REFERENCED_SEGMENT_NUMBER, tags::SEGMENT_IDENTIFICATION_SEQUENCE),
        index("Image Position", tags::IMAGE_POSITION_PATIENT, tags::PLANE_POSITION_SEQUENCE),
    ];
    (empty().with(tags::DIMENSION_ORGANIZATION_UID, VR::UI, uid), indices)
}

/// Orientation and measures of all frames.
pub fn shared(heads: &[Head], stack: &Stack) -> Option<InMemDicomObject> {
    let (head, frame) = stack.slices[0];
    let plane = heads[head].frames[frame].plane?;
    let affine = stack.affine;
    let step = [-affine[0][2], -affine[1][2], affine[2][2]];
    let apart = dot(step, plane.normal());
    let thickness = heads[head].frames[frame].thickness.unwrap_or(apart);
    let orientation = [plane.row, plane.column].concat();
    let measures = empty()
        .with_numbers(tags::SLICE_THICKNESS, &[thickness])
        .with_numbers(tags::SPACING_BETWEEN_SLICES, &[apart])
        .with_numbers(tags::PIXEL_SPACING, &plane.spacing);
    let orientation = empty().with_numbers(tags::IMAGE_ORIENTATION_PATIENT, &orientation);
    Some(empty().with_item(tags::PLANE_ORIENTATION_SEQUENCE, orientation).with_item(tags::PIXEL_MEASURES_SEQUENCE, measures))
}

/// The source's instances, for archives that look for what belongs together.
pub fn references(heads: &[&Head]) -> InMemDicomObject {
    let instance = |head: &Head| {
        empty().with(tags::REFERENCED_SOP_CLASS_UID, VR::UI, super::frames::class_of(head).unwrap_or_default()).with(
            tags::REFERENCED_SOP_INSTANCE_UID,
            VR::UI,
            head.instance_uid.as_str(),
        )
    };
    empty().with_items(tags::REFERENCED_INSTANCE_SEQUENCE, heads.iter().map(|head| instance(head)).collect()).with(
        tags::SERIES_INSTANCE_UID,
        VR::UI,
        heads[0].series_uid.as_str(),
    )
}
