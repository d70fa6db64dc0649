//! Views and pairs in pipelines: what comes, what is refused.

use crate::pipeline::go;
use serde_json::{Value as Json, json};
use voxloom_core::run::{Outcome, Report};

fn volume(shape: &[i64], dtype: &str, n_labels: usize) -> Json {
    json!({ "op": "synthetic.volume", "params": { "shape": shape, "dtype": dtype, "n_labels": n_labels } })
}

fn graph(nodes: Json) -> Report {
    go(&json!({ "voxloom": 1, "about": "Views.", "graph": nodes }))
}

fn left(report: &Report, node: &str) -> Vec<Json> {
    assert_eq!((report.outcome, report.failures.len()), (Outcome::Completed, 0), "{:?} {:?}", report.message, report.failures);
    report.results.iter().filter_map(|item| item.results.get(node)).cloned().collect()
}

fn cause(report: &Report) -> String {
    report.failures.first().map(|failure| failure.cause.clone()).or(report.message.clone()).expect("it fails")
}

/// Windows that a volume of 40 × 40 × 18 has room for.
fn small(more: Json) -> Json {
    let mut params = json!({ "range": [0, 255], "windows": [[16, 16, 8], [20, 20, 8]], "size": [16, 16, 8], "border_xy": 1,
                             "border_z": 1, "shrink": 4, "depth": 1 });
    params.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    params
}

fn pairs(more: Json) -> Report {
    graph(json!({
        "volume": volume(&[18, 40, 40], "uint8", 100),
        "pair": { "op": "pcrl.pairs3d", "in": { "volume": "volume" }, "params": small(more) },
        "views": { "op": "pcrl.views3d", "in": { "first": "pair.first", "second": "pair.second" }, "params": { "shuffle_blocks": 50, "paint_probability": 1 } },
        "batch": { "op": "pcrl.batch", "in": { "x1": "views.x1", "x2": "views.x2", "m1": "views.m1", "m2": "views.m2",
                                               "g1": "views.g1", "g2": "views.g2", "v1": "views.v1", "v2": "views.v2", "case": "pair.pair" } } }))
}

#[test]
fn pairs_become_views_become_a_batch() {
    let report = pairs(json!({ "pairs": 5 }));
    let batch = left(&report, "batch");
    let named = batch[0].get("names").unwrap_or(&batch[0]).as_array().expect("a list of pairs").clone();
    assert_eq!(named.len(), 5);
    assert!(named.iter().all(|pair| pair["iou"].as_f64().expect("a number") > 0.25 && pair["tissue"][0].as_f64() == Some(0.0)));
}

#[test]
fn pairs_that_never_pass_are_told_with_the_remedy() {
    // From 0.1 on everything is tissue, and none is allowed.
    let message = cause(&pairs(json!({ "tissue": 0.1, "tissue_share": 0, "attempts": 3 })));
    assert!(message.contains("3 pairs in a row show too much tissue; raise `tissue_share` or `tissue`"), "{message}");
    let message = cause(&pairs(json!({ "border_xy": 30 })));
    assert!(message.contains("has no room for a window: the smallest needs [77, 77, 14]"), "{message}");
}

#[test]
fn windows_are_shown_taken_or_rejected() {
    let shown = |more: Json| {
        let report = graph(json!({
            "volume": volume(&[18, 40, 40], "uint8", 100),
            "windows": { "op": "pcrl.windows3d", "in": { "volume": "volume" }, "params": small(more) } }));
        let found = left(&report, "windows")[0].clone();
        let found = found.get("windows").cloned().unwrap_or(found);
        (found["accepted"].as_u64().expect("a number"), found["rejected"].as_u64().expect("a number"))
    };
    assert_eq!(shown(json!({ "pairs": 6 })), (6, 0));
    assert_eq!(shown(json!({ "pairs": 6, "tissue": 0.1, "tissue_share": 0 })), (0, 6));
}

#[test]
fn pictures_of_8_bit_have_views_and_others_need_a_window() {
    let views = |shape: &[i64], dtype: &str, params: Json| {
        graph(json!({ "volume": volume(shape, dtype, 256),
                      "views": { "op": "pcrl.views2d", "in": { "image": "volume" }, "params": params },
                      "seen": { "op": "pcrl.dice", "in": { "probability": "views.x1", "target": "views.x2" } } }))
    };
    let size = json!({ "size": [32, 32], "hole": 6 });
    assert_eq!(left(&views(&[3, 1, 40, 36], "uint8", size.clone()), "seen").len(), 1);
    let windowed = json!({ "size": [32, 32], "window": [-1, 1] });
    assert_eq!(left(&views(&[1, 40, 36], "float32", windowed), "seen").len(), 1);
    let message = cause(&views(&[1, 40, 36], "float32", size.clone()));
    assert!(
        message.contains("`image` holds float32, expected uint8: say in `window` which values are black and white"),
        "{message}"
    );
    let message = cause(&views(&[2, 40, 36], "uint8", size));
    assert!(message.contains("`image` is [2, 40, 36], expected one slice"), "{message}");
}
