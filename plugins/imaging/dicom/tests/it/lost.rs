//! Slices that were lost, or nearly: a series that they may belong to is refused, and what is no slice harms none.

use super::make::{Made, save_all};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use std::path::PathBuf;
use tempfile::TempDir;
use voxloom_dicom::{Fault, Holds, Origin, Volume, find, series_of};

/// Five sound slices in a folder, of which the last is to be spoilt.
struct Spoilt {
    folder: TempDir,
    last: PathBuf,
    whole: Vec<u8>,
}

impl Spoilt {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = save_all(Made::series(5, [0.0, 0.0, 2.0]), folder.path());
        let last = folder.path().join("im019");
        std::fs::rename(&files[4], &last).unwrap();
        let whole = std::fs::read(&last).unwrap();
        Self { folder, last, whole }
    }

    fn read(&self, last: &[u8]) -> Result<[usize; 3], String> {
        std::fs::write(&self.last, last).unwrap();
        let volume = series_of(self.folder.path()).and_then(|series| Volume::read(&series));
        volume.map(|volume| volume.shape_ijk).map_err(|fault| fault.to_string())
    }
}

#[test]
fn a_series_is_not_read_without_a_slice_that_was_lost() {
    let ff = |start: &[u8]| [start, b"DICM", &[0xFF; 5000]].concat();
    let spoilt: [(&str, Vec<u8>, &str); 5] = [
        ("never written", Vec::new(), "im019: is empty"),
        ("a hole", vec![0; 6000], "im019: holds nothing but zeros"),
        ("nothing behind the mark", [&[0; 128][..], b"DICM"].concat(), "im019: has neither an image nor"),
        ("rubbish behind the mark", ff(&[0; 128]), "im019: "),
        ("rubbish behind the mark alone", ff(&[]), "im019: "),
    ];
    let series = Spoilt::new();
    for (name, bytes, why) in spoilt {
        let text = series.read(&bytes).unwrap_err();
        assert!(
            text.starts_with("files that may be slices of this volume are damaged: ") && text.contains(why),
            "{name}: {text}"
        );
    }
}

#[test]
fn a_slice_is_missed_wherever_it_was_cut() {
    let series = Spoilt::new();
    assert_eq!(series.read(&series.whole), Ok([4, 3, 5]));
    let unseen: Vec<usize> = (0..series.whole.len()).filter(|cut| series.read(&series.whole[..*cut]).is_ok()).collect();
    assert!(unseen.is_empty(), "cut to {unseen:?} of {} bytes", series.whole.len());
}

#[test]
fn marks_and_other_objects_are_no_lost_slices() {
    let folder = tempfile::tempdir().unwrap();
    save_all(Made::series(4, [0.0, 0.0, 2.0]), folder.path());
    for name in ["DONE", "study 7.ok", "a1.nii", "notes 2.txt"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    std::fs::write(folder.path().join("im019"), "no DICOM, and not empty either").unwrap();
    let report = Made::item().text(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.88.11");
    let report = report.text(tags::SOP_INSTANCE_UID, VR::UI, "1.2.5").text(tags::SERIES_INSTANCE_UID, VR::UI, "1.2.6");
    let report = report.save(&folder.path().join("report"));
    let found = find(folder.path(), true).unwrap();
    assert_eq!((found.series.len(), found.passed_over.len()), (1, 6), "{:?}", found.passed_over);
    assert!(found.series[0].damaged.is_empty(), "{:?}", found.series[0].damaged);
    assert_eq!(Volume::read(&found.series[0]).unwrap().shape_ijk, [4, 3, 4]);
    assert!(matches!(Origin::of(&report).unwrap().holds, Holds::Other(_)));
}

#[test]
fn origins_tell_lost_slices_from_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let fault = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Origin::of(&path).unwrap_err()
    };
    for bytes in [&[][..], &[0; 6000], b"DICM", &[b"DICM".as_slice(), &[0xFF; 99]].concat()] {
        assert!(matches!(fault("im7", bytes), Fault::Damaged { .. }), "{bytes:?}");
    }
    for (name, bytes) in [("READY", &[][..]), ("im7.json", &[]), ("im7", b"words")] {
        assert!(matches!(fault(name, bytes), Fault::NotDicom { .. }), "{name}");
    }
}
