//! Pipelines over this plugin and its neighbours: a few steps of training, and what a volume goes through.

use serde_json::{Value as Json, json};
use voxloom_core::run::{Outcome, Report, RunOptions};
use voxloom_testkit::harness;

pub fn go(file: &Json, lanes: usize) -> Report {
    let options = RunOptions { seed: 5, lanes, ..RunOptions::default() };
    let report = harness::go(&["voxloom_seran", "voxloom_synthetic", "voxloom_train"], file, &options);
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((report.outcome, report.failures.len()), (Outcome::Completed, 0), "{:?}", report.failures);
    report
}

/// Four batches of patches of one volume.
pub fn training(forward: &str, prr_bn: bool) -> Json {
    json!({ "voxloom": 1, "about": "A few steps on patches of synthetic volumes.",
        "modules": {
            "net": { "op": "seran.network", "params": { "n_feats": 8, "n_resgroups": 1, "n_resblocks": 1, "c_n": 4, "prr_bn": prr_bn } },
            "guard": { "op": "seran.guard", "params": { "epoch": 2 } },
            "adam": { "op": "train.adam", "params": { "lr": 0.001 }, "use": { "net": "net" } } },
        "graphs": { "train": {
            "volume": { "op": "synthetic.volume", "in": {}, "params": { "shape": [3, 20, 24], "dtype": "float32" } },
            "pair": { "op": "seran.degrade", "in": { "volume": "volume" } },
            "patches": { "op": "seran.patches", "in": { "lr": "pair.lr", "hr": "pair.hr" }, "params": { "count": 17, "size": 8, "transpose": false } },
            "batch": { "op": "seran.batches", "in": { "lr": "patches.lr", "hr": "patches.hr" }, "params": { "size": 4 } },
            "sr": { "call": format!("net.{forward}"), "in": { "image": "batch.lr" } },
            "loss": { "op": "train.loss", "in": { "prediction": "sr", "target": "batch.hr" } },
            "usual": { "call": "guard.pass", "in": { "loss": "loss.loss" } },
            "step": { "call": "adam.step", "in": { "loss": "usual.loss" }, "use": { "net": "net" } } } },
        "schedule": [{ "run": "train" }] })
}

#[test]
fn a_network_takes_steps_and_lanes_do_not_change_a_bit() {
    for (forward, prr_bn) in [("forward", false), ("train", true)] {
        let one = go(&training(forward, prr_bn), 1);
        let losses: Vec<f64> = one.results.iter().filter_map(|item| item.results.get("step")?["loss"]["loss"].as_f64()).collect();
        assert_eq!(losses.len(), 4, "the report keeps what each step says: {:?}", one.results);
        assert!(losses.iter().all(|loss| loss.is_finite() && *loss > 0.0), "{losses:?}");
        assert_eq!(go(&training(forward, prr_bn), 3).results, one.results);
    }
}

#[test]
fn a_volume_is_degraded_and_restored() {
    let report = go(
        &json!({ "voxloom": 1, "about": "There and back.",
            "modules": { "net": { "op": "seran.network", "params": { "n_feats": 8, "n_resgroups": 1, "n_resblocks": 1 } } },
            "graph": {
                "volume": { "op": "synthetic.volume", "params": { "shape": [3, 20, 17] } },
                "pair": { "op": "seran.degrade", "in": { "volume": "volume" }, "params": { "method": "k_space" } },
                "sr": { "call": "net.upscale", "in": { "volume": "pair.lr" }, "params": { "self_ensemble": true } },
                "zero": { "op": "seran.upsample", "in": { "volume": "pair.lr" }, "params": { "method": "zero_fill" } },
                "strength": { "call": "net.weights" } } }),
        2,
    );
    let strength = report.results.iter().find_map(|item| item.results.get("strength")).expect("a result");
    assert_eq!(strength["weights"], json!({ "body.0.seab": { "lambda": 0.0, "w_r": 0.0 } }));
}
