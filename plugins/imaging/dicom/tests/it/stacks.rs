//! From slices to volumes: order, place, values; and what is refused, by name.

use super::make::{Made, save_all};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use std::error::Error;
use voxloom_dicom::{Fault, Values, Volume, find, series_of};

fn read(slices: Vec<Made>) -> Result<Volume, Fault> {
    let folder = tempfile::tempdir().unwrap();
    save_all(slices, folder.path());
    Volume::read(&series_of(folder.path())?)
}

fn refusal(slices: Vec<Made>) -> String {
    let text = read(slices).unwrap_err().to_string();
    assert!(!text.contains("Nobody") && !text.contains("4711"), "{text}");
    text
}

#[test]
fn slices_are_ordered_in_space_and_spaced_by_their_positions() {
    let volume = read(Made::series(4, [0.0, 0.0, 2.5])).unwrap();
    assert_eq!(volume.shape_ijk, [4, 3, 4]);
    // LPS to RAS; SliceThickness says 9 mm and is not believed.
    let expected = [[-0.5, 0.0, 0.0, 10.0], [0.0, -0.75, 0.0, 20.0], [0.0, 0.0, 2.5, 30.0], [0.0, 0.0, 0.0, 1.0]];
    assert_eq!(volume.affine, expected);
    let Values::I16(values) = &volume.values else { panic!("{:?}", volume.values.kind()) };
    let firsts: Vec<i16> = values.iter().step_by(12).copied().collect();
    assert_eq!(firsts, [-900, -800, -700, -600]);
    assert_eq!(values[11], -889);
    assert!(volume.warnings.is_empty(), "{:?}", volume.warnings);
}

#[test]
fn slices_that_run_downwards_end_up_in_the_same_order() {
    let up = read(Made::series(3, [0.0, 0.0, 2.0])).unwrap();
    let down = read(Made::series(3, [0.0, 0.0, -2.0])).unwrap();
    assert_eq!(up.affine[2][2], down.affine[2][2]);
    assert_eq!(down.affine[2][3], 26.0);
    assert_eq!(down.values.to_f64()[0], -700.0);
}

#[test]
fn gantry_tilt_stays_in_the_affine() {
    let volume = read(Made::series(4, [0.0, 0.7, 2.5])).unwrap();
    assert!((volume.affine[1][2] + 0.7).abs() < 1e-12, "{:?}", volume.affine);
    assert_eq!(volume.warnings, ["gantry tilt of 15.6 degrees; kept as shear in the affine"]);
}

#[test]
fn slopes_differ_from_slice_to_slice() {
    let slope = |(index, slice): (usize, Made)| slice.numbers(tags::RESCALE_SLOPE, &[1.0 + index as f64 / 2.0]);
    let volume = read(Made::series(3, [0.0, 0.0, 2.5]).into_iter().enumerate().map(slope).collect()).unwrap();
    assert!(matches!(volume.values, Values::F32(_)));
    let values = volume.values.to_f64();
    assert_eq!([values[0], values[12], values[24]], [-900.0, -700.0, -400.0]);
}

#[test]
fn padding_of_a_ct_becomes_air() {
    let padded = |slice: Made| slice.word(tags::PIXEL_PADDING_VALUE, 101);
    let volume = read(Made::series(2, [0.0, 0.0, 2.5]).into_iter().map(padded).collect()).unwrap();
    assert_eq!(volume.values.to_f64()[..3], [-900.0, -1024.0, -898.0]);
}

#[test]
fn missing_slices_are_named() {
    let mut slices = Made::series(6, [0.0, 0.0, 2.5]);
    slices.remove(3);
    let text = refusal(slices);
    assert!(text.starts_with("slices are missing where 2.50 mm is the step: 1 between slice-"), "{text}");
    assert!(text.ends_with("(35.00 to 40.00 mm)"), "{text}");
}

#[test]
fn slices_at_one_place_are_named_with_what_tells_them_apart() {
    let mut slices = Made::series(3, [0.0, 0.0, 2.5]);
    slices.push(Made::slice(9, [-10.0, -20.0, 32.5]).text(tags::ECHO_NUMBERS, VR::IS, "2"));
    slices[1] = Made::slice(2, [-10.0, -20.0, 32.5]).text(tags::ECHO_NUMBERS, VR::IS, "1");
    let text = refusal(slices);
    assert!(text.starts_with("1 pairs of slices lie at one place: slice-"), "{text}");
    let hint = "; EchoNumbers tells them apart (1, 2, none): choose one with `where`, such as {\"EchoNumbers\": \"1\"}, or";
    assert!(text.contains(hint), "{text}");

    let mut slices = Made::series(3, [0.0, 0.0, 2.5]);
    slices.push(Made::slice(2, [-10.0, -20.0, 32.5]));
    assert!(refusal(slices).contains("they are the same instance twice"));
}

