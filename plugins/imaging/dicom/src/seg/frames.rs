//! The frames of a segmentation: one a segment and slice that has some of it, packed to bits.

use super::element::{Build, empty};
use crate::series::{Head, Stack};
use dicom_core::value::PrimitiveValue;
use dicom_core::{VR, dicom_value};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// Which segment, and which slice of the source.
pub type Frame = (u16, usize);

/// Segments (numbered from 1) that slices hold; one empty frame where nothing is labelled, as a SEG must have one.
pub fn occupied(numbers: &[u16], n_segments: usize, n_pixels: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    for (slice, pixels) in numbers.chunks_exact(n_pixels).enumerate() {
        let mut seen = vec![false; n_segments + 1];
        pixels.iter().for_each(|number| seen[usize::from(*number)] = true);
        frames.extend((1..=n_segments).filter(|number| seen[*number]).map(|number| (number as u16, slice)));
    }
    frames.sort_unstable();
    if frames.is_empty() {
        frames.push((1, 0));
    }
    frames
}

/// Bits of all frames, one after the other without gaps, the lowest of a byte first; an even number of bytes.
pub fn packed(numbers: &[u16], frames: &[Frame], n_pixels: usize) -> Vec<u8> {
    let n_bytes = (frames.len() * n_pixels).div_ceil(8);
    let mut bytes = vec![0; n_bytes.next_multiple_of(2)];
    let mut at = 0;
    for (segment, slice) in frames {
        for number in &numbers[slice * n_pixels..(slice + 1) * n_pixels] {
            bytes[at / 8] |= u8::from(number == segment) << (at % 8);
            at += 1;
        }
    }
    bytes
}

/// The functional groups of one frame: its place, its segment, and the image it was made from.
pub fn groups(heads: &[Head], stack: &Stack, (segment, slice): Frame) -> InMemDicomObject {
    let (head, frame) = stack.slices[slice];
    let head = &heads[head];
    let position = head.frames[frame].plane.map_or([0.0; 3], |plane| plane.position);
    let content = empty().with(
        tags::DIMENSION_INDEX_VALUES,
        VR::UL,
        PrimitiveValue::U32([u32::from(segment), slice as u32 + 1].as_slice().into()),
    );
    let mut source = empty()
        .with(tags::REFERENCED_SOP_CLASS_UID, VR::UI, class_of(head).unwrap_or_default())
        .with(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, head.instance_uid.as_str())
        .with(tags::SPATIAL_LOCATIONS_PRESERVED, VR::CS, "YES")
        .with_code(tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, "DCM", ("121322", "Source image for image processing operation"));
    if head.frames.len() > 1 {
        source = source.with(tags::REFERENCED_FRAME_NUMBER, VR::IS, (frame + 1).to_string());
    }
    let derivation = empty()
        .with_code(tags::DERIVATION_CODE_SEQUENCE, "DCM", ("113076", "Segmentation"))
        .with_item(tags::SOURCE_IMAGE_SEQUENCE, source);
    let number = dicom_value!(U16, segment);
    empty()
        .with_item(tags::FRAME_CONTENT_SEQUENCE, content)
        .with_item(tags::PLANE_POSITION_SEQUENCE, empty().with_numbers(tags::IMAGE_POSITION_PATIENT, &position))
        .with_item(tags::DERIVATION_IMAGE_SEQUENCE, derivation)
        .with_item(tags::SEGMENT_IDENTIFICATION_SEQUENCE, empty().with(tags::REFERENCED_SEGMENT_NUMBER, VR::US, number))
}

/// The SOP class of a source; by its modality where a file leaves it out.
pub fn class_of(head: &Head) -> Option<&str> {
    match (head.class_uid.as_str(), head.modality.as_str(), head.frames.len()) {
        ("", "CT", 1) => Some("1.2.840.10008.5.1.4.1.1.2"),
        ("", "MR", 1) => Some("1.2.840.10008.5.1.4.1.1.4"),
        ("", "PT", 1) => Some("1.2.840.10008.5.1.4.1.1.128"),
        ("", _, _) => None,
        (class, _, _) => Some(class),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_run_on_within_a_byte() {
        let numbers = [1, 0, 2, 1, 1, 0];
        let frames = occupied(&numbers, 2, 3);
        assert_eq!(frames, [(1, 0), (1, 1), (2, 0)]);
        // 1 0 0 | 1 1 0 | 0 0 1
        assert_eq!(packed(&numbers, &frames, 3), [0b0001_1001, 0b0000_0001]);
        assert_eq!(occupied(&[0; 6], 2, 3), [(1, 0)]);
    }
}
