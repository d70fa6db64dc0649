//! What the program generates: the catalogue, the schema, completions.

use crate::stage::{pipeline, root, voxloom};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// Only the plugins of the repository: the generated files hold no other.
fn of_repository(words: &[&str]) -> String {
    let _built = pipeline();
    let output = voxloom().args(words).current_dir(root()).env_remove("VOXLOOM_PLUGINS").assert().code(0).get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

/// As `engine/xtask/src/docs.rs` makes them.
fn is_fresh(file: &str, words: &[&str]) {
    let kept = std::fs::read_to_string(root().join(file)).unwrap_or_default();
    assert!(kept == of_repository(words), "{file} is old: run `cargo xtask docs`");
}

#[test]
fn the_catalogue_is_that_of_the_installed_operators() {
    is_fresh("docs/catalog.md", &["plugins", "catalog"]);
}

#[test]
fn the_schema_is_that_of_the_installed_operators() {
    is_fresh("pipelines/pipeline.schema.json", &["schema"]);
}

#[test]
fn the_picture_is_that_of_the_pipeline() {
    is_fresh("docs/segment.svg", &["graph", "pipelines/dodnet/segment.json", "--format", "svg"]);
}

#[test]
fn pipelines_and_the_schema_agree() {
    let schema: Json = serde_json::from_str(&of_repository(&["schema"])).unwrap();
    let validator = jsonschema::validator_for(&schema).expect("the schema is a JSON Schema");
    let mut n_files = 0;
    for file in files(&root().join("pipelines"), ".json") {
        let text = std::fs::read_to_string(&file).unwrap();
        let json: Json = serde_json::from_str(&text).unwrap();
        if json["voxloom"].is_null() {
            continue;
        }
        let faults: Vec<String> =
            validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", file.display());
        voxloom().arg("check").arg(&file).assert().code(0);
        n_files += 1;
    }
    assert!(n_files > 0, "there is no pipeline");
}

#[test]
fn pipelines_that_pages_show_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let mut n_shown = 0;
    let pages = files(&root().join("docs"), ".md").into_iter().chain([root().join("README.md")]);
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            if !block.contains("\"voxloom\": 1") {
                continue;
            }
            let file = folder.path().join("shown.json");
            std::fs::write(&file, block).unwrap();
            let output = voxloom().arg("check").arg(&file).output().unwrap();
            assert!(output.status.success(), "{}: {}", page.display(), String::from_utf8_lossy(&output.stderr));
            n_shown += 1;
        }
    }
    assert!(n_shown >= 2, "only {n_shown} pipelines are shown");
}

/// Files below a folder whose names end so, in order.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    found
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
