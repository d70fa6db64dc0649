//! Good files: nothing is found, and the pipeline says what the file means.

use super::operators::{operators, suite};
use serde_json::json;
use std::path::Path;
use voxloom_core::check::{Checked, Config, check, check_file};
use voxloom_core::graph::Stage;

pub fn good(name: &str, set: &[&str]) -> Checked {
    let file = format!("cases/{name}.json");
    let bytes = std::fs::read(suite().join(format!("good/{name}.json"))).expect("the suite has the file");
    let config = Config { set: set.iter().map(|text| (*text).to_owned()).collect(), open: false };
    check(Path::new(&file), &bytes, &operators(), &config).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn segment_has_its_levels_edges_and_complete_parameters() {
    let checked = good("segment", &[]);
    assert_eq!(checked.warnings, []);
    let graph = &checked.pipeline.graphs[0];
    let node = |name: &str| graph.nodes.iter().find(|node| node.name == name).expect("the file has the node");
    let levels = ["case", "volume", "window", "feature", "logits", "score", "labels", "mean"]
        .map(|name| (node(name).level, node(name).inner));
    assert_eq!(levels, [(0, Some(1)), (1, None), (1, Some(2)), (2, None), (2, None), (1, Some(2)), (1, None), (0, Some(1))]);
    assert_eq!(
        graph.levels.iter().map(|level| (level.parent, level.depth)).collect::<Vec<_>>(),
        [(None, 0), (Some(0), 1), (Some(1), 2)]
    );
    assert_eq!(graph.dag.edge_count(), graph.nodes.iter().flat_map(|node| node.inputs.iter().flatten()).count());
    assert_eq!(node("case").params, json!({ "path": "cases/volumes", "pattern": "*.nii.gz" }));
    assert_eq!(node("ready").params, json!({ "spacing_mm": [3.0, 1.5, 1.5], "interpolation": "linear" }));
    assert_eq!(node("file").params, json!({ "folder": "cases/out/labels", "compress": true }));
    assert_eq!((node("feature").batch, node("logits").threads), (2, Some(2)));
    assert_eq!(checked.pipeline.modules[0].weights.as_deref(), Some(Path::new("cases/dodnet.safetensors")));
    assert_eq!(checked.pipeline.modules[0].params, json!({ "width": 32, "tasks": ["liver", "kidney"] }));
}

#[test]
fn overrides_are_typed_and_their_paths_are_of_the_working_directory() {
    let checked = good("segment", &["input=there", "tasks=[\"spleen\"]", "output=/data/out"]);
    assert_eq!(
        checked.pipeline.params,
        *json!({ "input": "there", "output": "/data/out", "tasks": ["spleen"] }).as_object().expect("an object")
    );
    let params = |name: &str| &checked.pipeline.graphs[0].nodes.iter().find(|node| node.name == name).expect("the node").params;
    assert_eq!(params("case")["path"], "there");
    assert_eq!(params("file")["folder"], "/data/out/labels");
    assert_eq!(params("logits")["tasks"], json!(["spleen"]));
}

#[test]
fn train_has_modules_uses_and_a_schedule() {
    let checked = good("train", &["rounds=7", "rate=1"]);
    assert_eq!(checked.warnings, []);
    let pipeline = &checked.pipeline;
    assert_eq!(pipeline.rounds, 7);
    let node = |name: &str| pipeline.graphs[0].nodes.iter().find(|node| node.name == name).expect("the file has the node");
    assert_eq!(node("learn").uses, [vec![0]]);
    assert_eq!(node("smooth").uses, [vec![0], vec![0]]);
    assert_eq!(
        ["step", "case", "batch", "learn"].map(|name| (node(name).level, node(name).inner)),
        [(0, Some(1)), (1, Some(2)), (1, Some(2)), (1, None)]
    );
    assert_eq!(pipeline.modules[1].params["cases"], "cases/data/lists/train.json");
    assert_eq!(pipeline.modules[2].params["learning_rate"], 1);
    let [Stage::Run { graph: 0, items: Some(250) }, Stage::Run { graph: 1, items: None }, Stage::Save(save)] =
        pipeline.schedule.as_slice()
    else {
        panic!("the stages of the file");
    };
    assert_eq!(save.folder, Path::new("cases/runs/last"));
    assert_eq!((save.modules.as_slice(), save.patience), ([0, 2].as_slice(), Some(5)));
    let best = save.best.as_ref().expect("the file names a best");
    assert_eq!((best.graph, best.node, best.path.as_slice(), best.higher), (1, 5, ["dice".to_owned()].as_slice(), true));
}

#[test]
fn open_parameters_pass_where_nothing_will_run() {
    let text = r#"{ "voxloom": 1, "params": { "input": { "type": "path" }, "margin": { "type": "number" } },
        "graph": { "case": { "op": "imaging.cases", "params": { "path": "${input}/a" } },
                   "read": { "op": "imaging.read", "in": { "case": "case" } },
                   "clip": { "op": "imaging.clip", "in": { "volume": "read" }, "params": { "low": "${margin}" } } } }"#;
    let check = |open| check(Path::new("a.json"), text.as_bytes(), &operators(), &Config { set: Vec::new(), open });
    assert!(check(true).is_ok());
    let faults = check(false).err().expect("values are missing");
    assert_eq!(faults.n_errors(), 2, "{faults}");
}

#[test]
fn a_file_that_is_not_there_is_one_fault() {
    let faults = check_file(Path::new("not/there.json"), &operators(), &Config::default()).err().expect("no file");
    assert!(faults.to_string().starts_with("error: not/there.json: the file cannot be read: "), "{faults}");
}
