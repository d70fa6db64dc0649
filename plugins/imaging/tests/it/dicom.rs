//! DICOM series as cases and volumes, and label maps as SEG beside them, called as the engine calls them.

use crate::host::{Host, Ports, field, json, ports};
use crate::{data, table};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::open_file;
use serde_json::json;
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};
use voxloom_imaging::cases::Cases;
use voxloom_imaging::read::Read;
use voxloom_imaging::write::Write;
use voxloom_sdk::{Affine, IntoValue, Json, Record, Value, Volume, tensor_of};

/// Writes slices of one series, made of one real slice, at 5 mm from each other, in no order of names.
pub fn series(folder: &Path, uid: &str, n: usize) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let paths: Vec<PathBuf> = (0..n).map(|index| folder.join(format!("{}-{}", uid.len() + 7 * index % n, index))).collect();
    for (index, path) in paths.iter().enumerate() {
        let mut slice = open_file(data("dicom_odd/CT_small.dcm")).unwrap();
        let mut text = |tag: Tag, vr: VR, text: String| {
            slice.put(DataElement::new(tag, vr, text));
        };
        text(tags::SERIES_INSTANCE_UID, VR::UI, uid.into());
        text(tags::SOP_INSTANCE_UID, VR::UI, format!("{uid}.{index}"));
        text(tags::PATIENT_NAME, VR::PN, "Nobody^Known".into());
        text(tags::PATIENT_ID, VR::LO, "id-4711".into());
        text(tags::IMAGE_POSITION_PATIENT, VR::DS, format!("-10\\-20\\{}", 5 * index));
        text(tags::RESCALE_INTERCEPT, VR::DS, format!("{}", 100 * index as i64 - 1024));
        slice.write_to_file(path).unwrap();
    }
    paths
}

fn cases(path: &Path) -> Result<Vec<Json>, String> {
    let items = Host::new(table!(scatter Cases), &json!({ "path": path }))?.scatter(&Ports::new())?;
    Ok(items.iter().map(|item| json(&field(&item["case"], "meta"))).collect())
}

pub fn case(meta: &Json) -> Value {
    Record::new("case").with("meta", meta.clone()).into_value()
}

pub fn read(meta: &Json, which: &str) -> Result<Value, String> {
    let host = Host::new(table!(op Read), &json!({ "which": which }))?;
    Ok(host.run(&ports([("case", case(meta))]))?.remove("volume").unwrap())
}

fn meta(volume: &Value) -> Json {
    json(&field(volume, "meta"))
}

pub fn voxels(volume: &Value) -> Tensor {
    tensor_of(&field(volume, "data")).unwrap()
}

pub fn affine(volume: &Value) -> Affine {
    let numbers = Vec::<f64>::try_from(tensor_of(&field(volume, "affine")).unwrap().view(-1)).unwrap();
    Affine([0, 1, 2, 3].map(|row| [0, 1, 2, 3].map(|column| numbers[4 * row + column])))
}

