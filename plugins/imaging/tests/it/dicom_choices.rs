//! Several volumes in one DICOM series: cases of their own, or chosen by the record of a case.

use crate::dicom::{affine, case, read, series, voxels};
use crate::host::{Host, Ports, field, json, ports};
use crate::table;
use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;
use dicom_object::open_file;
use serde_json::json;
use std::path::Path;
use tch::Kind;
use voxloom_imaging::cases::Cases;
use voxloom_imaging::write::Write;
use voxloom_sdk::{IntoValue, Json, Volume};

/// A series of three slices at two echoes; the second has 50 more everywhere.
fn echoes(folder: &Path) {
    for echo in ["1", "2"] {
        for (index, path) in series(&folder.join(echo), "1.2.3", 3).iter().enumerate() {
            let mut slice = open_file(path).unwrap();
            slice.put(DataElement::new(tags::ECHO_NUMBERS, VR::IS, echo));
            slice.put(DataElement::new(tags::SOP_INSTANCE_UID, VR::UI, format!("1.2.3.{echo}.{index}")));
            let intercept = if echo == "2" { "-974" } else { "-1024" };
            slice.put(DataElement::new(tags::RESCALE_INTERCEPT, VR::DS, intercept));
            slice.write_to_file(path).unwrap();
        }
    }
}

fn cases(params: &Json) -> Result<Vec<Json>, String> {
    let items = Host::new(table!(scatter Cases), params)?.scatter(&Ports::new())?;
    Ok(items.iter().map(|item| json(&field(&item["case"], "meta"))).collect())
}

/// By how much the second echo is brighter.
fn brighter(first: &Json, second: &Json) -> i64 {
    let step = voxels(&read(second, "image").unwrap()) - voxels(&read(first, "image").unwrap());
    assert_eq!((step.size(), step.min().int64_value(&[])), (vec![3, 128, 128], step.max().int64_value(&[])));
    step.max().int64_value(&[])
}

#[test]
fn a_series_is_split_by_an_attribute_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    echoes(folder.path());
    let whole = cases(&json!({ "path": folder.path() })).unwrap();
    assert_eq!(whole.len(), 1);
    let fault = read(&whole[0], "image").unwrap_err();
    assert!(fault.contains("EchoNumbers tells them apart (1, 2): choose one with `where`"), "{fault}");

    let split = cases(&json!({ "path": folder.path(), "split_series": ["EchoNumbers"] })).unwrap();
    let names: Vec<&Json> = split.iter().map(|case| &case["name"]).collect();
    assert_eq!(names, ["1.2.3.EchoNumbers-1", "1.2.3.EchoNumbers-2"]);
    assert_eq!(split[1]["where"], json!({ "EchoNumbers": "2" }));
    assert_eq!(brighter(&split[0], &split[1]), 50);

    let second = json!({ "path": folder.path(), "split_series": ["EchoNumbers"], "only": { "EchoNumbers": 2 } });
    assert_eq!(cases(&second).unwrap(), split[1..]);
    let fault = cases(&json!({ "path": folder.path(), "split_series": ["PatientName"] })).unwrap_err();
    assert!(fault.contains("split_series[0] must be one of EchoNumbers, ") && fault.contains("got PatientName"), "{fault}");
}

#[test]
fn a_record_says_which_volume_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    echoes(folder.path());
    let chosen = |value: Json| json!({ "name": "a", "image": folder.path(), "where": { "EchoNumbers": value } });
    assert_eq!(brighter(&chosen(json!(1)), &chosen(json!("2"))), 50);
    let fault = read(&chosen(json!(3)), "image").unwrap_err();
    assert_eq!(fault, "no slice has {\"EchoNumbers\": \"3\"}; the series has EchoNumbers 1, 2");
    let fault = read(&chosen(json!([1])), "image").unwrap_err();
    assert!(fault.starts_with("`where` of a case holds [1], expected"), "{fault}");
}

#[test]
fn labels_of_one_echo_refer_to_its_slices() {
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    echoes(folder.path());
    let mut echo = json!({ "name": "a", "image": folder.path(), "where": { "EchoNumbers": 2 } });
    let image = read(&echo, "image").unwrap();
    assert_eq!(json(&field(&image, "meta"))["where"], json!({ "EchoNumbers": "2" }));
    let labels = voxels(&image).gt(300).to_kind(Kind::Uint8);
    let volume = Volume::new(labels.shallow_clone(), affine(&image)).into_value();
    let params = json!({ "folder": out.path(), "format": "dicom_seg", "names": ["bright"] });
    let given = ports([("volume", volume), ("case", case(&echo))]);
    Host::new(table!(op Write), &params).unwrap().run(&given).unwrap();
    let path = out.path().join("a.dcm");
    let references = open_file(&path).unwrap();
    let text = format!("{references:?}");
    assert!(text.contains("1.2.3.2.0") && !text.contains("1.2.3.1.0"), "other slices are referred to");
    echo["label"] = json!(path);
    assert!(voxels(&read(&echo, "label").unwrap()).equal(&labels), "other voxels");
}
