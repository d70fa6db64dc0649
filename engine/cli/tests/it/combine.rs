//! Parts of different papers in one pipeline: networks, encoders, losses and data that do not know of each other. The pipelines lie in `combine/`.

use crate::stage::{root, voxloom};
use serde_json::{Value as Json, json};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Runs a pipeline of `combine/` and gives its report.
fn run(file: &str, sets: &[(&str, &Path)], folder: &Path) -> Json {
    let mut command = voxloom();
    command.arg("run").arg(root().join("engine/cli/tests/it/combine").join(file)).args(["--seed", "3"]).current_dir(folder);
    for (name, value) in sets {
        command.args(["--set", &format!("{name}={}", value.display())]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    let report = sets.iter().find(|(name, _)| *name == "output").map_or(folder, |(_, output)| output).join("report.json");
    serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap()
}

/// What a node told, item by item.
fn told<'a>(report: &'a Json, graph: &str, node: &str) -> Vec<&'a Json> {
    let items = report["results"].as_array().unwrap().iter().filter(|item| item["graph"] == graph);
    items.filter_map(|item| item["results"].get(node)).collect()
}

/// The losses that an optimizer was given: all finite, and lower at the end than at the start.
fn learns(report: &Json, steps: usize) {
    let losses: Vec<f64> = told(report, "train", "update").iter().map(|one| one["loss"]["loss"].as_f64().unwrap()).collect();
    assert_eq!(losses.len(), steps, "{losses:?}");
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..3]), mean(&losses[steps - 3..]));
    assert!(losses.iter().all(|loss| loss.is_finite()) && last < first, "{losses:?}");
}

/// Four cases of the hippocampus data; they show the named tasks in turn, or their own.
fn hippocampus(tasks: &[&str], folder: &Path) -> PathBuf {
    let data = root().join("pipelines/dodnet/hippocampus");
    let mut cases: Vec<Json> = serde_json::from_slice(&std::fs::read(data.join("train.json")).unwrap()).unwrap();
    cases.truncate(4);
    for (n, case) in cases.iter_mut().enumerate() {
        for key in ["image", "label"] {
            case[key] = json!(data.join(case[key].as_str().unwrap()));
        }
        if !tasks.is_empty() {
            case["task"] = json!(tasks[n % tasks.len()]);
        }
    }
    let file = folder.join("cases.json");
    std::fs::write(&file, json!(cases).to_string()).unwrap();
    file
}

#[test]
fn dodnet_learns_with_a_loss_that_is_not_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let report = run("plain-loss.json", &[("cases", &hippocampus(&[], folder.path()))], folder.path());
    learns(&report, 10);
}

#[test]
fn an_encoder_of_pcrl_learns_to_segment_with_samples_and_loss_of_dodnet() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = folder.path().join("encoder.safetensors");
    run("encoder.json", &[("file", &encoder)], folder.path());
    let cases = hippocampus(&["both"], folder.path());
    let report = run("encoder-segments.json", &[("cases", &cases), ("encoder", &encoder)], folder.path());
    let taken = &told(&report, "begin", "told")[0]["report"];
    assert!(taken["copied"].as_u64().unwrap() > 0, "{taken}");
    assert_eq!((&taken["missing"], &taken["unexpected"]), (&json!([]), &json!([])), "every tensor of the encoder is taken");
    learns(&report, 10);
    let metrics = &told(&report, "segment", "metrics")[0]["metrics"];
    assert!(metrics["rows"][0]["dice"].is_number(), "the whole volume is measured: {metrics}");
}

#[test]
fn disagreement_of_mrnet_is_measured_between_heads_of_dodnet() {
    let folder = tempfile::tempdir().unwrap();
    let (cases, output) = (hippocampus(&["first", "second"], folder.path()), folder.path().join("out"));
    let report = run("disagreement.json", &[("cases", &cases), ("output", &output)], folder.path());
    learns(&report, 10);
    let spread = &told(&report, "compare", "spread")[0]["table"]["rows"][0];
    let (mean, most) = (spread["mean"].as_f64().unwrap(), spread["max"].as_f64().unwrap());
    // Two values between 0 and 1 have a standard deviation of at most sqrt(1/2).
    assert!(0.0 < mean && mean < most && most <= 0.5_f64.sqrt(), "{spread}");
    let written = std::fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let endings = written.filter(|name| name.ends_with("_where.nii.gz") || name.ends_with(".png")).count();
    assert_eq!(endings, 2, "the map and the picture");
}

/// A grey PNG, row by row.
fn picture(path: &Path, value: impl Fn(usize, usize) -> u8) {
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), SIDE as u32, SIDE as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels: Vec<u8> = (0..SIDE * SIDE).map(|at| value(at / SIDE, at % SIDE)).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}

const SIDE: usize = 64;

/// Bright discs on a speckled ground, each marked by two raters, the second a little smaller.
fn discs(folder: &Path) -> PathBuf {
    let mut cases = Vec::new();
    for n in 0..4 {
        let inside = move |row: usize, column: usize, radius: usize| {
            let (y, x) = (row.abs_diff(24 + 4 * n), column.abs_diff(36 - 2 * n));
            u8::from(y * y + x * x <= radius * radius)
        };
        let speckle = move |row: usize, column: usize| 40 + ((7 * column + 13 * row + n) % 23) as u8;
        let disc = move |row, column| if inside(row, column, 14) == 1 { 180 } else { speckle(row, column) };
        picture(&folder.join(format!("{n}.png")), disc);
        picture(&folder.join(format!("{n}_r0.png")), |row, column| inside(row, column, 14));
        picture(&folder.join(format!("{n}_r1.png")), |row, column| inside(row, column, 12));
        cases.push(json!({ "name": format!("eye{n}"), "image": format!("{n}.png"),
            "files": { "raters": [format!("{n}_r0.png"), format!("{n}_r1.png")] } }));
    }
    let list = folder.join("cases.json");
    std::fs::write(&list, json!(cases).to_string()).unwrap();
    list
}

#[test]
fn pictures_go_in_and_pictures_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out");
    let report = run("pictures.json", &[("cases", &discs(folder.path())), ("output", &output)], folder.path());
    learns(&report, 30);
    let table: Json = serde_json::from_slice(&std::fs::read(output.join("metrics.json")).unwrap()).unwrap();
    for row in table["rows"].as_array().unwrap() {
        assert!(row["dice"].as_f64().unwrap() > 0.7, "bright discs are found: {row}");
        assert!(row["hd95_mm"].is_null() && row["hd95_official_voxels"].is_number(), "pixels have no millimetres: {row}");
    }
    for n in 0..4 {
        for ending in [".png", ".json", "_map.png", "_map.json", "_preview.png"] {
            assert!(output.join(format!("eye{n}{ending}")).exists(), "eye{n}{ending} is missing");
        }
    }
    let map: Json = serde_json::from_slice(&std::fs::read(output.join("eye0_map.json")).unwrap()).unwrap();
    assert_eq!((&map["placed_by"], &map["dtype"], &map["scale"]["high"]), (&json!("none"), &json!("uint16"), &json!(1.0)));
}
