//! The schema for editors: right files pass, and what an editor can see of wrong ones does not.

use super::operators::{operators, suite};
use serde_json::{Value as Json, json};
use voxloom_core::operators::Operators;
use voxloom_core::schema::schema;

fn read(file: &str) -> Json {
    let text = std::fs::read_to_string(suite().join(file)).expect("the suite has the file");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn good_files_pass() {
    let validator = jsonschema::draft202012::new(&schema(&operators())).expect("a schema");
    for file in ["good/segment.json", "good/train.json", "warned/unused.json"] {
        let errors: Vec<String> =
            validator.iter_errors(&read(file)).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, [""; 0], "{file}");
    }
}

#[test]
fn wrong_names_types_ranges_and_missing_things_do_not() {
    let validator = jsonschema::draft202012::new(&schema(&operators())).expect("a schema");
    for name in [
        "edge_missing",
        "edge_source_wrong",
        "edge_unknown_port",
        "module_op_missing",
        "module_params",
        "module_unknown_operator",
        "node_op_and_call_missing",
        "node_param_missing",
        "node_param_nested",
        "node_param_not_in_choices",
        "node_param_out_of_range",
        "node_param_wrong_type",
        "node_threads_wrong",
        "node_unknown_key",
        "node_unknown_operator",
        "node_unknown_param",
        "param_type_missing",
        "schedule_patience_without_best",
        "schedule_stage_wrong",
        "top_graph_and_graphs",
        "top_unknown_key",
        "top_version_other",
    ] {
        assert!(!validator.is_valid(&read(&format!("wrong/{name}.json"))), "{name}");
    }
}

#[test]
fn it_is_a_schema_whatever_is_installed() {
    let all = operators();
    let without_modules: Operators = all.iter().filter(|operator| !operator.description.module).cloned().collect();
    for installed in [&Operators::default(), &without_modules, &all] {
        let schema = schema(installed);
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
        for kind in ["module", "node"] {
            assert_ne!(schema["$defs"][kind]["allOf"], json!([]), "{kind}: an empty allOf is no schema");
        }
    }
    let validator = jsonschema::draft202012::new(&schema(&without_modules)).expect("a schema");
    assert!(!validator.is_valid(&read("good/segment.json")), "no installed operator makes its modules");
}

#[test]
fn editors_find_descriptions_units_and_defaults() {
    let schema = schema(&operators());
    let spacing = &schema["$defs"]["op imaging.resample"]["properties"]["params"]["properties"]["spacing_mm"];
    assert_eq!(spacing["description"], "Voxel size of the result along z, y, x. (mm)");
    assert_eq!(spacing["default"], json!([1, 1, 1]));
    let names = schema["$defs"]["node"]["properties"]["op"]["oneOf"].as_array().expect("names");
    assert!(names.iter().any(|name| name["const"] == "imaging.clip" && name["description"] == "Limits every voxel to a range."));
}
