//! PNG pictures as volumes: every kind is read as it is stored or refused by name.

use crate::host::{Host, Ports, field, json, ports};
use crate::table;
use png::{BitDepth, ColorType};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};
use voxloom_imaging::cases::Cases;
use voxloom_imaging::read::Read;
use voxloom_imaging::reorient::Reorient;
use voxloom_sdk::{IntoValue, JsonMap};
use voxloom_sdk::{Json, Record, Value, tensor_of};

/// The bytes of a PNG of 2 rows of 3 pixels.
pub fn png(colour: ColorType, depth: BitDepth, raw: &[u8], more: impl FnOnce(&mut png::Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    more(&mut encoder);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(raw).unwrap();
    writer.finish().unwrap();
    bytes
}

/// 8-bit grey, 2 rows of 3.
pub fn grey(raw: [u8; 6]) -> Vec<u8> {
    png(ColorType::Grayscale, BitDepth::Eight, &raw, |_| {})
}

/// A folder that goes with the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, name: &str, bytes: Vec<u8>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

pub fn read(meta: Json, params: Json) -> Result<Value, String> {
    let case = Record::new("case").with("meta", meta).into_value();
    Ok(Host::new(table!(op Read), &params)?.run(&ports([("case", case)]))?.remove("volume").unwrap())
}

pub fn image(path: &Path) -> Result<Value, String> {
    read(json!({ "name": "eye", "image": path }), json!({}))
}

pub fn labels(path: &Path) -> Result<Value, String> {
    read(json!({ "name": "eye", "image": path }), json!({ "content": "labels" }))
}

pub fn voxels(volume: &Value) -> (Vec<i64>, Kind, Vec<i64>) {
    let data: Tensor = tensor_of(&field(volume, "data")).unwrap().shallow_clone();
    let flat = Vec::try_from(data.to_kind(Kind::Int64).contiguous().view(-1)).unwrap();
    (data.size(), data.kind(), flat)
}

#[test]
fn grey_is_a_volume_of_one_slice_without_a_place() {
    let folder = Folder::new();
    let volume = image(&folder.file("a.png", grey([0, 1, 2, 3, 4, 255]))).unwrap();
    assert_eq!(voxels(&volume), (vec![1, 2, 3], Kind::Uint8, vec![0, 1, 2, 3, 4, 255]));
    let meta = json(&field(&volume, "meta"));
    let found = ["name", "dtype", "placed_by", "format", "colour"].map(|key| meta[key].as_str().unwrap().to_owned());
    assert_eq!(found, ["eye", "uint8", "none", "png", "grey"]);
    assert!(meta.get("orientation").is_none() && Record::read(&volume).unwrap().field("header").is_none());
    let sixteen = [0, 1, 1, 0, 255, 255, 0, 0, 0, 9, 128, 0];
    let volume = image(&folder.file("b.png", png(ColorType::Grayscale, BitDepth::Sixteen, &sixteen, |_| {}))).unwrap();
    assert_eq!(voxels(&volume), (vec![1, 2, 3], Kind::Int, vec![1, 256, 65_535, 0, 9, 32_768]));
    let one_bit = png(ColorType::Grayscale, BitDepth::One, &[0b1010_0000, 0b0110_0000], |_| {});
    let volume = image(&folder.file("c.PNG", one_bit)).unwrap();
    assert_eq!(voxels(&volume), (vec![1, 2, 3], Kind::Uint8, vec![1, 0, 1, 0, 1, 1]));
}

#[test]
fn colours_are_channels() {
    let folder = Folder::new();
    let raw: Vec<u8> = (0..18).collect();
    let planes: Vec<i64> = (0..3).flat_map(|channel| (0..6).map(move |pixel| 3 * pixel + channel)).collect();
    let volume = image(&folder.file("rgb.png", png(ColorType::Rgb, BitDepth::Eight, &raw, |_| {}))).unwrap();
    assert_eq!(voxels(&volume), (vec![3, 1, 2, 3], Kind::Uint8, planes.clone()));
    let opaque: Vec<u8> = raw.chunks(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255]).collect();
    let volume = image(&folder.file("rgba.png", png(ColorType::Rgba, BitDepth::Eight, &opaque, |_| {}))).unwrap();
    assert_eq!(voxels(&volume), (vec![3, 1, 2, 3], Kind::Uint8, planes));
    let grey_alpha: Vec<u8> = (0..6).flat_map(|value| [value, 255]).collect();
    let volume = image(&folder.file("la.png", png(ColorType::GrayscaleAlpha, BitDepth::Eight, &grey_alpha, |_| {}))).unwrap();
    assert_eq!(voxels(&volume), (vec![1, 2, 3], Kind::Uint8, (0..6).collect()));
}

