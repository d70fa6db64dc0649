//! Classifier and segmenter in pipelines: where their encoder comes from, that they take steps, what is measured.

use crate::pipeline::{go, try_go};
use crate::support::fill;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use tch::Tensor;
use voxloom_core::run::{Outcome, Report};
use voxloom_parts::Builder;
use voxloom_pcrl::network::{Config, Network};

const WIDTH: f64 = 0.0625;

/// A pretrained encoder as `save_encoder` writes it, but for tensors whose names end in `without`.
fn encoder(folder: &Path, dims: usize, without: &str) -> PathBuf {
    let build = Builder::given(|key, shape| fill("", key, shape));
    let network = Network::new(Config { dims, width: WIDTH, ..Config::default() }, &build).expect("2 or 3 axes");
    let prefix = network.encoder_prefix();
    let named: Vec<(String, Tensor)> = network
        .entries()
        .iter()
        .filter(|named| named.name.starts_with(prefix) && !named.name.ends_with(without))
        .map(|named| (named.name.replace("model.encoder.", ""), named.tensor.detach()))
        .collect();
    let path = folder.join("encoder.safetensors");
    Tensor::write_safetensors(&named, &path).expect("the folder can be written");
    path
}

fn tensor(shape: &[i64], dtype: &str) -> Json {
    json!({ "op": "synthetic.tensor", "params": { "shape": shape, "dtype": dtype } })
}

/// Three rounds of a step, and what the network says of its encoder. `nodes` lead to `loss`.
fn trained(net: Json, nodes: Json) -> Json {
    let mut train = json!({ "step": { "call": "adam.step", "in": { "loss": "loss.loss" } } });
    for (name, node) in nodes.as_object().expect("nodes") {
        train[name] = node.clone();
    }
    json!({ "voxloom": 1, "about": "A few steps.",
        "modules": { "net": net, "adam": { "op": "train.adam", "use": { "net": "net" } } },
        "graphs": { "train": train, "look": { "encoder": { "call": "net.encoder" } } },
        "schedule": [{ "run": "train" }, { "run": "look" }], "rounds": 3 })
}

fn classifier(params: Json) -> Json {
    trained(
        json!({ "op": "pcrl.classifier", "params": params }),
        json!({
            "image": tensor(&[2, 3, 32, 32], "float32"),
            "labels": tensor(&[2, 2], "uint8"),
            "logits": { "call": "net.train", "in": { "image": "image" } },
            "loss": { "op": "train.loss", "in": { "prediction": "logits", "target": "labels" }, "params": { "kind": "bce_with_logits" } } }),
    )
}

fn segmenter(params: Json, image: &[i64], mask: &[i64], loss: Json) -> Json {
    trained(
        json!({ "op": "pcrl.segmenter", "params": params }),
        json!({
            "image": tensor(image, "float32"),
            "mask": tensor(mask, "uint8"),
            "found": { "call": "net.train", "in": { "image": "image" } },
            "loss": { "op": "pcrl.segment_loss", "in": { "probability": "found.probability", "target": "mask" }, "params": loss },
            "dice": { "op": "pcrl.dice", "in": { "probability": "found.probability", "target": "mask" } } }),
    )
}

fn completed(file: &Json) -> Report {
    let report = go(file);
    assert_eq!((report.outcome, report.failures.len()), (Outcome::Completed, 0), "{:?} {:?}", report.message, report.failures);
    report
}

/// What a node has left, item by item; the value of its only port stands for itself.
fn left(report: &Report, node: &str) -> Vec<Json> {
    let of = |value: &Json| {
        value.as_object().filter(|map| map.len() == 1).and_then(|map| map.values().next()).unwrap_or(value).clone()
    };
    report.results.iter().filter_map(|item| item.results.get(node)).map(of).collect()
}

#[test]
fn a_classifier_takes_steps_with_and_without_a_pretrained_encoder() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = encoder(folder.path(), 2, "never");
    let params = |encoder: Json| json!({ "classes": 2, "width": WIDTH, "encoder": encoder });
    // The empty text is what pipelines have for "none".
    for (given, copied) in [(json!(path), 120), (json!(""), 0), (Json::Null, 0)] {
        let report = completed(&classifier(params(given)));
        assert_eq!(left(&report, "encoder")[0]["copied"], copied);
        assert_eq!(left(&report, "step").len(), 3);
    }
}

