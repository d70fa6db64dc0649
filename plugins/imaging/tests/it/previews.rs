//! Previews: volumes look as they always did, pictures as they lie.

use crate::host::{Host, field, json, ports};
use crate::pictures::{Folder, grey, image, labels, png, read};
use crate::{data, table};
use png::{BitDepth, ColorType};
use serde_json::json;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use voxloom_imaging::preview::Preview;
use voxloom_sdk::{Affine, IntoValue, Json, JsonMap, Value, Volume, tensor_of};

/// Width, height and the colours row by row.
fn pixels(path: &Path) -> (usize, usize, Vec<[u8; 3]>) {
    let mut reader = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap())).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    (info.width as usize, info.height as usize, bytes.chunks(3).map(|rgb| [rgb[0], rgb[1], rgb[2]]).collect())
}

fn preview(params: &Json, inputs: &[(&str, &Value)]) -> Json {
    let inputs = inputs.iter().map(|(port, value)| ((*port).to_owned(), (*value).clone())).collect();
    json(&Host::new(table!(op Preview), params).unwrap().run(&inputs).unwrap()["file"])
}

#[test]
fn volumes_look_as_they_always_did() {
    let out = Folder::new();
    let (image, label) = (data("nifti_odd/sct/t2_t2.nii.gz"), data("nifti_odd/sct/t2_t2_seg-manual.nii.gz"));
    let meta = json!({ "name": "t2", "image": image, "label": label });
    let (image, label) = (read(meta.clone(), json!({})).unwrap(), read(meta, json!({ "which": "label" })).unwrap());
    let grid = json!({ "layout": "grid", "plane": "coronal", "n_slices": 5, "n_columns": 3, "view": "neurological", "size_px": 96,
        "window": [0, 900] });
    // Checksums of the pixels from before previews knew pictures.
    let rows = [
        (json!({}), vec![("volume", &image), ("labels", &label), ("truth", &label)], PLANES),
        (grid, vec![("volume", &image), ("truth", &label)], GRID),
        (json!({ "size_px": 100 }), vec![("volume", &image)], BARE),
    ];
    for (mut params, inputs, sum) in rows {
        params["folder"] = json!(out.path());
        preview(&params, &inputs);
        let (width, height, rgb) = pixels(&out.path().join("t2.png"));
        assert_eq!((width, height, crc32fast::hash(&rgb.concat())), sum, "{params}");
    }
}

const PLANES: (usize, usize, u32) = (708, 256, 0x555dc516);
const GRID: (usize, usize, u32) = (281, 196, 0x924f0d10);
const BARE: (usize, usize, u32) = (282, 100, 0x369f94db);

#[test]
fn a_picture_is_shown_as_it_lies_with_prediction_reference_and_map() {
    let (folder, out) = (Folder::new(), Folder::new());
    let eye = image(&folder.file("eye.png", grey([255, 0, 0, 0, 0, 0]))).unwrap();
    let disc = labels(&folder.file("l.png", grey([0, 0, 0, 0, 0, 2]))).unwrap();
    let map = Volume::new(Tensor::from_slice(&[0.0_f32, 0.0, 1.0, 0.0, 0.0, 0.0]).view([1, 2, 3]), Affine::IDENTITY);
    let map = Volume { affine: voxloom_imaging::place::PICTURE, ..map }.into_value();
    for view in ["radiological", "neurological"] {
        let params = json!({ "folder": out.path(), "size_px": 30, "view": view, "percentiles": [0, 100] });
        let report = preview(&params, &[("volume", &eye), ("labels", &disc), ("map", &map)]);
        assert_eq!((&report["width"], &report["height"]), (&json!(64), &json!(20)));
        let (width, _, rgb) = pixels(&out.path().join("eye.png"));
        let at = |row: usize, column: usize| rgb[row * width + column];
        // The first pixel is bright, the last one of a label, and the map is hot at the end of the first row.
        assert_eq!((at(0, 0), at(0, 29), at(19, 0), at(19, 29)), ([255; 3], [0; 3], [0; 3], [102, 204, 238]), "{view}");
        assert_eq!((at(0, 34), at(0, 63), at(19, 63)), ([0; 3], [255; 3], [0; 3]), "{view}");
    }
}

#[test]
fn colours_of_a_picture_stay_and_raters_are_layers() {
    let (folder, out) = (Folder::new(), Folder::new());
    let raw: Vec<u8> = [10, 20, 30].repeat(6);
    let eye = folder.file("eye.png", png(ColorType::Rgb, BitDepth::Eight, &raw, |_| {}));
    let raters = [folder.file("a.png", grey([1, 0, 0, 0, 0, 0])), folder.file("b.png", grey([0, 0, 0, 0, 0, 1]))];
    let meta = json!({ "name": "eye", "image": eye, "files": { "raters": raters } });
    let (eye, raters) = (image(&eye).unwrap(), read(meta, json!({ "which": "raters", "content": "labels" })).unwrap());
    preview(&json!({ "folder": out.path(), "size_px": 30 }), &[("volume", &eye), ("truth", &raters)]);
    let (_, _, rgb) = pixels(&out.path().join("eye.png"));
    let pale = |rgb: [u8; 3]| rgb.map(|value| 128 + value / 2);
    assert_eq!((rgb[0], rgb[29], rgb[19 * 30 + 29]), (pale([238, 102, 119]), [10, 20, 30], pale([102, 204, 238])));
}

#[test]
fn a_slice_with_a_place_shows_that_slice_alone() {
    let out = Folder::new();
    let mut volume =
        Volume::new(Tensor::arange(12, (Kind::Float, Device::Cpu)).view([3, 1, 4]), Affine::upright([1.0; 3], [0.0; 3]));
    volume.meta = JsonMap::from_iter([("name".to_owned(), json!("coronal"))]);
    let report = preview(&json!({ "folder": out.path(), "size_px": 40 }), &[("volume", &volume.into_value())]);
    assert_eq!((&report["width"], &report["height"]), (&json!(40), &json!(30)));
}

#[test]
fn a_map_of_another_grid_is_refused() {
    let (folder, out) = (Folder::new(), Folder::new());
    let eye = image(&folder.file("eye.png", grey([0; 6]))).unwrap();
    let map = Volume::new(Tensor::zeros([1, 2, 3], (Kind::Float, Device::Cpu)), Affine::upright([1.0; 3], [5.0, 0.0, 0.0]))
        .into_value();
    let host = Host::new(table!(op Preview), &json!({ "folder": out.path() })).unwrap();
    let fault = host.run(&ports([("volume", eye.clone()), ("map", map)])).unwrap_err();
    assert!(fault.starts_with("`map` is not on the grid of `volume` ([3, 2, 1] and [3, 2, 1] voxels, "), "{fault}");
    assert_eq!(tensor_of(&field(&eye, "data")).unwrap().size(), [1, 2, 3]);
    let fault = Host::new(table!(op Preview), &json!({ "folder": out.path(), "map_range": [1, 0] })).err().unwrap();
    assert_eq!(fault, "map_range must run from low to high, got [1, 0]");
}
