//! Pictures are written as pictures; nothing that is written of them pretends to have a place or a size.

use crate::host::{Host, field, json, ports};
use crate::pictures::{Folder, grey, image, labels, png, voxels};
use crate::table;
use png::{BitDepth, ColorType};
use serde_json::json;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use voxloom_imaging::metrics::Metrics;
use voxloom_imaging::nifti::{self, PlacementSource};
use voxloom_imaging::place::PICTURE;
use voxloom_imaging::resample::Resample;
use voxloom_imaging::write::Write;
use voxloom_sdk::{IntoValue, Json, JsonMap, Record, Value, Volume};

fn write(volume: Value, params: &Json) -> Result<Json, String> {
    Host::new(table!(op Write), params)?.run(&ports([("volume", volume)])).map(|mut out| json(&out.remove("file").unwrap()))
}

fn maps(data: Tensor) -> Value {
    let mut volume = Volume::new(data, PICTURE);
    volume.meta = JsonMap::from_iter(
        [("name", "eye"), ("placed_by", "none"), ("format", "png")].map(|(key, value)| (key.to_owned(), json!(value))),
    );
    volume.into_value()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_read_from_png_is_written_as_png() {
    let (folder, out) = (Folder::new(), Folder::new());
    let label = labels(&folder.file("l.png", grey([0, 1, 0, 2, 0, 1]))).unwrap();
    let report = write(label, &json!({ "folder": out.path(), "names": ["disc", "cup"] })).unwrap();
    assert_eq!(files(out.path()), ["eye.json", "eye.png"]);
    assert_eq!(
        (&report["placed_by"], &report["dtype"], &report["path"]),
        (&json!("none"), &json!("uint8"), &json!(out.path().join("eye.png")))
    );
    let disc = json!({ "name": "disc", "n_voxels": 2, "centroid_px": [1.5, 0.5, 0.0] });
    assert_eq!(report["labels"]["1"], disc, "no volume and no millimetres");
    assert_eq!(voxels(&labels(&out.path().join("eye.png")).unwrap()).2, [0, 1, 0, 2, 0, 1]);
    let beside: Json = serde_json::from_str(&std::fs::read_to_string(out.path().join("eye.json")).unwrap()).unwrap();
    assert_eq!((&beside["labels"]["1"], beside.get("path"), beside.get("paths")), (&disc, None, None));
}

#[test]
fn pictures_come_back_as_they_were() {
    let (folder, out) = (Folder::new(), Folder::new());
    let raw: Vec<u8> = (100..118).collect();
    let sixteen: Vec<u8> = (0..12).collect();
    let kinds = [
        ("rgb.png", png(ColorType::Rgb, BitDepth::Eight, &raw, |_| {})),
        ("grey.png", grey([5, 4, 3, 2, 1, 0])),
        ("sixteen.png", png(ColorType::Grayscale, BitDepth::Sixteen, &sixteen, |_| {})),
    ];
    for (name, bytes) in kinds {
        let volume = image(&folder.file(name, bytes)).unwrap();
        let report = write(volume.clone(), &json!({ "folder": out.path(), "content": "image", "suffix": "_back" })).unwrap();
        let back = image(&out.path().join("eye_back.png")).unwrap();
        assert_eq!((voxels(&back), &report["dtype"]), (voxels(&volume), &json(&field(&volume, "meta"))["dtype"]), "{name}");
        assert_eq!(files(out.path()), ["eye_back.png"]);
    }
}

#[test]
fn maps_say_their_scale() {
    let out = Folder::new();
    let probabilities = || maps(Tensor::from_slice(&[0.0_f32, 0.25, 0.5, 1.0]).view([2, 1, 1, 2]));
    let report = write(probabilities(), &json!({ "folder": out.path(), "content": "image", "suffix": "_p" })).unwrap();
    assert_eq!(files(out.path()), ["eye_p.json", "eye_p_0.png", "eye_p_1.png"]);
    assert_eq!(report["scale"], json!({ "low": 0.0, "high": 1.0, "value": "low + stored / 65535 * (high - low)" }));
    assert_eq!(
        (&report["files"][1]["file"], &report["paths"][1]),
        (&json!("eye_p_1.png"), &json!(out.path().join("eye_p_1.png")))
    );
    assert_eq!(voxels(&image(&out.path().join("eye_p_1.png")).unwrap()).2, [32_768, 65_535]);
    let fault = write(probabilities(), &json!({ "folder": out.path(), "content": "image", "range": [0, 0.75] })).unwrap_err();
    assert_eq!(fault, "eye: holds 1, and a PNG of floats goes from 0 to 0.75; give another `range`, or clip the values");
    assert_eq!(files(out.path()).len(), 3, "nothing more is left");
    let fault = write(probabilities(), &json!({ "folder": out.path(), "range": [1, 0] })).unwrap_err();
    assert_eq!(fault, "range must run from low to high, got [1, 0]");
}

#[test]
fn as_nifti_a_picture_has_no_place_either() {
    let (folder, out) = (Folder::new(), Folder::new());
    let label = labels(&folder.file("l.png", grey([0, 1, 0, 2, 0, 1]))).unwrap();
    let report = write(label, &json!({ "folder": out.path(), "format": "nifti" })).unwrap();
    assert_eq!(
        (&report["placed_by"], &report["labels"]["2"]),
        (&json!("none"), &json!({ "name": null, "n_voxels": 1, "centroid_px": [0.0, 1.0, 0.0] }))
    );
    let found = nifti::read(&out.path().join("eye.nii.gz")).unwrap();
    assert_eq!((found.placement.source, found.header.xyzt_units, found.shape_ijk), (PlacementSource::Pixdim, 0, [3, 2, 1]));
    assert!(found.warnings[0].starts_with("has no sform and no qform"), "{:?}", found.warnings);
}

#[test]
fn no_file_of_the_case_is_overwritten() {
    let folder = Folder::new();
    let rater = folder.file("eye_r.png", grey([1; 6]));
    let case =
        Record::new("case").with("meta", json!({ "name": "eye", "image": "x.png", "files": { "raters": [rater] } })).into_value();
    let host = Host::new(table!(op Write), &json!({ "folder": folder.path(), "suffix": "_r" })).unwrap();
    let volume = maps(Tensor::zeros([1, 1, 2], (Kind::Uint8, Device::Cpu)));
    let fault = host.run(&ports([("volume", volume), ("case", case)])).unwrap_err();
    assert_eq!(fault, format!("{} is an input and is not overwritten; give another `folder` or a `suffix`", rater.display()));
}

#[test]
fn a_volume_of_slices_is_no_picture() {
    let out = Folder::new();
    let volume = maps(Tensor::zeros([2, 1, 2], (Kind::Uint8, Device::Cpu)));
    let fault = write(volume, &json!({ "folder": out.path() })).unwrap_err();
    assert_eq!(fault, "eye: has 2 slices, and a PNG holds one; write it as NIfTI (`format: nifti`)");
}

#[test]
fn pictures_are_measured_in_pixels_and_resampled_by_size() {
    let folder = Folder::new();
    let read = |raw| labels(&folder.file("l.png", grey(raw))).unwrap();
    let metrics = Host::new(table!(op Metrics), &json!({ "structures": [{ "name": "disc", "labels": [1] }] })).unwrap();
    let found = metrics.run(&ports([("prediction", read([0, 1, 1, 0, 1, 1])), ("reference", read([0, 0, 1, 0, 0, 1]))])).unwrap();
    let row = &json(&found["metrics"])["rows"][0];
    assert_eq!((row["dice"].as_f64(), &row["hd95_mm"], &row["assd_mm"]), (Some(2.0 / 3.0), &Json::Null, &Json::Null));
    assert!(row["hd95_official_voxels"].is_number());
    let resample =
        |params: Json| Host::new(table!(op Resample), &params).unwrap().run(&ports([("volume", read([0, 1, 1, 0, 1, 1]))]));
    let fault = resample(json!({ "spacing_mm": [1, 2, 2] })).unwrap_err();
    assert_eq!(fault, "eye is a picture without a place in space and a size of pixels: give `size` instead of spacing_mm");
    let larger = resample(json!({ "size": [1, 4, 6], "interpolation": "nearest" })).unwrap().remove("volume").unwrap();
    assert_eq!(voxels(&larger).0, [1, 4, 6]);
}
