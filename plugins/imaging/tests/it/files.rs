//! The operators between files and volumes, called as the engine calls them.

use crate::host::{Host, Ports, field, json, ports};
use crate::{data, table};
use serde_json::json;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use voxloom_imaging::cases::Cases;
use voxloom_imaging::nifti;
use voxloom_imaging::preview::Preview;
use voxloom_imaging::read::Read;
use voxloom_imaging::reorient::Reorient;
use voxloom_imaging::table::Table;
use voxloom_imaging::write::Write;
use voxloom_sdk::{Affine, IntoValue, Json, JsonMap, Record, Value, Volume, tensor_of};

fn cases(params: &Json) -> Result<Vec<Json>, String> {
    let items = Host::new(table!(scatter Cases), params)?.scatter(&Ports::new())?;
    Ok(items.iter().map(|item| json(&field(&item["case"], "meta"))).collect())
}

fn case(meta: Json) -> Value {
    Record::new("case").with("meta", meta).into_value()
}

fn read(image: &Path, label: Option<&Path>, which: &str) -> Result<Value, String> {
    let mut meta = json!({ "name": "a", "image": image });
    if let Some(label) = label {
        meta["label"] = json!(label);
    }
    let host = Host::new(table!(op Read), &json!({ "which": which }))?;
    Ok(host.run(&ports([("case", case(meta))]))?.remove("volume").unwrap())
}

fn touch(folder: &Path, files: &[&str]) {
    for file in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"").unwrap();
    }
}

fn names(cases: &[Json]) -> Vec<&str> {
    cases.iter().map(|case| case["name"].as_str().unwrap()).collect()
}

#[test]
fn a_folder_gives_its_cases_by_name_with_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    touch(
        root,
        &[
            "i/b_0000.nii.gz",
            "i/a_0000.nii",
            "i/c_0001.nii",
            "i/README.md",
            "i/.hidden.nii",
            "i/deep/d_0000.nii",
            "l/a.nii.gz",
            "l/b.nii.gz",
        ],
    );
    let found = cases(&json!({ "path": root.join("i"), "labels": root.join("l"), "image_suffix": "_0000" })).unwrap();
    assert_eq!(names(&found), ["a", "b"]);
    assert_eq!(found[0]["label"], json!(root.join("l/a.nii.gz")));
    let found = cases(&json!({ "path": root.join("i"), "image_suffix": "_0000", "recursive": true, "limit": 3 })).unwrap();
    assert_eq!(names(&found), ["a", "b", "d"]);
    let fault = cases(&json!({ "path": root.join("i"), "labels": root.join("l"), "image_suffix": "_0000", "recursive": true }))
        .unwrap_err();
    let labels = root.join("l").display().to_string();
    assert_eq!(fault, format!("images without a label: d (no label d in {labels}); set `unlabelled` to skip or keep to go on"));
    let skip = json!({ "path": root.join("i"), "labels": root.join("l"), "image_suffix": "_0000", "recursive": true, "unlabelled": "skip" });
    assert_eq!(names(&cases(&skip).unwrap()), ["a", "b"]);
}

#[test]
fn labels_beside_images_are_no_cases() {
    let folder = tempfile::tempdir().unwrap();
    touch(folder.path(), &["x.nii.gz", "x_seg.nii.gz", "y.hdr", "y.img", "y_seg.nii"]);
    let found = cases(&json!({ "path": folder.path(), "label_suffix": "_seg" })).unwrap();
    assert_eq!(names(&found), ["x", "y"]);
    assert_eq!(found[1]["label"], json!(folder.path().join("y_seg.nii")));
}

#[test]
fn nothing_found_says_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().display().to_string();
    assert_eq!(
        cases(&json!({ "path": folder.path() })).unwrap_err(),
        format!("no case found in {shown}: it holds no NIfTI, PNG or DICOM file")
    );
    touch(folder.path(), &["notes.txt", "scan.dcm"]);
    let fault = cases(&json!({ "path": folder.path() })).unwrap_err();
    assert_eq!(
        fault,
        format!(
            "no case found in {shown}: left out: notes.txt (neither NIfTI, PNG nor DICOM), scan.dcm (neither NIfTI, PNG nor DICOM)"
        )
    );
    let fault = cases(&json!({ "path": folder.path().join("nowhere") })).unwrap_err();
    assert!(fault.ends_with("give a NIfTI, PNG or DICOM file, a folder of them, or a list"), "{fault}");
    touch(folder.path(), &["a.nii", "a.nii.gz"]);
    let fault = cases(&json!({ "path": folder.path() })).unwrap_err();
    assert!(fault.starts_with("two cases are named a: "), "{fault}");
}

