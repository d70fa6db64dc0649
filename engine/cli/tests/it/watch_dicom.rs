//! `voxloom watch` on DICOM: a series is one input, wherever its files lie.

use crate::slices::{PIPELINE, SECRETS, Slice, data, size};
use crate::stage::voxloom;
use crate::watch::{Place, end, files, signal};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SOON: [&str; 2] = ["--settle-groups", "0.4"];

/// All files below, without those that say how they came to be.
fn results(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let own = ["report.json", ".voxloom.json"];
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.filter(|name| own.iter().all(|own| name != own));
    names.map(|name| (PathBuf::from(&name), std::fs::read(folder.join(&name)).unwrap())).collect()
}

/// Every file at or below, whatever it is called.
fn all(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        if entry.file_type().unwrap().is_dir() { all(&entry.path(), found) } else { found.push(entry.path()) }
    }
}

#[test]
fn mixed_and_scattered_series_give_what_each_gives_alone() {
    let place = Place::with(PIPELINE);
    let series = [("1.2.826.1", 4), ("1.2.826.22", 3)];
    for (uid, count) in series {
        for index in 0..count {
            let mixed = place.path(&format!("in/{}/deep {index}/{uid}", index % 2));
            Slice::new(uid, index).arrive(&mixed);
            Slice::new(uid, index).arrive(&place.path(&format!("alone-{uid}/{index}")));
        }
    }
    let (code, lines) = place.once(&[&SOON[..], &["--done"]].concat());
    assert_eq!(code, 0, "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line["event"] == "done").count(), 2, "{lines:#?}");
    assert_eq!(files(&place.path("out")), ["1.2.826.1", "1.2.826.22"]);
    for (uid, count) in series {
        let sets = [format!("input=alone-{uid}"), format!("output=run-{uid}")];
        let run = voxloom()
            .args(["run", "watch.json", "--device", "cpu", "--set", &sets[0], "--set", &sets[1]])
            .current_dir(place.path(""))
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
        let (watched, alone) = (results(&place.path("out").join(uid)), results(&place.path(&format!("run-{uid}"))));
        assert_eq!(watched.keys().collect::<Vec<_>>(), alone.keys().collect::<Vec<_>>());
        let other: Vec<&PathBuf> = watched.keys().filter(|name| watched.get(*name) != alone.get(*name)).collect();
        assert!(watched.len() >= 3 && other.is_empty(), "{uid}: other bytes in {other:?}");
        assert!((0..count).all(|index| place.path(&format!("in/done/{}/deep {index}/{uid}", index % 2)).exists()));
    }
    let mut left = Vec::new();
    all(&place.path("in"), &mut left);
    left.retain(|file| !file.starts_with(place.path("in/.voxloom")));
    assert!(left.iter().all(|file| file.starts_with(place.path("in/done"))), "{left:?}");
}

#[test]
fn a_study_that_still_grows_holds_all_of_its_series() {
    let place = Place::with(PIPELINE);
    let watcher = place.start(&["--settle-groups", "3"]);
    (0..2).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("in/a/{index}"))));
    for index in 0..8 {
        Slice::new("1.2.826.22", index).arrive(&place.path(&format!("in/b/{index}")));
        std::thread::sleep(Duration::from_millis(500));
        assert!(!place.path("out/1.2.826.1").exists(), "started after slice {index} of the other series");
    }
    place.wait("out/1.2.826.1/report.json");
    place.wait("out/1.2.826.22/report.json");
    assert_eq!(size(&place.path("out/1.2.826.22/1.2.826.22.nii")), [128, 128, 8]);
    // A slice that comes late brings the whole series again, and its result takes the place of the other.
    Slice::new("1.2.826.1", 2).arrive(&place.path("in/late/2"));
    let began = std::time::Instant::now();
    while size(&place.path("out/1.2.826.1/1.2.826.1.nii")) != [128, 128, 3] {
        assert!(began.elapsed() < Duration::from_secs(60), "the late slice was not taken in");
        std::thread::sleep(Duration::from_millis(50));
    }
    signal(&watcher, "TERM");
    assert_eq!(end(watcher).0, 0);
}

