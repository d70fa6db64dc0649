//! `voxloom plugins`: what is installed, and what one operator is.

use crate::stage::{pipeline, voxloom};
use serde_json::Value as Json;

#[test]
fn the_list_names_every_plugin_and_operator() {
    let _built = pipeline();
    let output = voxloom().args(["plugins", "list"]).assert().code(0).get_output().clone();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("template.slices") && text.contains("probe.work"), "{text}");
    let output = voxloom().args(["plugins", "list", "--json"]).assert().code(0).get_output().clone();
    let all: Json = serde_json::from_slice(&output.stdout).unwrap();
    let plugins = all["plugins"].as_array().unwrap();
    for plugin in plugins {
        for operator in plugin["operators"].as_array().unwrap() {
            let family = format!("{}.", plugin["name"].as_str().unwrap());
            assert!(operator["name"].as_str().unwrap().starts_with(&family), "{} holds {}", plugin["name"], operator["name"]);
        }
    }
}

#[test]
fn one_operator_is_shown_whole() {
    let output = voxloom().args(["plugins", "inspect", "probe.work"]).assert().code(0).get_output().clone();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("| `wait_ms` | integer | `0` | How long each item takes. Unit: ms. At least 0. |"), "{text}");
    let output = voxloom().args(["plugins", "inspect", "probe.work", "--json"]).assert().code(0).get_output().clone();
    assert_eq!(serde_json::from_slice::<Json>(&output.stdout).unwrap()["name"], "probe.work");
}

#[test]
fn an_unknown_operator_is_refused() {
    voxloom().args(["plugins", "inspect", "probe.wrok"]).assert().code(2);
}
