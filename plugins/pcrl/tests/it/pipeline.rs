//! Student, teacher and bank in a pipeline: how the teacher begins, what is refused, what a checkpoint of the authors gives.

use crate::official::{Item, save};
use serde_json::{Value as Json, json};
use std::path::Path;
use tch::{Device, Kind, Tensor};
use voxloom_core::run::{Outcome, Report, RunOptions};
use voxloom_testkit::harness;

pub fn go(file: &Json) -> Report {
    try_go(file).unwrap_or_else(|error| panic!("{error}"))
}

/// The report, or why there is none: a module could not be made.
pub fn try_go(file: &Json) -> Result<Report, String> {
    let options = RunOptions { seed: 5, lanes: 2, ..RunOptions::default() };
    harness::go(&["voxloom_pcrl", "voxloom_synthetic", "voxloom_train"], file, &options)
}

pub fn tensor(shape: &[i64]) -> Json {
    json!({ "op": "synthetic.tensor", "params": { "shape": shape, "dtype": "float32" } })
}

/// A bank of 16 rows, called once with two queries.
fn bank(mut params: Json, weights: Option<&Path>) -> Json {
    params["size"] = json!(16);
    let mut module = json!({ "op": "pcrl.bank", "params": params });
    if let Some(path) = weights {
        module["weights"] = json!(path);
    }
    json!({ "voxloom": 1, "about": "One contrast.", "modules": { "bank": module },
        "graph": { "query": tensor(&[2, 128]), "found": { "call": "bank.contrast", "in": { "query": "query", "key": "query" } } } })
}

#[test]
fn the_queue_of_a_checkpoint_goes_on_with_its_z_and_begins_at_its_first_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pcrl.pt");
    let contrast = [
        ("params".to_owned(), Item::Tensor(Tensor::from_slice(&[1341i64]))),
        ("memory".to_owned(), Item::Tensor(Tensor::ones([16, 128], (Kind::Float, Device::Cpu)))),
    ];
    let network = vec![("a".to_owned(), Item::Tensor(Tensor::from_slice(&[1f32])))];
    let maps = [("opt", Item::Namespace), ("state_dict", Item::Map(network)), ("contrast", Item::Map(contrast.into()))];
    save(&path, &Item::Map(maps.map(|(name, item)| (name.to_owned(), item)).into()));
    let report = go(&bank(json!({ "images": 600 }), Some(&path)));
    assert_eq!(report.outcome, Outcome::Completed, "{:?}", report.message);
    let found = &report.results[0].results["found"];
    let found = found.get("report").unwrap_or(found);
    assert_eq!((&found["z"], &found["position"]), (&json!(1341), &json!(2)), "{found}");
}

#[test]
fn a_z_of_zero_is_refused_with_the_remedy() {
    let report = go(&bank(json!({ "images": 600, "n_data": 1e-6 }), None));
    let cause = report.failures.first().map(|failure| failure.cause.clone()).or(report.message).expect("it fails");
    assert!(cause.contains("truncates to 0") && cause.contains("raise `n_data`"), "{cause}");
}

/// A teacher that sees one batch, and a save.
fn taught(teacher_width: f64, output: &Path) -> Json {
    json!({ "voxloom": 1, "about": "One call of a teacher.",
        "modules": {
            "student": { "op": "pcrl.student", "params": { "width": 0.0625 } },
            "teacher": { "op": "pcrl.teacher", "params": { "width": teacher_width }, "use": { "student": "student" } } },
        "graphs": { "once": { "image": tensor(&[2, 3, 32, 32]), "taught": { "call": "teacher.encode", "in": { "image": "image" } } } },
        "schedule": [{ "run": "once" }, { "save": output }] })
}

#[test]
fn a_teacher_begins_as_a_copy_of_the_students_parameters() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = go(&taught(0.0625, folder.path()));
    assert_eq!(report.outcome, Outcome::Completed, "{:?}", report.message);
    let [student, teacher] = ["student", "teacher"].map(|name| {
        voxloom_weights::read(&folder.path().join("last").join(format!("{name}.safetensors"))).expect("a saved network")
    });
    let differing: Vec<&str> = student
        .tensors
        .iter()
        .filter(|tensor| teacher.get(&tensor.name).expect("the same names").bytes != tensor.bytes)
        .map(|tensor| tensor.name.as_str())
        .collect();
    // The teacher's encoder has seen a batch; nothing else moved, and the student's buffers are as they began.
    assert!(!differing.is_empty());
    let buffer = |name: &str| name.starts_with("model.encoder.") && (name.contains("running_") || name.ends_with("tracked"));
    assert!(differing.iter().all(|name| buffer(name)), "{differing:?}");
}

