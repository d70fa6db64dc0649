//! The shipped training pipeline over synthetic pictures: the authors' order of steps, what a resume gives, what is refused.

use serde_json::{Value as Json, json};
use std::path::Path;
use voxloom_core::run::{Outcome, Report, RunOptions};
use voxloom_testkit::harness;

const SHIPPED: &str = include_str!("../../../../pipelines/mrnet/train-lidc.json");

pub fn go(file: &Json, lanes: usize, resume: Option<&Path>) -> Report {
    let options = RunOptions { seed: 5, lanes, resume: resume.map(Path::to_owned), ..RunOptions::default() };
    let report = harness::go(&["voxloom_mrnet", "voxloom_synthetic", "voxloom_train"], file, &options);
    report.unwrap_or_else(|error| panic!("{error}"))
}

/// The shipped file with synthetic pictures instead of files, without validation and log.
pub fn training(output: &Path, items: u64, rounds: u64) -> Json {
    let mut file: Json = serde_json::from_str(SHIPPED).expect("the shipped file is JSON");
    let volume = |shape: Json, labels: u64| json!({ "op": "synthetic.volume", "params": { "shape": shape, "dtype": "uint8", "n_labels": labels } });
    let params = file["params"].as_object_mut().expect("parameters");
    params.retain(|name, _| !["cases", "validate", "output", "batch", "round", "rounds", "structures"].contains(&name.as_str()));
    params["size"]["default"] = json!([32, 32]);
    file["modules"].as_object_mut().expect("modules").remove("log");
    file["modules"]["sampler"]["params"] = json!({ "cases": [{ "name": "a" }, { "name": "b" }, { "name": "c" }], "batch": 2 });
    let train = file["graphs"]["train"].as_object_mut().expect("a graph");
    train.retain(|node, _| !["values", "logged"].contains(&node.as_str()));
    train["image"] = volume(json!([1, 40, 36]), 256);
    train["masks"] = volume(json!([4, 1, 40, 36]), 2);
    file["graphs"].as_object_mut().expect("graphs").remove("validate");
    file["schedule"] = json!([{ "run": "train", "items": items }, { "save": output }]);
    file["rounds"] = json!(rounds);
    file
}

const MODULES: [&str; 7] =
    ["coarse", "reconstruction", "perception", "coarse_adam", "reconstruction_adam", "perception_adam", "sampler"];

fn bytes(folder: &Path, module: &str) -> Vec<u8> {
    std::fs::read(folder.join("last").join(format!("{module}.safetensors"))).expect("a saved module")
}

pub fn whole(report: &Report) {
    assert_eq!((report.outcome, report.failures.len()), (Outcome::Completed, 0), "{:?} {:?}", report.message, report.failures);
}

#[test]
fn an_interrupted_run_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    whole(&go(&training(&one, 2, 2), 1, None));
    whole(&go(&training(&two, 2, 1), 4, None));
    for module in MODULES {
        assert_ne!(bytes(&one, module), bytes(&two, module), "{module} does not change in the second half");
    }
    whole(&go(&training(&two, 2, 2), 2, Some(&two.join("last"))));
    for module in MODULES {
        assert_eq!(bytes(&one, module), bytes(&two, module), "{module} differs after a resume");
    }
}

#[test]
fn statistics_move_as_often_as_in_the_authors_iteration() {
    let folder = tempfile::tempdir().expect("a folder");
    whole(&go(&training(folder.path(), 3, 1), 3, None));
    let tracked = |module: &str, name: &str| {
        let file = voxloom_weights::read(&folder.path().join("last").join(format!("{module}.safetensors"))).expect("a network");
        let tensor = file.get(&format!("{name}.num_batches_tracked")).expect("a counter");
        i64::from_le_bytes(tensor.bytes[..8].try_into().expect("eight bytes"))
    };
    assert_eq!(tracked("coarse", "rn.4.0.bn1"), 9);
    assert_eq!(tracked("coarse", "up1.bn"), 9);
    assert_eq!([tracked("reconstruction", "bn1_1"), tracked("reconstruction", "bn5_3")], [15, 15]);
    assert_eq!(tracked("reconstruction", "aspp3.bn"), 9);
    assert_eq!(tracked("perception", "conv_block.7"), 9);
}

#[test]
fn a_kernel_can_be_frozen_and_a_batch_of_one_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = training(folder.path(), 2, 1);
    file["modules"]["perception"]["params"]["freeze_kernel"] = json!(true);
    whole(&go(&file, 2, None));
    let saved = voxloom_weights::read(&folder.path().join("last/perception.safetensors")).expect("a network");
    let kernel: Vec<u8> = voxloom_mrnet::network::gaussian().iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(saved.get("Soft.gaussian_kernel").expect("the kernel").bytes[..], kernel[..]);
    file["modules"]["sampler"]["params"]["batch"] = json!(1);
    let report = go(&file, 2, None);
    let cause = report.failures.first().map(|failure| failure.cause.clone()).or(report.message).expect("it fails");
    assert!(cause.contains("2 samples at least"), "{cause}");
}

#[test]
fn weights_that_are_negative_are_refused_before_anything_runs() {
    let file = json!({ "voxloom": 1, "about": "Chosen weights.", "graph": {
        "image": { "op": "synthetic.tensor", "params": { "shape": [2, 3, 32, 32] } },
        "expertness": { "op": "mrnet.expertness", "in": { "image": "image" }, "params": { "raters": 3, "weights": [1, -1, 1] } } } });
    let text = match harness::go(&["voxloom_mrnet", "voxloom_synthetic"], &file, &RunOptions::default()) {
        Ok(report) => format!("{:?} {:?}", report.message, report.failures),
        Err(refused) => refused,
    };
    assert!(text.contains("none may be negative"), "{text}");
}
