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

#[test]
fn every_plugin_of_the_repository_keeps_the_contract() {
    let _built = pipeline();
    let output =
        voxloom().args(["plugins", "list", "--json"]).env_remove("VOXLOOM_PLUGINS").assert().code(0).get_output().clone();
    let all: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(all["skipped"], serde_json::json!([]));
    let plugins = all["plugins"].as_array().unwrap();
    assert!(plugins.len() >= 5, "imaging, train, dodnet, template and synthetic are installed");
    for plugin in plugins {
        let output = voxloom().args(["plugins", "check"]).arg(plugin["file"].as_str().unwrap()).output().unwrap();
        let failed: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|line| line.starts_with("FAILED"))
            .map(str::to_owned)
            .collect();
        assert!(output.status.success(), "{}: {failed:#?}\n{}", plugin["name"], String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_file_that_is_no_plugin_is_a_plugin_problem() {
    voxloom().args(["plugins", "check"]).arg(file!()).assert().code(3);
}
