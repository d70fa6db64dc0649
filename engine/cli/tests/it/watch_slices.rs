//! `voxloom watch` and `voxloom run` on series that are no volume of one patient, or not all of one: neither makes one of them.

use crate::slices::{PIPELINE, SECRETS, Slice, data, size};
use crate::stage::voxloom;
use crate::watch::{Place, files};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use serde_json::Value as Json;
use std::time::{Duration, SystemTime};

const SOON: [&str; 4] = ["--settle-groups", "0.4", "--log-level", "debug"];

/// What `voxloom run` says of a folder that it refuses.
fn refusal(place: &Place, folder: &str) -> String {
    let sets = [format!("input={folder}"), "output=alone".into()];
    let words = ["run", "watch.json", "--device", "cpu", "--set", &sets[0], "--set", &sets[1]];
    let run = voxloom().args(words).current_dir(place.path("")).output().unwrap();
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    assert!(!place.path("alone").exists() || files(&place.path("alone")).iter().all(|name| name == "report.json"));
    String::from_utf8_lossy(&run.stderr).into_owned()
}

fn error_of(place: &Place, series: &str) -> String {
    let error = std::fs::read(place.path("in/failed").join(series).join("error.json")).unwrap();
    serde_json::from_slice::<Json>(&error).unwrap()["message"].as_str().unwrap().to_owned()
}

#[test]
fn two_patients_under_one_uid_make_no_volume() {
    let place = Place::with(PIPELINE);
    let other = |slice: Slice| {
        let slice = slice.text(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.826.0.2").text(tags::PATIENT_ID, VR::LO, "mrn-555-90210");
        slice.text(tags::PATIENT_NAME, VR::PN, "Zacharias^Another")
    };
    for folder in ["in", "copy"] {
        (0..4).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("{folder}/a/one{index}"))));
        (4..6).for_each(|index| other(Slice::new("1.2.826.1", index)).arrive(&place.path(&format!("{folder}/b/two{index}"))));
    }
    let alone = refusal(&place, "copy");
    let (code, lines) = place.once(&SOON);
    assert_eq!((code, lines.iter().filter(|line| line["event"] == "done").count()), (1, 0), "{lines:#?}");
    assert!(files(&place.path("out")).is_empty());
    let watched = error_of(&place, "1.2.826.1");
    for text in [&alone, &watched] {
        let what = ["2 values of StudyInstanceUID", "2 values of PatientID", "2 values of PatientName", "two4, two5"];
        assert!(what.iter().all(|what| text.contains(what)) && !text.contains("one0"), "{text}");
        assert!(SECRETS.iter().chain(&["Another", "555", "826.0.2"]).all(|secret| !text.contains(secret)), "{text}");
    }
    assert!(["a/one0", "b/two5"].iter().all(|file| place.path("in/failed/1.2.826.1").join(file).exists()));
}

#[test]
fn a_series_beside_a_damaged_slice_is_not_done_without_it() {
    let whole = std::fs::read(data("CT_small.dcm")).unwrap();
    let damaged: [(&str, Vec<u8>); 4] = [
        ("cut short", whole[..400].to_vec()),
        ("zeros", vec![0; 20_000]),
        ("rubbish", [&[0; 128][..], b"DICM", &[0xFF; 20_000]].concat()),
        ("cut in the preamble", vec![0; 130]),
    ];
    let place = Place::with(PIPELINE);
    for (folder, bytes) in &damaged {
        for root in ["in", "copy"] {
            let uid = format!("1.2.826.{}", bytes.len());
            (0..3).for_each(|index| Slice::new(&uid, index).arrive(&place.path(&format!("{root}/{folder}/im00{index}"))));
            std::fs::write(place.path(&format!("{root}/{folder}/im003")), bytes).unwrap();
        }
    }
    // What is no slice harms none.
    (0..3).for_each(|index| Slice::new("1.2.826.7", index).arrive(&place.path(&format!("in/whole/im00{index}"))));
    for (name, bytes) in [("DONE", ""), ("list 3.txt", ""), ("im9.json", "{"), ("README", "words about it")] {
        std::fs::write(place.path("in/whole").join(name), bytes).unwrap();
    }
    let (code, lines) = place.once(&SOON);
    assert_eq!(code, 1, "{lines:#?}");
    for (folder, bytes) in &damaged {
        let (uid, name) = (format!("1.2.826.{}", bytes.len()), format!("{folder}/im003"));
        assert!(refusal(&place, &format!("copy/{folder}")).contains("im003"), "{folder}");
        let why = error_of(&place, &uid);
        assert!(why.starts_with(&format!("files beside this series may be slices of it, and are damaged: {name} (")), "{why}");
        assert!(!place.path("out").join(&uid).exists() && place.path("in/failed").join(&uid).join(folder).join("im000").exists());
        assert_eq!(files(&place.path("in/failed").join(&name)), ["error.json", "im003"]);
    }
    assert_eq!(size(&place.path("out/1.2.826.7/1.2.826.7.nii")), [128, 128, 3]);
    // Sent again, and moved back as the message says.
    std::fs::rename(place.path("in/failed/1.2.826.400/cut short"), place.path("in/again")).unwrap();
    Slice::new("1.2.826.400", 3).arrive(&place.path("in/again/im003"));
    let (code, lines) = place.once(&SOON);
    assert_eq!(code, 0, "{lines:#?}");
    assert_eq!(size(&place.path("out/1.2.826.400/1.2.826.400.nii")), [128, 128, 4]);
}

#[test]
fn slices_that_are_not_written_yet_hold_their_study() {
    let place = Place::with(PIPELINE);
    (0..3).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("in/a/im00{index}"))));
    let ends = |code: i32, lines: &[Json], text: &str| {
        assert_eq!((code, files(&place.path("out")).len()), (0, 0), "{lines:#?}");
        let told = |line: &Json| line["event"] == "warning" && line["text"].as_str().unwrap().contains(text);
        assert!(lines.iter().any(told), "{lines:#?}");
    };
    std::fs::write(place.path("in/a/im003"), "").unwrap();
    let (code, lines) = place.once(&SOON);
    ends(code, &lines, "1.2.826.1 waits: a/im003 is empty");
    std::fs::rename(place.path("in/a/im003"), place.path("in/a/im003.part")).unwrap();
    let (code, lines) = place.once(&SOON);
    ends(code, &lines, "1.2.826.1 waits: a/im003.part is still being written");
    std::fs::remove_file(place.path("in/a/im003.part")).unwrap();
    Slice::new("1.2.826.1", 3).arrive(&place.path("in/a/im003"));
    assert_eq!(place.once(&SOON).0, 0);
    assert_eq!(size(&place.path("out/1.2.826.1/1.2.826.1.nii")), [128, 128, 4]);
    // Empty for so long that nobody will write it any more.
    (0..3).for_each(|index| Slice::new("1.2.826.2", index).arrive(&place.path(&format!("in/b/im00{index}"))));
    let old = std::fs::File::create(place.path("in/b/im003")).unwrap();
    old.set_modified(SystemTime::now() - Duration::from_secs(7200)).unwrap();
    assert_eq!(place.once(&SOON).0, 1);
    assert!(error_of(&place, "1.2.826.2").contains("b/im003 (is empty)"));
    assert_eq!(files(&place.path("in/b")), ["im003"], "it waits for its first byte");
}
