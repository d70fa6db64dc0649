//! Files of many frames: places and slopes by functional groups, in whatever order the frames come.

use super::make::{COLUMNS, Made, ROWS};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use voxloom_dicom::{Volume, series_of};

fn enhanced(depths: &[f64]) -> Made {
    let size = ROWS * COLUMNS;
    let pixels: Vec<u16> = (0..depths.len() as u16 * size).collect();
    let frame = |(index, depth): (usize, &f64)| {
        let place = Made::item().numbers(tags::IMAGE_POSITION_PATIENT, &[1.0, 2.0, *depth]);
        let slope = Made::item().numbers(tags::RESCALE_SLOPE, &[1.0]).numbers(tags::RESCALE_INTERCEPT, &[1000.0 * index as f64]);
        Made::item()
            .items(tags::PLANE_POSITION_SEQUENCE, vec![place])
            .items(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, vec![slope])
    };
    let measures = Made::item().numbers(tags::PIXEL_SPACING, &[2.0, 2.0]);
    let turned = Made::item().numbers(tags::IMAGE_ORIENTATION_PATIENT, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    let shared =
        Made::item().items(tags::PIXEL_MEASURES_SEQUENCE, vec![measures]).items(tags::PLANE_ORIENTATION_SEQUENCE, vec![turned]);
    let mut made = Made::slice(1, [0.0; 3]);
    for tag in [tags::IMAGE_POSITION_PATIENT, tags::IMAGE_ORIENTATION_PATIENT, tags::PIXEL_SPACING] {
        made.0.remove_element(tag);
    }
    made.text(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.2.1")
        .text(tags::NUMBER_OF_FRAMES, VR::IS, &depths.len().to_string())
        .items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![shared])
        .items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, depths.iter().enumerate().map(frame).collect())
        .pixels(&pixels)
}

fn read(made: Made) -> Result<Volume, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = made.save(&folder.path().join("enhanced"));
    let series = series_of(&path).map_err(|fault| fault.to_string())?;
    Volume::read(&series).map_err(|fault| fault.to_string())
}

#[test]
fn frames_are_ordered_in_space_and_rescaled_each() {
    let volume = read(enhanced(&[5.0, 11.0, 8.0])).unwrap();
    assert_eq!(volume.shape_ijk, [4, 3, 3]);
    assert_eq!(volume.affine[2], [0.0, 0.0, 3.0, 5.0]);
    let values = volume.values.to_f64();
    // Frames 1, 3, 2.
    assert_eq!([values[0], values[12], values[24]], [0.0, 2024.0, 1012.0]);
}

#[test]
fn frames_without_place_make_no_volume() {
    let mut made = enhanced(&[5.0, 8.0]);
    made.0.remove_element(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    let text = read(made).unwrap_err();
    assert!(text.contains("2 of 2 slices have no ImagePositionPatient") && text.contains("enhanced frame 1"), "{text}");
}

#[test]
fn a_dose_grid_is_placed_by_its_offsets() {
    let size = usize::from(ROWS * COLUMNS);
    let pixels: Vec<u16> = (0..3 * size as u16).collect();
    let made = Made::slice(1, [1.0, 2.0, 3.0])
        .text(tags::MODALITY, VR::CS, "RTDOSE")
        .text(tags::NUMBER_OF_FRAMES, VR::IS, "3")
        .numbers(tags::GRID_FRAME_OFFSET_VECTOR, &[0.0, 4.0, 8.0])
        .text(tags::RESCALE_SLOPE, VR::DS, "")
        .text(tags::RESCALE_INTERCEPT, VR::DS, "")
        .numbers(tags::DOSE_GRID_SCALING, &[0.5])
        .pixels(&pixels);
    let volume = read(made).unwrap();
    assert_eq!((volume.shape_ijk, volume.affine[2]), ([4, 3, 3], [0.0, 0.0, 4.0, 3.0]));
    assert_eq!(volume.values.to_f64()[35], 17.5);
}