#[test]
fn mixed_orientations_sizes_and_spacings_are_named() {
    let odd = |change: fn(Made) -> Made| {
        let mut slices = Made::series(4, [0.0, 0.0, 2.5]);
        let last = slices.pop().unwrap();
        slices.push(change(last));
        refusal(slices)
    };
    let text = odd(|slice| slice.numbers(tags::IMAGE_ORIENTATION_PATIENT, &[0.0, 1.0, 0.0, 0.0, 0.0, -1.0]));
    assert!(text.starts_with("the slices have 2 orientations; apart from the most common: slice-"), "{text}");
    let text = odd(|slice| slice.word(tags::ROWS, 2).word(tags::COLUMNS, 6));
    assert!(text.starts_with("the slices have different sizes or types; odd ones: slice-"), "{text}");
    let text = odd(|slice| slice.numbers(tags::PIXEL_SPACING, &[0.75, 0.6]));
    assert!(text.contains("more than one PixelSpacing"), "{text}");
    let text = odd(|slice| slice.numbers(tags::IMAGE_POSITION_PATIENT, &[-10.0, -20.0, 38.2]));
    assert!(text.contains("steps between slices differ"), "{text}");
    let text = odd(|slice| slice.numbers(tags::IMAGE_POSITION_PATIENT, &[-7.0, -20.0, 37.5]));
    assert!(text.contains("do not lie on one line"), "{text}");
    let text = odd(|slice| slice.text(tags::IMAGE_POSITION_PATIENT, VR::DS, ""));
    assert!(text.contains("1 of 4 slices have no ImagePositionPatient"), "{text}");
    let text = odd(|slice| slice.numbers(tags::RESCALE_SLOPE, &[0.0]));
    assert!(text.starts_with("files that may be slices of this volume are damaged: slice-"), "{text}");
    assert!(text.ends_with("RescaleSlope is 0, which would make all values one"), "{text}");
}

#[test]
fn a_slice_that_the_system_refuses_leaves_the_systems_error() {
    let folder = tempfile::tempdir().unwrap();
    save_all(Made::series(3, [0.0, 0.0, 2.0]), folder.path());
    // The process's own memory: a file that opens, and whose first byte nobody can read.
    std::os::unix::fs::symlink("/proc/self/mem", folder.path().join("refused")).unwrap();
    let fault = series_of(folder.path()).and_then(|series| Volume::read(&series)).unwrap_err();
    let error = fault.source().and_then(|error| error.downcast_ref::<std::io::Error>()).expect("the system's error");
    assert_eq!(error.raw_os_error(), Some(5), "{fault}");
    assert!(fault.to_string().contains("refused: "), "{fault}");
}

#[test]
fn localisers_and_mosaics_are_no_volumes() {
    let folder = tempfile::tempdir().unwrap();
    save_all(Made::series(3, [0.0, 0.0, 2.5]), folder.path());
    let scout = Made::slice(8, [0.0, 0.0, 0.0]).text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\LOCALIZER");
    let scout = scout.save(&folder.path().join("scout"));
    let mosaic = Made::slice(9, [0.0, 0.0, 0.0]).text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\M\\MOSAIC");
    mosaic.save(&folder.path().join("mosaic"));
    std::fs::write(folder.path().join("notes.txt"), "no DICOM at all, only words about it").unwrap();
    let found = find(folder.path(), false).unwrap();
    assert_eq!(found.series.len(), 1);
    assert_eq!(found.series[0].heads.len(), 3);
    assert_eq!(found.passed_over.len(), 3, "{:?}", found.passed_over);
    assert!(found.passed_over[0].starts_with("mosaic: is a Siemens mosaic"), "{:?}", found.passed_over);
    assert_eq!(found.passed_over[1], "notes.txt: is not DICOM");
    assert_eq!(found.passed_over[2], "1 localisers of series 1.2.3.4");
    assert!(series_of(&scout).unwrap_err().to_string().contains("localiser"));
}

#[test]
fn series_are_told_apart_wherever_their_files_lie() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
    for (index, slice) in Made::series(4, [0.0, 0.0, 2.5]).into_iter().enumerate() {
        let place = if index % 2 == 0 { "a" } else { "a/b" };
        slice.save(&folder.path().join(place).join(format!("{index}")));
    }
    for (index, slice) in Made::series(2, [0.0, 0.0, 1.0]).into_iter().enumerate() {
        slice.text(tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.5").save(&folder.path().join(format!("a/other-{index}")));
    }
    let found = find(folder.path(), true).unwrap();
    let counts: Vec<_> = found.series.iter().map(|series| (series.uid.as_str(), series.heads.len())).collect();
    assert_eq!(counts, [("1.2.3.4", 4), ("1.2.3.5", 2)]);
    let text = series_of(folder.path()).unwrap_err().to_string();
    assert!(text.contains("holds 2 series") && text.contains("1.2.3.4, 1.2.3.5"), "{text}");
}