#[test]
fn every_series_below_a_folder_is_a_case() {
    let folder = tempfile::tempdir().unwrap();
    series(&folder.path().join("a"), "1.2.3", 3);
    series(&folder.path().join("a/deeper"), "1.2.4.5", 1);
    std::fs::write(folder.path().join("a/notes.txt"), "not an image").unwrap();
    let found = cases(folder.path()).unwrap();
    let names: Vec<&str> = found.iter().map(|case| case["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["1.2.3", "1.2.4.5"]);
    assert_eq!(found[0]["slices"].as_array().unwrap().len(), 3);
    assert_eq!(found[1]["slices"].as_array().unwrap().len(), 1);
    assert_eq!(voxels(&read(&found[1], "image").unwrap()).size(), [1, 128, 128]);
}

#[test]
fn a_series_is_one_volume_in_space() {
    let folder = tempfile::tempdir().unwrap();
    let paths = series(folder.path(), "1.2.3", 4);
    let ways = [
        cases(folder.path()).unwrap().remove(0),
        json!({ "name": "1.2.3", "image": folder.path() }),
        json!({ "name": "1.2.3", "image": paths[2], "slices": paths }),
    ];
    for way in &ways {
        let volume = read(way, "image").unwrap();
        let data = voxels(&volume);
        assert_eq!((data.size(), data.kind()), (vec![4, 128, 128], Kind::Int));
        let expected = [[-0.661468, 0.0, 0.0, 10.0], [0.0, -0.661468, 0.0, 20.0], [0.0, 0.0, 5.0, 0.0], [0.0, 0.0, 0.0, 1.0]];
        assert_eq!(affine(&volume).0, expected);
        // The intercept grows from slice to slice.
        let step = (data.select(0, 3) - data.select(0, 0)).unique_dim(0, true, false, false).0;
        assert_eq!((step.min().int64_value(&[]), step.max().int64_value(&[])), (300, 300));
        let meta = meta(&volume);
        assert_eq!(
            (&meta["placed_by"], &meta["orientation"], &meta["modality"]),
            (&json!("patient"), &json!("LPS"), &json!("CT"))
        );
        assert!(!meta.to_string().contains("Nobody") && !meta.to_string().contains("4711"), "{meta}");
    }
    let listed = json!({ "name": "a", "image": "none", "files": { "scan": paths } });
    assert_eq!(voxels(&read(&listed, "scan").unwrap()).size(), [4, 128, 128]);
}

#[test]
fn a_series_with_a_hole_and_a_folder_of_two_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let paths = series(folder.path(), "1.2.3", 5);
    std::fs::remove_file(&paths[2]).unwrap();
    let fault = read(&json!({ "name": "a", "image": folder.path() }), "image").unwrap_err();
    assert!(fault.starts_with("slices are missing where 5.00 mm is the step: 1 between "), "{fault}");
    series(folder.path(), "1.2.4.5", 2);
    let fault = read(&json!({ "name": "a", "image": folder.path() }), "image").unwrap_err();
    assert!(fault.contains("holds 2 series") && fault.contains("1.2.3, 1.2.4.5"), "{fault}");
}

#[test]
fn labels_written_as_seg_are_read_back_on_their_image() {
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    series(folder.path(), "1.2.3", 4);
    let mut case_meta = cases(folder.path()).unwrap().remove(0);
    let image = read(&case_meta, "image").unwrap();
    let labels = voxels(&image).gt(300).to_kind(Kind::Uint8) + voxels(&image).gt(900).to_kind(Kind::Uint8);
    let mut place = affine(&image);
    // As reorientation to RAS leaves it: i and j run the other way.
    let flipped = labels.flip([1, 2]);
    for (row, axis) in [(0, 0), (1, 1)] {
        place.0[row][3] += place.0[row][axis] * 127.0;
        place.0[row][axis] = -place.0[row][axis];
    }
    let host = Host::new(
        table!(op Write),
        &json!({ "folder": out.path(), "format": "dicom_seg", "names": ["bone", "teeth"], "suffix": "_bones" }),
    );
    let volume = Volume::new(flipped, place).into_value();
    let written = host.unwrap().run(&ports([("volume", volume), ("case", case(&case_meta))])).unwrap();
    let report = json(&written["file"]);
    let path = out.path().join("1.2.3_bones.dcm");
    assert_eq!(report["path"], json!(path));
    assert_eq!(report["labels"]["1"]["name"], "bone");
    let expected = [1, 2].map(|label| labels.eq(label).sum(Kind::Int64).int64_value(&[]));
    assert!(expected.iter().all(|count| *count > 100), "{expected:?}");
    assert_eq!(["1", "2"].map(|label| report["labels"][label]["n_voxels"].as_i64().unwrap()), expected);
    case_meta["label"] = json!(path);
    let back = read(&case_meta, "label").unwrap();
    assert!(voxels(&back).equal(&labels), "other voxels");
    assert_eq!(affine(&back).0, affine(&image).0);
    assert_eq!(meta(&back)["labels"], json!({ "1": "bone", "2": "teeth" }));
}

#[test]
fn a_seg_needs_labels_and_a_source_in_dicom() {
    let out = tempfile::tempdir().unwrap();
    let fault = Host::new(table!(op Write), &json!({ "folder": out.path(), "format": "dicom_seg", "content": "image" })).err();
    assert!(fault.unwrap().contains("dicom_seg holds labels"));
    let host = Host::new(table!(op Write), &json!({ "folder": out.path(), "format": "dicom_seg" })).unwrap();
    let volume = Volume::new(Tensor::ones([2, 2, 2], (Kind::Uint8, tch::Device::Cpu)), Affine::IDENTITY).into_value();
    let image = case(&json!({ "name": "a", "image": "a.nii.gz" }));
    let fault = host.run(&ports([("volume", volume), ("case", image)])).err().unwrap();
    assert!(fault.contains("a SEG refers to DICOM images, and this is none"), "{fault}");
}

/// A series and a label map of it in NIfTI: they share a grid but for flips, and labels of bones hold bone.
fn lines_up(images: &Path, labels: &Path, names: &[(i64, String)]) {
    let image = read(&json!({ "name": "a", "image": images }), "image").unwrap();
    let turned = read(&json!({ "name": "a", "image": images, "label": labels }), "label").unwrap();
    let label = read(&json!({ "name": "a", "image": labels }), "image").unwrap();
    let (data, mut map) = (voxels(&image), voxels(&label));
    assert_eq!(map.size(), data.size());
    let (a, b) = (affine(&image).0, affine(&label).0);
    let flips = [0, 1, 2].map(|axis| (0..3).map(|row| a[row][axis] * b[row][axis]).sum::<f64>() < 0.0);
    let sizes = [2, 1, 0].map(|axis| data.size()[axis] as f64 - 1.0);
    for row in 0..3 {
        let origin = b[row][3] + (0..3).filter(|axis| flips[*axis]).map(|axis| b[row][axis] * sizes[axis]).sum::<f64>();
        assert!((a[row][3] - origin).abs() < 1e-3, "origins {} and {origin}", a[row][3]);
        for axis in 0..3 {
            let step = if flips[axis] { -b[row][axis] } else { b[row][axis] };
            assert!((a[row][axis] - step).abs() < 1e-5, "steps {} and {step}", a[row][axis]);
        }
    }
    let axes: Vec<i64> = (0..3).filter(|axis| flips[*axis as usize]).map(|axis| 2 - axis).collect();
    map = map.flip(axes);
    assert!(voxels(&turned).equal(&map), "as the label of its image, it is turned to it");
    let mean = |of: &dyn Fn(&str) -> bool| {
        let inside = names.iter().filter(|(_, name)| of(name)).map(|(label, _)| map.eq(*label));
        let inside = inside.reduce(|a, b| a.logical_or(&b)).unwrap();
        data.masked_select(&inside).to_kind(Kind::Double).mean(Kind::Double).double_value(&[])
    };
    let bone = mean(&|name| name.contains("vertebra") || name.contains("rib") || name == "bone");
    let soft = mean(&|name| name.contains("liver") || name.contains("spleen") || name == "soft");
    println!("{}: bone {bone:.1} HU, soft tissue {soft:.1} HU", images.display());
    assert!(bone > soft + 50.0 && bone > 150.0 && (0.0..200.0).contains(&soft), "bone {bone} HU, soft tissue {soft} HU");
}

#[test]
fn a_ct_series_lines_up_with_its_labels() {
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    series(folder.path(), "1.2.3", 3);
    let image = read(&json!({ "name": "a", "image": folder.path() }), "image").unwrap();
    let bright = |low: i64, high: i64| voxels(&image).ge(low).logical_and(&voxels(&image).lt(high)).to_kind(Kind::Uint8);
    let labels = bright(400, 3000) + bright(0, 150) * 2;
    let host = Host::new(table!(op Write), &json!({ "folder": out.path() })).unwrap();
    let named = case(&json!({ "name": "a", "image": folder.path() }));
    host.run(&ports([("volume", Volume::new(labels, affine(&image)).into_value()), ("case", named)])).unwrap();
    lines_up(folder.path(), &out.path().join("a.nii.gz"), &[(1, "bone".into()), (2, "soft".into())]);

    // Real ones, where VOXLOOM_DICOM_DATA names a folder that holds `ct_dicom/` and `ct_dicom_labels.nii.gz` with a table beside.
    let more = std::env::var_os("VOXLOOM_DICOM_DATA").unwrap_or_default();
    for folder in std::env::split_paths(&more).filter(|folder| folder.join("ct_dicom").is_dir()) {
        let table = std::fs::read_to_string(folder.join("ct_dicom_labels.tsv")).unwrap();
        let name = |line: &str| {
            let mut columns = line.split('\t');
            Some((columns.next()?.parse().ok()?, columns.next()?.to_owned()))
        };
        let names: Vec<_> = table.lines().filter_map(name).collect();
        lines_up(&folder.join("ct_dicom"), &folder.join("ct_dicom_labels.nii.gz"), &names);
    }
}