#[test]
fn a_marked_folder_starts_at_once() {
    let place = Place::with(PIPELINE);
    (0..3).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("in/study/{}/{index}", index % 2))));
    std::fs::write(place.path("in/study/.ready"), "").unwrap();
    let (code, lines) = place.once(&["--settle-groups", "1h", "--done"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert_eq!(size(&place.path("out/1.2.826.1/1.2.826.1.nii")), [128, 128, 3]);
    assert!(!place.path("in/study").exists() && place.path("in/done/study/0/0").exists());
}

#[test]
fn failures_name_no_patient_and_move_with_all_their_files() {
    let place = Place::with(PIPELINE);
    (0..3).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("in/good/{index}"))));
    // A slice is missing; its files lie in two folders.
    for index in [0, 1, 3, 4] {
        Slice::new("1.2.826.9", index).arrive(&place.path(&format!("in/{}/hole{index}", index % 2)));
    }
    // The name of a patient where a UID should be, which is none.
    (0..2).for_each(|index| Slice::new("Zacharias", index).arrive(&place.path(&format!("in/nameless/{index}"))));
    let (code, lines) = place.once(&[&SOON[..], &["--log-level", "debug"]].concat());
    assert_eq!(code, 1, "{lines:#?}");
    let folders = files(&place.path("out"));
    assert!(folders[0] == "1.2.826.1" && folders[1].starts_with("odd-uid-") && folders.len() == 2, "{folders:?}");
    let failed = place.path("in/failed/1.2.826.9");
    let error: Json = serde_json::from_slice(&std::fs::read(failed.join("error.json")).unwrap()).unwrap();
    assert_eq!((&error["kind"], &error["node"]), (&"bad".into(), &"image".into()), "{error:#}");
    assert!(error["message"].as_str().unwrap().contains("missing"), "{error:#}");
    assert!(["0/hole0", "1/hole1", "1/hole3", "0/hole4"].iter().all(|file| failed.join(file).exists()));

    let mut seen = vec![lines.iter().map(Json::to_string).collect::<String>().into_bytes()];
    let (mut left, mut n_ledger) = (Vec::new(), 0);
    all(&place.path(""), &mut left);
    for file in left {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        n_ledger += usize::from(name.starts_with("ledger.sqlite"));
        let is_patients =
            file.ancestors().any(|above| above == place.path("in")) && name != "error.json" || name.ends_with(".dcm");
        seen.push(file.strip_prefix(place.path("")).unwrap().to_string_lossy().into_owned().into_bytes());
        if !is_patients {
            seen.push(std::fs::read(&file).unwrap());
        }
    }
    assert!(n_ledger > 0, "the ledger was looked through");
    for (secret, bytes) in SECRETS.iter().flat_map(|secret| seen.iter().map(move |bytes| (secret, bytes))) {
        let found = bytes.windows(secret.len()).position(|window| window == secret.as_bytes());
        assert!(found.is_none(), "{secret} in {}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn what_comes_with_a_study_and_is_no_volume_is_no_failure() {
    let place = Place::with(PIPELINE);
    (0..2).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("in/x/{index}"))));
    let scout = Slice::new("1.2.826.5", 0).text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\LOCALIZER");
    scout.arrive(&place.path("in/x/scout"));
    std::fs::copy(data("test-SR.dcm"), place.path("in/x/report")).unwrap();
    let list = Slice::new("1.2.826.6", 0).text(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.1.3.10");
    list.arrive(&place.path("in/x/DICOMDIR"));
    // A file whose header ends early stands alone where no images lie, and is told of.
    let whole = std::fs::read(data("CT_small.dcm")).unwrap();
    std::fs::create_dir(place.path("in/y")).unwrap();
    std::fs::write(place.path("in/y/cut"), &whole[..700]).unwrap();
    let (code, lines) = place.once(&[&SOON[..], &["--done"]].concat());
    assert_eq!(code, 1, "{lines:#?}");
    let passed: Vec<&str> =
        lines.iter().filter(|line| line["event"] == "passed_over").filter_map(|line| line["text"].as_str()).collect();
    assert!(passed.len() == 2 && passed.iter().any(|text| text.contains("1 x localiser")), "{passed:?}");
    let report: Json = serde_json::from_slice(&std::fs::read(place.path("out/1.2.826.5/report.json")).unwrap()).unwrap();
    assert_eq!(report["outcome"], "passed_over");
    // Each input has one line, and is counted once.
    let lines_of = |name: &str| lines.iter().filter(|line| line["input"] == name && line["event"] != "started").count();
    assert_eq!(["1.2.826.1", "1.2.826.5", "y/cut"].map(lines_of), [1, 1, 1], "{lines:#?}");
    let last = lines.last().unwrap();
    assert_eq!(["done", "passed_over", "failed"].map(|what| last[what].as_u64()), [Some(1), Some(2), Some(1)], "{last}");
    assert!(last["text"].as_str().unwrap().contains("1 done, 0 known already, 2 passed over, 1 failed"), "{last}");
    let arguments = ["watch", "status", "--ledger", "ledger.sqlite"];
    let status = voxloom().args(arguments).current_dir(place.path("")).output().unwrap();
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.starts_with("waiting 0   running 0   done 1   failed 1   passed over 2   "), "{status}");
    assert_eq!(files(&place.path("in/x")), ["DICOMDIR"], "a list of files is no input, and is left");
    assert_eq!(files(&place.path("in/failed/y/cut")), ["cut", "error.json"]);
    assert_eq!(size(&place.path("out/1.2.826.1/1.2.826.1.nii")), [128, 128, 2]);
}

