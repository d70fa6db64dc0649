//! `voxloom run` on DICOM: from a folder of series to NIfTI and SEG.

use crate::slices::{PIPELINE, SECRETS, STUDY, Slice, data, size, voxels};
use crate::stage::voxloom;
use dicom_dictionary_std::tags;
use dicom_object::open_file;
use serde_json::Value as Json;

#[test]
fn a_folder_of_series_becomes_nifti_and_seg() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("bone.json"), PIPELINE).unwrap();
    // Slices of two series in no order, a report among them.
    for (series, count) in [("1.2.826.1", 4), ("1.2.826.22", 3)] {
        (0..count).for_each(|index| {
            Slice::new(series, index).arrive(&path(&format!("in/{}/{}", index % 2, 100 * series.len() - index)))
        });
    }
    std::fs::copy(data("test-SR.dcm"), path("in/report")).unwrap();
    let output = voxloom()
        .args(["run", "bone.json", "--device", "cpu", "--log-level", "debug", "--set", "input=in", "--set", "output=out"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{told}");
    let report = std::fs::read_to_string(path("out/report.json")).unwrap();
    assert!(SECRETS.iter().all(|secret| !told.contains(secret) && !report.contains(secret)), "{told}");

    for (series, count) in [("1.2.826.1", 4), ("1.2.826.22", 3)] {
        let file = |end: &str| path(&format!("out/{series}{end}"));
        assert_eq!(size(&file(".nii")), [128, 128, count]);
        assert_eq!(size(&file("_bone.nii")), [128, 128, count]);
        let seg = open_file(file("_bone.dcm")).unwrap();
        let text = |tag| seg.element(tag).unwrap().to_str().unwrap().trim_end_matches([' ', '\0']).to_owned();
        assert_eq!([text(tags::MODALITY), text(tags::STUDY_INSTANCE_UID)], ["SEG", STUDY]);
        assert_eq!(text(tags::NUMBER_OF_FRAMES), count.to_string(), "every slice holds bone");
        let source = seg.element(tags::REFERENCED_SERIES_SEQUENCE).unwrap().items().unwrap();
        let uid = source[0].element(tags::SERIES_INSTANCE_UID).unwrap().to_str().unwrap().into_owned();
        assert_eq!(uid.trim_end_matches('\0'), series);
        // The label map and the segmentation hold as many voxels, as their bits say.
        let voxels = voxels(&file("_bone.nii")).iter().filter(|byte| **byte == 1).count();
        let bits = seg.element(tags::PIXEL_DATA).unwrap().to_bytes().unwrap().iter().map(|byte| byte.count_ones()).sum::<u32>();
        assert!(voxels > 1000 && voxels == bits as usize, "{voxels} voxels, {bits} bits");
        let facts: Json = serde_json::from_slice(&std::fs::read(file("_bone.json")).unwrap()).unwrap();
        assert!(facts.to_string().contains("bone"), "{facts}");
    }
}
