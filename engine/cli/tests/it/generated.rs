//! What the program generates: the catalogue, the schema, completions.

use crate::stage::{pipeline, root, voxloom};
use serde_json::Value as Json;

/// Only the plugins of the repository: the generated files hold no other.
fn of_repository(words: &[&str]) -> String {
    let _built = pipeline();
    let output = voxloom().args(words).env_remove("VOXLOOM_PLUGINS").assert().code(0).get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_catalogue_is_that_of_the_installed_operators() {
    let page = std::fs::read_to_string(root().join("docs/catalog.md")).unwrap();
    assert!(page == of_repository(&["plugins", "catalog"]), "docs/catalog.md is old: run `cargo xtask docs`");
}

#[test]
fn the_schema_is_that_of_the_installed_operators() {
    let kept = std::fs::read_to_string(root().join("pipelines/pipeline.schema.json")).unwrap();
    assert!(kept == of_repository(&["schema"]), "pipelines/pipeline.schema.json is old: run `cargo xtask docs`");
}

#[test]
fn the_schema_takes_right_files_and_refuses_wrong_ones() {
    let schema: Json = serde_json::from_str(&of_repository(&["schema"])).unwrap();
    let validator = jsonschema::validator_for(&schema).expect("the schema is a JSON Schema");
    let right = r#"{ "voxloom": 1, "params": { "n": { "type": "int", "default": 2 } }, "graph": {
        "volume": { "op": "synthetic.volume", "params": { "shape": ["${n}", 4, 4] } },
        "slice": { "op": "template.slices", "in": { "volume": "volume" } } } }"#;
    let right: Json = serde_json::from_str(right).unwrap();
    assert!(validator.is_valid(&right), "{:?}", validator.iter_errors(&right).map(|error| error.to_string()).collect::<Vec<_>>());
    let broken = |at: &str, value: Json| {
        let mut file = right.clone();
        *file.pointer_mut(at).unwrap() = value;
        assert!(!validator.is_valid(&file), "{at} should be refused");
    };
    broken("/voxloom", Json::from(2));
    broken("/graph/slice/op", Json::from("template.nonesuch"));
    broken("/graph/volume/params/shape", Json::from("large"));
    broken("/graph/slice/in", serde_json::json!({ "nonesuch": "volume" }));
    broken("/params/n/type", Json::from("integer"));
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = voxloom().args(["completions", shell]).assert().code(0).get_output().stdout.clone();
        assert!(String::from_utf8_lossy(&script).contains("voxloom"), "{shell}");
    }
}