#[test]
fn lists_select_by_value_and_by_split() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |name: &str, fold: i32| json!({ "name": name, "image": format!("i/{name}.nii.gz"), "label": format!("l/{name}.nii.gz"), "fold": fold });
    let list = folder.path().join("list.json");
    std::fs::write(&list, json!([entry("b", 0), entry("a", 1), entry("c", 2)]).to_string()).unwrap();
    let split = folder.path().join("split.json");
    std::fs::write(&split, json!([{ "train": ["a"], "val": ["b"] }, { "train": ["b", "c"], "val": ["a"] }]).to_string()).unwrap();
    let all = cases(&json!({ "path": list })).unwrap();
    assert_eq!(names(&all), ["a", "b", "c"]);
    assert_eq!((&all[0]["image"], &all[0]["fold"]), (&json!(folder.path().join("i/a.nii.gz")), &json!(1)));
    let rows = [
        (json!({ "only": { "fold": [0, 1] } }), vec!["a", "b"]),
        (json!({ "except": { "fold": 1 } }), vec!["b", "c"]),
        (json!({ "only": { "name": "c" } }), vec!["c"]),
        (json!({ "split": split, "part": "train", "fold": 1 }), vec!["b", "c"]),
        (json!({ "split": split, "part": "val" }), vec!["b"]),
    ];
    for (mut params, expected) in rows {
        params["path"] = json!(list);
        assert_eq!(names(&cases(&params).unwrap()), expected, "{params}");
    }
    let fault = cases(&json!({ "path": list, "split": split, "part": "test" })).unwrap_err();
    assert_eq!(fault, format!("{}: has no part test; it has train, val", split.display()));
    let fault = cases(&json!({ "path": list, "only": { "fold": 7 } })).unwrap_err();
    assert_eq!(fault, format!("no case found in {}: left out: 3 cases by only {{\"fold\":7}}", list.display()));
}

