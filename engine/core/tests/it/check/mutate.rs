//! Good files with random damage: the check never panics, says the same each time, and points into the file.

use super::operators::{operators, suite};
use serde_json::{Value as Json, json};
use std::path::Path;
use voxloom_core::check::{Checked, Config, Faults, Place, check};
use voxloom_core::operators::Operators;
use voxloom_testkit::random::Random;

fn sources() -> Vec<Vec<u8>> {
    ["good/segment.json", "good/train.json", "warned/unused.json", "wrong/many_1.json", "wrong/param_cycle.json"]
        .map(|file| std::fs::read(suite().join(file)).expect("the suite has the file"))
        .into()
}

#[test]
fn damaged_bytes_never_panic() {
    let operators = operators();
    let mut random = Random(1);
    for source in sources() {
        for _ in 0..2000 {
            let mut bytes = source.clone();
            for _ in 0..=random.below(3) {
                let (at, length) = (random.below(bytes.len()), random.below(12));
                let end = (at + length).min(bytes.len());
                match random.below(4) {
                    0 => drop(bytes.drain(at..end)),
                    1 => bytes[at] = random.next() as u8,
                    2 => bytes.insert(at, b"{}[]\",:0-e.\\$\n\xc3\0"[random.below(16)]),
                    _ => {
                        let copy = bytes[at..end].to_vec();
                        let to = random.below(bytes.len());
                        bytes.splice(to..to, copy);
                    }
                }
                if bytes.is_empty() {
                    break;
                }
            }
            holds(&bytes, &operators);
        }
    }
}

#[test]
fn damaged_values_and_keys_never_panic() {
    let operators = operators();
    let mut random = Random(2);
    for source in sources() {
        let Ok(json) = serde_json::from_slice::<Json>(&source) else { continue };
        for _ in 0..2000 {
            let mut json = json.clone();
            for _ in 0..=random.below(3) {
                damage(&mut json, &mut random);
            }
            holds(json.to_string().as_bytes(), &operators);
        }
    }
}

#[test]
fn damaged_overrides_never_panic() {
    let operators = operators();
    let mut random = Random(3);
    let sources = sources();
    let pieces = [
        "tasks", "input", "rounds", "rate", "=", "[", "]", "\"", "a", ",", "{", "}", "1e999", "-3", "0.5", "${", "${input}", "ß",
        "null", "\n",
    ];
    for _ in 0..5000 {
        let set = |_| (0..random.below(7)).map(|_| pieces[random.below(pieces.len())]).collect::<String>();
        let set: Vec<String> = (0..2).map(set).collect();
        for source in &sources[..2] {
            let config = Config { set: set.clone(), open: false };
            if let Err(faults) = check(Path::new("a.json"), source, &operators, &config) {
                points_into(&faults, source);
            }
        }
    }
}

/// Walks to a random place and puts something else there.
fn damage(json: &mut Json, random: &mut Random) {
    let children = match json {
        Json::Array(items) => items.len(),
        Json::Object(pairs) => pairs.len(),
        _ => 0,
    };
    if children > 0 && random.below(8) > 0 {
        let child = random.below(children);
        match json {
            Json::Array(items) => damage(&mut items[child], random),
            Json::Object(pairs) if random.below(6) == 0 => {
                let key = pairs.keys().nth(child).cloned().unwrap_or_default();
                let value = pairs.remove(&key).unwrap_or_default();
                let keys = ["op", "call", "in", "", "a.b", "ß", "${x}", "net", "case", "params", "save", "graph", "rounds"];
                pairs.insert(keys[random.below(keys.len())].to_owned(), value);
            }
            Json::Object(pairs) => damage(pairs.values_mut().nth(child).expect("the child was counted"), random),
            _ => {}
        }
        return;
    }
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.5),
        json!(""),
        json!("."),
        json!("case"),
        json!("case.case"),
        json!("net.forward"),
        json!("graph"),
        json!("${input}"),
        json!("${}"),
        json!("${"),
        json!("$${x}"),
        json!("${rounds}${rounds}"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({ "op": "imaging.read" }),
        json!({ "run": "train" }),
        json!("ünïcödé"),
        json!("imaging.cases"),
        json!("validate.mean.a"),
        json!(["net", "net"]),
        json!("x".repeat(5000)),
    ];
    *json = values[random.below(values.len())].clone();
}

/// What holds of every check.
fn holds(bytes: &[u8], operators: &Operators) {
    let set = ["input=here".to_owned()];
    for config in [Config::default(), Config { set: set.into(), open: true }] {
        let run = || check(Path::new("a/b.json"), bytes, operators, &config);
        match (run(), run()) {
            (Ok(one), Ok(_)) => right(&one),
            (Err(one), Err(two)) => {
                assert_eq!(one, two, "the same faults each time");
                points_into(&one, bytes);
            }
            _ => panic!("one check passed, one did not"),
        }
    }
}

fn points_into(faults: &Faults, bytes: &[u8]) {
    assert!(faults.n_errors() > 0);
    let lines: Vec<usize> = String::from_utf8_lossy(bytes).split('\n').map(|line| line.chars().count()).collect();
    for fault in faults.list() {
        assert!(!fault.message.is_empty());
        if let Place::Text(_, at) = &fault.place {
            let (line, column) = (at.line as usize, at.column as usize);
            assert!(line >= 1 && line <= lines.len() && column >= 1 && column <= lines[line - 1] + 1, "{fault}");
        }
    }
}

/// Indices of a pipeline point at what is there, and levels follow their nodes.
fn right(checked: &Checked) {
    for graph in &checked.pipeline.graphs {
        assert_eq!(graph.dag.node_count(), graph.nodes.len());
        for node in &graph.nodes {
            assert_eq!(node.inputs.len(), node.entry().inputs.len());
            assert!(
                node.level < graph.levels.len() && node.inner.is_none_or(|inner| graph.levels[inner].parent == Some(node.level))
            );
            for source in node.inputs.iter().flatten() {
                assert!(source.output < graph.nodes[source.node].entry().outputs.len());
            }
            assert!(node.uses.iter().flatten().chain(&node.module).all(|module| *module < checked.pipeline.modules.len()));
        }
    }
}