#[test]
fn a_teacher_of_another_size_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = go(&taught(0.125, folder.path()));
    let cause = report.failures.first().map(|failure| failure.cause.clone()).or(report.message).expect("it fails");
    assert!(
        cause.contains("teacher and student are not one network: the teacher has model.encoder.conv1.weight [8, 3, 7, 7]"),
        "{cause}"
    );
}

/// Views of a batch on a graph of one level.
fn training(output: &Path, mixed: bool) -> Json {
    let mut graph = json!({
        "x1": tensor(&[2, 1, 8, 8, 8]), "x2": tensor(&[2, 1, 8, 8, 8]), "v": tensor(&[2, 7]),
        "next": { "call": "sampler.next" },
        "draws": { "op": "pcrl.draws", "in": { "batch": "x1" } },
        "taught": { "call": "teacher.encode", "in": { "image": "x2", "draws": "draws", "after": "next.cases" } },
        "gated": { "call": "student.gated", "in": { "image": "x1", "features": "taught.features", "draws": "draws", "v1": "v", "v2": "v" } },
        "first": { "call": "bank.contrast", "in": { "query": "gated.query", "key": "taught.key" } },
        "loss": { "op": "pcrl.loss", "in": { "draws": "draws", "nce_plain": "first.loss", "plain": "gated.plain", "hybrid": "gated.hybrid", "m1": "x1", "m2": "x2" } },
        "update": { "call": "optimizer.step", "in": { "loss": "loss.loss" } },
        "told": { "op": "pcrl.report", "in": { "update": "update", "terms": "loss.terms" } },
        "follow": { "call": "teacher.follow", "in": { "after": "update" } } });
    if !mixed {
        // Without the hybrid the graph is contrast and plain reconstruction.
        graph["loss"]["in"].as_object_mut().expect("ports").retain(|port, _| port != "hybrid" && port != "m2");
    }
    let network = json!({ "dims": 3, "width": 0.0625 });
    json!({ "voxloom": 1, "about": "Steps on one batch.",
        "modules": {
            "student": { "op": "pcrl.student", "params": network },
            "teacher": { "op": "pcrl.teacher", "params": network, "use": { "student": "student" } },
            "bank": { "op": "pcrl.bank", "params": { "size": 64, "images": 100, "batch": 2 } },
            "sampler": { "op": "train.sampler", "params": { "cases": [{ "name": "a" }] } },
            "optimizer": { "op": "train.sgd", "use": { "net": "student" },
                           "params": { "lr": 0.001, "momentum": 0.9, "schedule": { "curve": "cosine", "total": 10 } } } },
        "graphs": { "train": graph }, "schedule": [{ "run": "train", "items": 11 }, { "save": output }] })
}

#[test]
fn rates_are_those_of_the_authors() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = go(&training(folder.path(), true));
    assert_eq!(report.outcome, Outcome::Completed, "{:?}", report.message);
    let steps = report.results.iter().filter_map(|item| item.results.get("told"));
    let rate = |step: &Json| step.get("values").unwrap_or(step)["lr"].as_f64().expect("a rate");
    let rates: Vec<f64> = steps.map(rate).collect();
    // Ten steps in place of 240 epochs: every 24th of the authors' rates.
    let golden = crate::support::golden("losses");
    let expected: Vec<f32> = golden.values("lr_per_epoch").iter().copied().step_by(24).collect();
    voxloom_testkit::golden::close("lr_per_epoch", &rates, &expected, 1e-9);
}

#[test]
fn parts_of_the_method_can_be_left_out_of_the_graph() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = training(folder.path(), false);
    file["schedule"][0]["items"] = json!(2);
    let report = go(&file);
    assert_eq!((report.outcome, report.failures.len()), (Outcome::Completed, 0), "{:?}", report.failures);
}