#[test]
fn a_palette_is_looked_up_for_images_and_not_for_labels() {
    let folder = Folder::new();
    let palette = |encoder: &mut png::Encoder<&mut Vec<u8>>| encoder.set_palette(vec![9, 8, 7, 10, 20, 30]);
    let path = folder.file("p.png", png(ColorType::Indexed, BitDepth::Four, &[0x01, 0x10, 0x11, 0x00], palette));
    assert_eq!(voxels(&labels(&path).unwrap()), (vec![1, 2, 3], Kind::Uint8, vec![0, 1, 1, 1, 1, 0]));
    let (shape, _, flat) = voxels(&image(&path).unwrap());
    assert_eq!((shape, &flat[..3], &flat[12..15]), (vec![3, 1, 2, 3], &[9, 10, 10][..], &[7, 30, 30][..]));
    let outside = folder.file("q.png", png(ColorType::Indexed, BitDepth::Eight, &[0, 1, 2, 0, 0, 0], palette));
    let fault = labels(&outside).unwrap_err();
    assert!(fault.contains("q.png: damaged PNG: a pixel has colour 2 of a palette of 2"), "{fault}");
    let transparent = |encoder: &mut png::Encoder<&mut Vec<u8>>| {
        palette(encoder);
        encoder.set_trns(vec![0]);
    };
    let path = folder.file("t.png", png(ColorType::Indexed, BitDepth::Eight, &[0, 1, 0, 1, 0, 1], transparent));
    assert_eq!(voxels(&labels(&path).unwrap()).2, [0, 1, 0, 1, 0, 1]);
    assert!(image(&path).unwrap_err().contains("t.png: has transparent pixels; flatten it"));
}

#[test]
fn what_would_have_to_be_guessed_is_refused_by_name() {
    let folder = Folder::new();
    let rgb: Vec<u8> = (0..18).collect();
    let alpha: Vec<u8> = (0..6).flat_map(|value| [value, 250 + value]).collect();
    let good = grey([0; 6]);
    let mut flipped = good.clone();
    let end = flipped.len() - 20;
    flipped[end] ^= 1;
    let mut huge = good.clone();
    huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let crc = crc32fast::hash(&huge[12..29]).to_be_bytes();
    huge[29..33].copy_from_slice(&crc);
    let animated = png(ColorType::Grayscale, BitDepth::Eight, &[0; 6], |encoder| encoder.set_animated(1, 0).unwrap());
    let keyed = png(ColorType::Grayscale, BitDepth::Eight, &[0; 6], |encoder| encoder.set_trns(vec![0, 3]));
    let rows = [
        (
            "alpha",
            png(ColorType::GrayscaleAlpha, BitDepth::Eight, &alpha, |_| {}),
            "has transparent pixels (alpha 250, opaque is 255); flatten it",
        ),
        ("keyed", keyed, "names a colour that is transparent; flatten it"),
        ("four", png(ColorType::Grayscale, BitDepth::Four, &[0; 4], |_| {}), "has 4 bits a sample, and programs disagree"),
        ("animated", animated, "is animated (APNG); save the frame that you want"),
        (
            "rgb",
            png(ColorType::Rgb, BitDepth::Eight, &rgb, |_| {}),
            "holds colours (RGB), and labels are one number a pixel; save the labels as grey",
        ),
        ("cut", good[..good.len() - 30].to_vec(), "damaged PNG: "),
        ("flipped", flipped, "damaged PNG: "),
        ("huge", huge, "damaged PNG: the size 65536 x 65536 promises 4294967296 bytes of samples, and this file can hold"),
        ("empty", vec![], "is empty; give a PNG file"),
        ("jpeg", vec![0xff, 0xd8, 0xff, 0xe0], "is a JPEG picture, not PNG; give a PNG file"),
        ("text", b"hello".to_vec(), "is not PNG: it begins with [68, 65, 6c, 6c, 6f]; give"),
    ];
    for (name, bytes, message) in rows {
        let path = folder.file(&format!("{name}.png"), bytes);
        let fault = labels(&path).unwrap_err();
        assert!(fault.starts_with(&format!("{}: {message}", path.display())), "{fault}");
    }
    let absent = image(Path::new("nowhere/a.png")).unwrap_err();
    assert!(absent.contains("cannot be read or written"), "{absent}");
    let nifti_by_name = folder.file("a.nii", good);
    assert!(image(&nifti_by_name).unwrap_err().ends_with("is a PNG picture, not NIfTI; end its name in .png"));
}