#[test]
fn a_series_that_is_sent_again_under_other_names_is_known() {
    let place = Place::with(PIPELINE);
    (0..3).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("in/a/{index}"))));
    let words = [&SOON[..], &["--done"]].concat();
    assert_eq!(place.once(&words).0, 0);
    (0..3).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("in/b/{}/IM{}", index % 2, 9 - index))));
    let (code, lines) = place.once(&words);
    assert_eq!(code, 0, "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line["event"] == "known").count(), 1, "{lines:#?}");
    assert_eq!(files(&place.path("out")), ["1.2.826.1"]);
}

#[test]
fn a_late_slice_never_gives_a_volume_of_its_own() {
    for (word, advice) in [("--done", "lie below done/a"), ("--delete", "sent again"), ("--keep", "")] {
        let place = Place::with(PIPELINE);
        let words = [&SOON[..], &[word]].concat();
        (0..3).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("in/a/{index}"))));
        assert_eq!(place.once(&words).0, 0);
        Slice::new("1.2.826.1", 3).arrive(&place.path("in/b/3"));
        let (code, lines) = place.once(&words);
        assert_eq!(files(&place.path("out")), ["1.2.826.1"], "{word}");
        if word == "--keep" {
            assert_eq!((code, size(&place.path("out/1.2.826.1/1.2.826.1.nii"))), (0, [128, 128, 4]), "{lines:#?}");
            continue;
        }
        assert_eq!((code, size(&place.path("out/1.2.826.1/1.2.826.1.nii"))), (1, [128, 128, 3]), "{lines:#?}");
        let told = lines.iter().find(|line| line["event"] == "failed").and_then(|line| line["message"].as_str()).unwrap();
        let error = std::fs::read(place.path("in/failed/1.2.826.1/error.json")).unwrap();
        let error: Json = serde_json::from_slice(&error).unwrap();
        assert_eq!(error["message"], told);
        assert!(told.starts_with("1 file came late: this series was done at") && told.contains(advice), "{told}");
        let arguments = ["watch", "status", "--ledger", "ledger.sqlite"];
        let status = voxloom().args(arguments).current_dir(place.path("")).output().unwrap();
        assert!(String::from_utf8_lossy(&status.stdout).contains("1 file came late"), "{status:?}");
        // As the advice says.
        if word == "--done" {
            std::fs::rename(place.path("in/done/a"), place.path("in/a")).unwrap();
        } else {
            (0..3).for_each(|index| Slice::new("1.2.826.1", index).arrive(&place.path(&format!("in/again/{index}"))));
        }
        std::fs::rename(place.path("in/failed/1.2.826.1/b"), place.path("in/b")).unwrap();
        let (code, lines) = place.once(&words);
        assert_eq!(code, 0, "{lines:#?}");
        assert_eq!(size(&place.path("out/1.2.826.1.2/1.2.826.1.nii")), [128, 128, 4]);
    }
}