#[test]
fn broken_lists_name_the_entry() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.json");
    let rows = [
        (r#"[{"name": "a"}]"#, "entry 0 has no `image`"),
        (r#"["a.nii", 3]"#, "entry 1 must be a path or an object with `image`, got 3"),
        (r#"[{"image": "a.nii", "name": "../a"}]"#, "entry 0 has the name \"../a\", which names a path; results are named by it"),
        (r#"{"images": []}"#, "is no list of cases: expected [{\"image\": \"a.nii.gz\", \"label\": \"b.nii.gz\"}, ...]"),
        ("[", "EOF while parsing a list at line 1 column 1"),
    ];
    for (text, message) in rows {
        std::fs::write(&list, text).unwrap();
        assert_eq!(cases(&json!({ "path": list })).unwrap_err(), format!("{}: {message}", list.display()));
    }
}

#[test]
fn a_volume_comes_with_its_place_header_and_origin() {
    let path = data("nifti_odd/sct/t2_t2.nii.gz");
    let volume = read(&path, None, "image").unwrap();
    let tensor = tensor_of(&field(&volume, "data")).unwrap();
    assert_eq!((tensor.size(), tensor.kind()), (vec![52, 55, 60], Kind::Int16));
    let meta = json(&field(&volume, "meta"));
    assert_eq!((&meta["name"], &meta["dtype"], &meta["orientation"]), (&json!("a"), &json!("int16"), &json!("PSR")));
    let header = tensor_of(&field(&volume, "header")).unwrap();
    assert_eq!(header.size(), [352]);
}

#[test]
fn labels_must_lie_on_their_image() {
    let image = data("nifti_odd/sct/t2_t2.nii.gz");
    let label = data("nifti_odd/sct/t2_t2_seg-manual.nii.gz");
    let volume = read(&image, Some(&label), "label").unwrap();
    assert_eq!(tensor_of(&field(&volume, "data")).unwrap().kind(), Kind::Uint8);
    let other = data("nifti_odd/sct/t1_t1w_seg-manual.nii.gz");
    let fault = read(&image, Some(&other), "label").unwrap_err();
    let expected = "has [42, 76, 77] voxels along i, j, k, [60, 55, 52] has its image";
    assert!(fault.contains(expected) && fault.ends_with("resample the label to the image, or pair them anew"), "{fault}");
    let fault = read(&image, None, "label").unwrap_err();
    assert_eq!(fault, "case a has no label; give `imaging.cases` the labels' folder");
    let fault = read(&data("nifti_odd/nibabel/functional.nii"), None, "image").unwrap_err();
    assert!(fault.contains("functional.nii: holds a series of volumes (4D, 17x21x3x20)"), "{fault}");
}

#[test]
fn there_and_back_through_ras_carries_the_geometry_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (image, label) = (data("nifti_odd/sct/t2_t2.nii.gz"), data("nifti_odd/sct/t2_t2_seg-manual.nii.gz"));
    let labels = read(&image, Some(&label), "label").unwrap();
    let like = read(&image, None, "image").unwrap();
    let host = Host::new(table!(op Reorient), &json!({})).unwrap();
    let ras = host.run(&ports([("volume", labels)])).unwrap().remove("volume").unwrap();
    assert_eq!(tensor_of(&field(&ras, "data")).unwrap().size(), [55, 60, 52]);
    let back = host.run(&ports([("volume", ras), ("like", like)])).unwrap().remove("volume").unwrap();
    let write = Host::new(table!(op Write), &json!({ "folder": folder.path(), "names": ["cord"] })).unwrap();
    let file = write.run(&ports([("volume", back), ("case", case(json!({ "name": "t2", "image": image })))])).unwrap();
    let report = json(&file["file"]);
    assert_eq!((&report["file"], &report["dtype"]), (&json!("t2.nii.gz"), &json!("uint8")));
    let (written, original) = (nifti::read(&folder.path().join("t2.nii.gz")).unwrap(), nifti::read(&image).unwrap());
    assert_eq!(written.header.bytes[252..328], original.header.bytes[252..328], "qform and sform");
    assert_eq!(written.header.bytes[76..108], original.header.bytes[76..108], "pixdim");
    assert_eq!(written.voxels, nifti::read(&label).unwrap().voxels);
    let sidecar: Json = serde_json::from_str(&std::fs::read_to_string(folder.path().join("t2.json")).unwrap()).unwrap();
    assert_eq!(
        (&sidecar["labels"]["1"]["name"], &sidecar["labels"]["1"]["n_voxels"]),
        (&json!("cord"), &report["labels"]["1"]["n_voxels"])
    );
    assert!(sidecar.get("path").is_none());
}

fn volume(data: Tensor) -> Value {
    let mut volume = Volume::new(data, Affine::upright([1.0, 1.0, 3.0], [0.0; 3]));
    volume.meta = JsonMap::from_iter([("name".to_owned(), json!("v"))]);
    volume.into_value()
}

#[test]
fn the_runs_report_keeps_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str, sidecar: bool| {
        let params = json!({ "folder": folder.path(), "sidecar": sidecar });
        let labels = volume(Tensor::zeros([2, 2, 2], (Kind::Uint8, Device::Cpu)));
        Host::new(table!(op Write), &params)
            .unwrap()
            .run(&ports([("volume", labels), ("case", case(json!({ "name": name })))]))
            .map(drop)
    };
    let fault = named("report", true).unwrap_err();
    assert!(fault.contains("the run's report is called report.json"), "{fault}");
    named("report", false).unwrap();
    named("reports", true).unwrap();
}

#[test]
fn inputs_are_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("v.nii.gz");
    std::fs::copy(data("nifti_odd/sct/t2s_t2s_seg.nii.gz"), &input).unwrap();
    let before = std::fs::read(&input).unwrap();
    let write = Host::new(table!(op Write), &json!({ "folder": folder.path() })).unwrap();
    let labels = volume(Tensor::ones([2, 2, 2], (Kind::Uint8, tch::Device::Cpu)));
    let fault = write.run(&ports([("volume", labels), ("case", case(json!({ "name": "v", "image": input })))])).unwrap_err();
    assert_eq!(fault, format!("{} is an input and is not overwritten; give another `folder` or a `suffix`", input.display()));
    assert_eq!(std::fs::read(&input).unwrap(), before);
}