#[test]
fn interlaced_pictures_read_like_others() {
    // Adam7 of 2 by 2 pixels: the first pixel, then its neighbour, then the second row; each row behind its filter, 0.
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&[0, 10, 0, 20, 0, 30, 40]).unwrap();
    let chunks = [(b"IHDR", vec![0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 1]), (b"IDAT", packed.finish().unwrap()), (b"IEND", vec![])];
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in chunks {
        bytes.extend((content.len() as u32).to_be_bytes());
        bytes.extend([name.as_slice(), &content].concat());
        bytes.extend(crc32fast::hash(&[name.as_slice(), &content].concat()).to_be_bytes());
    }
    let folder = Folder::new();
    let volume = image(&folder.file("i.png", bytes)).unwrap();
    assert_eq!(voxels(&volume), (vec![1, 2, 2], Kind::Uint8, vec![10, 20, 30, 40]));
}

#[test]
fn equal_channels_are_one_label_map() {
    let folder = Folder::new();
    let raw: Vec<u8> = [0, 1, 2, 2, 1, 0].iter().flat_map(|&label| [label; 3]).collect();
    let path = folder.file("l.png", png(ColorType::Rgb, BitDepth::Eight, &raw, |_| {}));
    assert_eq!(voxels(&labels(&path).unwrap()), (vec![1, 2, 3], Kind::Uint8, vec![0, 1, 2, 2, 1, 0]));
}

#[test]
fn files_of_a_list_become_channels() {
    let folder = Folder::new();
    folder.file("eye.png", grey([9; 6]));
    folder.file("r0.png", grey([0, 1, 0, 1, 0, 1]));
    folder.file("r1.png", grey([1, 1, 0, 0, 0, 1]));
    let list = folder.file(
        "list.json",
        br#"[{"image": "eye.png", "files": {"raters": ["r0.png", "./r1.png"], "second": "r1.png"}}]"#.to_vec(),
    );
    let cases = Host::new(table!(scatter Cases), &json!({ "path": list })).unwrap().scatter(&Ports::new()).unwrap();
    let meta = json(&field(&cases[0]["case"], "meta"));
    assert_eq!((cases.len(), &meta["name"]), (1, &json!("eye")));
    let both = read(meta.clone(), json!({ "which": "raters", "content": "labels" })).unwrap();
    assert_eq!(voxels(&both), (vec![2, 1, 2, 3], Kind::Uint8, vec![0, 1, 0, 1, 0, 1, 1, 1, 0, 0, 0, 1]));
    assert_eq!(json(&field(&both, "meta"))["sources"].as_array().unwrap().len(), 2);
    let one = read(meta.clone(), json!({ "which": "second" })).unwrap();
    assert_eq!(voxels(&one), (vec![1, 2, 3], Kind::Uint8, vec![1, 1, 0, 0, 0, 1]));
    assert_eq!(read(meta, json!({ "which": "t2" })).unwrap_err(), "case eye has no `t2` under `files`: they are raters, second");
}

