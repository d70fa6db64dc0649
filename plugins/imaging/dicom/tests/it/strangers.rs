//! Slices of several patients or examinations under one SeriesInstanceUID: refused by name, without a word on anybody.

use super::make::{Made, save_all};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use voxloom_dicom::{Volume, series_of, series_of_files};

/// Six slices, of which the last two have these values.
fn read(values: &[(Tag, VR, &str)], odd: usize) -> Result<Volume, String> {
    let folder = tempfile::tempdir().unwrap();
    let change = |slice| values.iter().fold(slice, |slice: Made, (tag, vr, text)| slice.text(*tag, *vr, text));
    let slices = Made::series(6, [0.0, 0.0, 2.0]).into_iter().enumerate();
    save_all(slices.map(|(index, slice)| if index < 6 - odd { slice } else { change(slice) }).collect(), folder.path());
    series_of(folder.path()).and_then(|series| Volume::read(&series)).map_err(|fault| fault.to_string())
}

#[test]
fn two_patients_studies_or_frames_of_reference_make_no_volume() {
    let other = [
        ("StudyInstanceUID", (tags::STUDY_INSTANCE_UID, VR::UI, "1.2.77")),
        ("FrameOfReferenceUID", (tags::FRAME_OF_REFERENCE_UID, VR::UI, "1.2.78")),
        ("FrameOfReferenceUID (none is one of them)", (tags::FRAME_OF_REFERENCE_UID, VR::UI, "")),
        ("PatientID", (tags::PATIENT_ID, VR::LO, "id-0815")),
        ("PatientID (none is one of them)", (tags::PATIENT_ID, VR::LO, "")),
        ("PatientName", (tags::PATIENT_NAME, VR::PN, "Somebody^Else")),
    ];
    for (name, value) in other {
        let text = read(&[value], 2).unwrap_err();
        assert!(text.starts_with("the slices are not of one patient"), "{text}");
        // Written as slices d, a, e, b, f, c of the letters.
        assert!(text.contains(&format!("they have 2 values of {name}; apart from the most common: slice-")), "{text}");
        assert_eq!(text.matches("slice-").count(), 2, "{text}");
        let secrets = ["Nobody", "Somebody", "4711", "0815", "1.2.77", "1.2.78"];
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
    }
    let all = read(&other.map(|(_, value)| value)[..4], 2).unwrap_err();
    assert!(
        all.contains("2 values of StudyInstanceUID, 2 values of FrameOfReferenceUID") && all.contains("2 values of PatientID")
    );
    assert_eq!(all.matches("slice-").count(), 2, "{all}");
}

#[test]
fn slices_with_one_name_in_two_folders_are_told_with_their_folders() {
    let folder = tempfile::tempdir().unwrap();
    ["one", "two"].iter().for_each(|name| std::fs::create_dir(folder.path().join(name)).unwrap());
    let files = Made::series(5, [0.0, 0.0, 2.0]).into_iter().enumerate().map(|(index, slice)| {
        let (place, study) = if index < 3 { ("one", "1.2.3") } else { ("two", "1.2.77") };
        let file = folder.path().join(place).join(format!("im{}", index % 3));
        slice.text(tags::STUDY_INSTANCE_UID, VR::UI, study).save(&file)
    });
    let fault = series_of_files(&files.collect::<Vec<_>>()).and_then(|series| Volume::read(&series)).unwrap_err().to_string();
    assert!(fault.contains("apart from the most common: two/im0, two/im1; "), "{fault}");
}

#[test]
fn issuers_of_numbers_are_compared_where_they_are_given() {
    let issuer = |text| (tags::ISSUER_OF_PATIENT_ID, VR::LO, text);
    assert!(read(&[issuer("one clinic")], 2).is_ok());
    let folder = tempfile::tempdir().unwrap();
    let named = |(index, slice): (usize, Made)| slice.text(tags::ISSUER_OF_PATIENT_ID, VR::LO, ["here", "there"][index % 2]);
    let slices = Made::series(4, [0.0, 0.0, 2.0]).into_iter().enumerate().map(named).collect();
    let files = save_all(slices, folder.path());
    let fault = series_of_files(&files).and_then(|series| Volume::read(&series)).unwrap_err().to_string();
    assert!(fault.contains("2 values of IssuerOfPatientID") && !fault.contains("there"), "{fault}");
}

#[test]
fn what_all_slices_lack_or_write_otherwise_is_no_other_patient() {
    let none = [
        (tags::FRAME_OF_REFERENCE_UID, VR::UI, ""),
        (tags::PATIENT_ID, VR::LO, ""),
        (tags::STUDY_INSTANCE_UID, VR::UI, ""),
        (tags::PATIENT_NAME, VR::PN, ""),
    ];
    assert_eq!(read(&none, 6).unwrap().shape_ijk, [4, 3, 6], "an old scanner");
    assert!(read(&[(tags::PATIENT_NAME, VR::PN, "NOBODY^Known^^")], 2).is_ok());
    assert!(read(&[(tags::PATIENT_NAME, VR::PN, "")], 2).is_ok(), "taken out of some");
}