#[test]
fn findings_come_from_cases_and_are_told_apart() {
    let cases = json!([{ "name": "a", "labels": [0, 1] }, { "name": "b", "labels": [1, 1] }]);
    let file = json!({ "voxloom": 1, "about": "Scores that are the labels themselves.",
        "modules": { "sampler": { "op": "train.sampler", "params": { "batch": 2, "cases": cases } } },
        "graph": {
            "next": { "call": "sampler.next", "params": { "epochs": 1 } },
            "each": { "op": "train.each", "in": { "list": "next.cases" } },
            "label": { "op": "pcrl.findings", "in": { "case": "each.case" }, "params": { "classes": 2 } },
            "row": { "op": "pcrl.scores", "in": { "probability": "label", "label": "label" }, "params": { "names": ["Mass"] } },
            "auc": { "op": "pcrl.auc", "in": { "score": "label", "label": "label" }, "params": { "names": ["Mass", "Nodule"] } } } });
    let report = completed(&file);
    let auc = &left(&report, "auc")[0];
    // The first is told apart wholly, the second is always there.
    assert_eq!((&auc["macro"], &auc["findings"]["Nodule"]["auc"], &auc["cases"]), (&json!(1.0), &Json::Null, &json!(2)));
    assert_eq!(left(&report, "row")[0]["Mass"]["label"], left(&report, "row")[0]["Mass"]["probability"]);
}

#[test]
fn what_an_encoder_lacks_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = encoder(folder.path(), 2, "layer4.1.bn2.weight");
    let params = json!({ "width": WIDTH, "encoder": path });
    let told = |file: &Json| left(&completed(file), "encoder")[0].clone();
    let masks = segmenter(params, &[2, 3, 32, 32], &[2, 1, 32, 32], json!({}));
    assert_eq!(told(&masks)["missing"], json!(["layer4.1.bn2.weight"]));
}

#[test]
fn an_encoder_of_another_width_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = encoder(folder.path(), 2, "never");
    let file = segmenter(json!({ "width": 0.125, "encoder": path }), &[2, 3, 32, 32], &[2, 1, 32, 32], json!({}));
    let message = try_go(&file).expect_err("the network cannot be made");
    assert!(message.contains("`conv1.weight` is [4, 3, 7, 7], expected [8, 3, 7, 7]"), "{message}");
    assert!(message.contains("give the network the `width` that it was pretrained with"), "{message}");
}

#[test]
fn segmenters_of_both_kinds_learn_with_every_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let plane = |loss| segmenter(json!({ "width": WIDTH, "outputs": 3 }), &[2, 3, 32, 32], &[2, 3, 32, 32], loss);
    for loss in [json!({}), json!({ "kind": "regions", "compat": true }), json!({ "kind": "tversky" })] {
        let report = completed(&plane(loss));
        let dice = &left(&report, "dice")[0];
        assert!(dice["dice"].as_f64().is_some_and(|dice| (0.0..=1.0).contains(&dice)), "{dice}");
    }
    let path = encoder(folder.path(), 3, "never");
    // Four channels from one, GroupNorm from BatchNorm.
    let params =
        json!({ "dims": 3, "width": WIDTH, "channels": 4, "outputs": 3, "norm": "gn", "inflate": "mean", "encoder": path });
    let report = completed(&segmenter(params, &[2, 4, 16, 16, 8], &[2, 3, 16, 16, 8], json!({ "kind": "regions" })));
    let told = &left(&report, "encoder")[0];
    assert_eq!((&told["copied"], &told["inflated"]), (&json!(32), &json!("down_tr64.ops.0.conv1.weight")));
    assert_eq!(told["unexpected"].as_array().map(Vec::len), Some(24), "statistics, which GroupNorm has not");
}

#[test]
fn lists_are_split_by_patient_and_a_published_test_is_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, patients: std::ops::Range<usize>| {
        let lines = patients.flat_map(|patient| (0..2).map(move |visit| format!("{patient:04}_{visit}.png {} 1\n", patient % 2)));
        let path = folder.path().join(name);
        std::fs::write(&path, lines.collect::<String>()).expect("the folder can be written");
        path
    };
    let (table, published) = (write("table.txt", 0..40), write("published.txt", 38..42));
    let lists = |more: Json| {
        let mut params = json!({ "table": table, "images": "pictures", "findings": 2, "folder": folder.path().join("lists") });
        params.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let graph = json!({ "lists": { "op": "pcrl.lists", "params": params } });
        left(&completed(&json!({ "voxloom": 1, "about": "Lists.", "graph": graph })), "lists")[0].clone()
    };
    let own = lists(json!({}));
    let files = json!({ "train.json": 56, "validate.json": 8, "test.json": 16, "train-10.json": 6, "train-30.json": 17 });
    assert_eq!((&own["files"], &own["shared"]), (&files, &json!(0)));
    let text = std::fs::read_to_string(folder.path().join("lists/train-10.json")).expect("a list");
    let cases: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!((cases.as_array().map(Vec::len), &cases[0]["labels"][1]), (Some(6), &json!(1)));
    assert!(Path::new(cases[0]["image"].as_str().expect("a path")).is_absolute());
    let given = lists(json!({ "test": published, "split": [0.9, 0.1, 0.0] }));
    assert_eq!((&given["files"]["test.json"], &given["shared"]), (&json!(8), &json!(2)));
}