#[test]
fn a_list_of_unlike_files_names_the_one_that_does_not_fit() {
    let folder = Folder::new();
    let (a, b) = (
        folder.file("a.png", grey([0; 6])),
        folder.file("b.png", png(ColorType::Grayscale, BitDepth::Sixteen, &[0; 12], |_| {})),
    );
    let rgb = folder.file("c.png", png(ColorType::Rgb, BitDepth::Eight, &[0; 18], |_| {}));
    let nifti = crate::data("nifti_odd/nifti-rs/27/uint8.nii");
    let files = |which: &[&PathBuf]| {
        read(json!({ "name": "eye", "image": a, "files": { "all": which } }), json!({ "which": "all" })).unwrap_err()
    };
    let end = "; files of a list become channels of one volume, so they must have one grid and one element type";
    let (a_name, b_name, c_name) = (a.display(), b.display(), rgb.display());
    assert_eq!(files(&[&a, &b]), format!("{b_name}: holds int32, {a_name} holds uint8{end}"));
    assert_eq!(files(&[&a, &rgb]), format!("{c_name}: has 3 channels itself{end}"));
    assert_eq!(
        files(&[&a, &nifti]),
        format!("{}: has [3, 3, 3] voxels along i, j, k, {a_name} has [3, 2, 1]{end}", nifti.display())
    );
    assert!(files(&[]).starts_with("case eye has [] as `all` under `files`"));
}

#[test]
fn labels_of_pictures_lie_on_their_picture() {
    let folder = Folder::new();
    let (eye, label) = (folder.file("eye.png", grey([9; 6])), folder.file("label.png", grey([0, 1, 0, 1, 0, 1])));
    let wide = folder.file("wide.png", {
        let mut bytes = Vec::new();
        png::Encoder::new(&mut bytes, 1, 1).write_header().unwrap().write_image_data(&[1]).unwrap();
        bytes
    });
    let nifti = crate::data("nifti_odd/nifti-rs/27/uint8.nii");
    let label_of =
        |image: &Path, label: &Path| read(json!({ "name": "eye", "image": image, "label": label }), json!({ "which": "label" }));
    assert_eq!(voxels(&label_of(&eye, &label).unwrap()).2, [0, 1, 0, 1, 0, 1]);
    let fault = label_of(&eye, &wide).unwrap_err();
    assert!(fault.contains("has [1, 1, 1] voxels along i, j, k, [3, 2, 1] has its image"), "{fault}");
    let fault = label_of(&nifti, &label).unwrap_err();
    assert!(fault.contains("has [3, 2, 1] voxels along i, j, k, [3, 3, 3] has its image"), "{fault}");
}

#[test]
fn what_needs_a_place_refuses_a_picture() {
    let folder = Folder::new();
    let volume = image(&folder.file("a.png", grey([0; 6]))).unwrap();
    let fault = Host::new(table!(op Reorient), &json!({})).unwrap().run(&ports([("volume", volume)])).unwrap_err();
    assert!(fault.starts_with("eye is a picture without a place in space and a size of pixels: "), "{fault}");
}

#[test]
fn folders_of_pictures_are_cases_and_previews_are_not() {
    let folder = Folder::new();
    for name in ["b.png", "a.png", "a_mask.png", ".c.png"] {
        folder.file(name, vec![]);
    }
    let cases = |params: Json| -> Vec<JsonMap> {
        let items = Host::new(table!(scatter Cases), &params).unwrap().scatter(&Ports::new()).unwrap();
        items.iter().map(|item| json(&field(&item["case"], "meta")).as_object().unwrap().clone()).collect()
    };
    let found = cases(json!({ "path": folder.0.path(), "label_suffix": "_mask", "unlabelled": "keep" }));
    assert_eq!(found.iter().map(|case| case["name"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(found[0]["label"], json!(folder.0.path().join("a_mask.png")));
    folder.file("scan.nii.gz", vec![]);
    let found = cases(json!({ "path": folder.0.path() }));
    assert_eq!(found.iter().map(|case| case["name"].as_str().unwrap()).collect::<Vec<_>>(), ["scan"]);
}