#[test]
fn probabilities_are_images_not_labels() {
    let folder = tempfile::tempdir().unwrap();
    let data = || volume(Tensor::full([2, 2, 2], 0.25, (Kind::Float, tch::Device::Cpu)));
    let write = Host::new(table!(op Write), &json!({ "folder": folder.path() })).unwrap();
    let fault = write.run(&ports([("volume", data())])).unwrap_err();
    assert!(
        fault.ends_with("labels must be whole numbers, these are floats; write them as an image, or round them first"),
        "{fault}"
    );
    let write =
        Host::new(table!(op Write), &json!({ "folder": folder.path(), "content": "image", "suffix": "_p", "compress": false }))
            .unwrap();
    let report = json(&write.run(&ports([("volume", data())])).unwrap()["file"]);
    assert_eq!((&report["file"], &report["dtype"], report.get("labels")), (&json!("v_p.nii"), &json!("float32"), None));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_preview_is_a_png_of_the_case() {
    let folder = tempfile::tempdir().unwrap();
    let image = read(&data("nifti_odd/sct/t2s_t2s.nii.gz"), None, "image").unwrap();
    let labels = read(&data("nifti_odd/sct/t2s_t2s_seg.nii.gz"), None, "image").unwrap();
    let preview = Host::new(
        table!(op Preview),
        &json!({ "folder": folder.path(), "layout": "grid", "n_slices": 6, "n_columns": 3, "size_px": 64 }),
    )
    .unwrap();
    let report = json(&preview.run(&ports([("volume", image), ("labels", labels)])).unwrap()["file"]);
    // 49x54 voxels of 0.5 mm: 58 by 64 pixels, in two rows of three.
    assert_eq!((&report["width"], &report["height"]), (&json!(3 * 62 - 4), &json!(2 * 68 - 4)));
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(folder.path().join("a.png")).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let coloured = pixels.chunks(3).filter(|rgb| *rgb == [238, 102, 119]).count();
    assert!(coloured > 100, "{coloured} pixels of outline");
}

#[test]
fn parameters_are_refused_by_name() {
    let rows: [(&'static voxloom_sdk::abi::OperatorTable, Json, &str); 4] = [
        (
            table!(op Reorient),
            json!({ "to": "RAX" }),
            "to must be three letters, one each of R/L, A/P and S/I, such as RAS; got \"RAX\"",
        ),
        (table!(op Read), json!({ "content": "mask" }), "content must be one of labels, image, got \"mask\""),
        (table!(op Write), json!({}), "folder is missing"),
        (
            table!(scatter Cases),
            json!({ "path": "x", "unlabelled": "drop" }),
            "unlabelled must be one of refuse, skip, keep, got \"drop\"",
        ),
    ];
    for (table, params, message) in rows {
        assert_eq!(Host::new(table, &params).err().as_deref(), Some(message));
    }
}

#[test]
fn a_table_gathers_results_in_case_order() {
    let folder = tempfile::tempdir().unwrap();
    let table = Host::new(table!(gather Table), &json!({ "file": folder.path().join("metrics.csv") })).unwrap();
    let item = |name: &str, dice: f64| {
        let row = json!({ "anterior": { "dice": dice }, "posterior": { "dice": 1.0 } });
        ports([("row", row.into_value()), ("case", case(json!({ "name": name, "image": "x" })))])
    };
    let result = json(&table.gather(&Ports::new(), &[item("a", 0.5), item("b", 0.75)]).unwrap()["table"]);
    assert_eq!(result["mean"]["anterior"], json!({ "n": 2, "dice": 0.625 }));
    assert_eq!(result["rows"].as_array().unwrap().len(), 4);
    let csv = std::fs::read_to_string(folder.path().join("metrics.csv")).unwrap();
    assert!(csv.starts_with("case,structure,dice\na,anterior,0.5\na,posterior,1.0\nb,anterior,0.75\n"), "{csv}");
    let fault = table.gather(&Ports::new(), &[ports([("row", json!("x").into_value())])]).unwrap_err();
    assert_eq!(fault, "a result must be an object or a list of objects, got \"x\"");
}

#[test]
fn a_preview_refuses_labels_of_another_grid() {
    let folder = tempfile::tempdir().unwrap();
    let preview = Host::new(table!(op Preview), &json!({ "folder": folder.path() })).unwrap();
    let image = volume(Tensor::ones([2, 2, 2], (Kind::Float, tch::Device::Cpu)));
    let labels = volume(Tensor::ones([2, 2, 3], (Kind::Uint8, tch::Device::Cpu)));
    let fault = preview.run(&ports([("volume", image), ("truth", labels)])).unwrap_err();
    assert_eq!(fault, "`truth` is not on the grid of `volume` ([3, 2, 2] and [2, 2, 2] voxels, 0.00 voxels apart)");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
