//! Cases of operators as data: every JSON file under `tests/suite/imaging/<operator>/` is one.
//!
//! `{"op", "params", "inputs": {port: volume or JSON}, "outputs": {port: volume or JSON}}`, or `"error"` instead of outputs. A volume is
//! `{"dtype", "data": nested lists, "affine": 3 or 4 rows (default: one millimetre, from the origin)}`. Numbers are compared
//! to 1e-5; of JSON outputs only what the case names is compared.

use crate::host::{Host, Ports, json};
use crate::table;
use std::path::Path;
use tch::{Kind, Tensor};
use voxloom_imaging::table as summary_table;
use voxloom_imaging::{
    blend, cases, channel, clip, components, crop, from_tensor, labels, metrics, normalise, pad, preview, read, reorient,
    resample, threshold, to_tensor, windows, write,
};
use voxloom_sdk::abi::OperatorTable;
use voxloom_sdk::{Affine, IntoValue, Json, Value, Volume, dtype_name};

fn table_of(operator: &str) -> &'static OperatorTable {
    match operator {
        "imaging.cases" => table!(scatter cases::Cases),
        "imaging.read" => table!(op read::Read),
        "imaging.write" => table!(op write::Write),
        "imaging.reorient" => table!(op reorient::Reorient),
        "imaging.preview" => table!(op preview::Preview),
        "imaging.table" => table!(gather summary_table::Table),
        "imaging.resample" => table!(op resample::Resample),
        "imaging.crop" => table!(op crop::Crop),
        "imaging.uncrop" => table!(op crop::Uncrop),
        "imaging.pad" => table!(op pad::Pad),
        "imaging.channel" => table!(op channel::Channel),
        "imaging.threshold" => table!(op threshold::Threshold),
        "imaging.to_tensor" => table!(op to_tensor::ToTensor),
        "imaging.from_tensor" => table!(op from_tensor::FromTensor),
        "imaging.clip" => table!(op clip::Clip),
        "imaging.normalise" => table!(op normalise::Normalise),
        "imaging.components" => table!(op components::CleanComponents),
        "imaging.keep_largest" => table!(op components::KeepLargest),
        "imaging.metrics" => table!(op metrics::Metrics),
        "imaging.similarity" => table!(op metrics::Similarity),
        "imaging.join" => table!(op metrics::Join),
        "imaging.windows" => table!(scatter windows::Windows),
        "imaging.blend" => table!(gather blend::Blend),
        "imaging.labels" => table!(gather labels::Labels),
        other => panic!("no operator `{other}` here"),
    }
}

fn kind_of(dtype: &str) -> Kind {
    let kinds = [Kind::Uint8, Kind::Int16, Kind::Int, Kind::Float, Kind::Double];
    kinds.into_iter().find(|&kind| dtype_name(kind) == dtype).unwrap_or_else(|| panic!("no element type `{dtype}` here"))
}

/// Numbers of nested lists, and how the lists nest.
fn numbers(lists: &Json, depth: usize, shape: &mut Vec<i64>, into: &mut Vec<f64>) {
    match lists.as_array() {
        None => into.push(lists.as_f64().expect("a number")),
        Some(items) => {
            if shape.len() == depth {
                shape.push(items.len() as i64);
            }
            assert_eq!(shape[depth], items.len() as i64, "lists of one length");
            items.iter().for_each(|item| numbers(item, depth + 1, shape, into));
        }
    }
}

fn volume(json: &Json) -> Volume {
    let (mut shape, mut values) = (Vec::new(), Vec::new());
    numbers(&json["data"], 0, &mut shape, &mut values);
    let data = Tensor::from_slice(&values).view(shape.as_slice()).to_kind(kind_of(json["dtype"].as_str().expect("a dtype")));
    let mut affine = Affine::IDENTITY;
    for (row, numbers) in json["affine"].as_array().into_iter().flatten().enumerate().take(3) {
        affine.0[row] = std::array::from_fn(|column| numbers[column].as_f64().expect("a number"));
    }
    Volume::new(data, affine)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * b.abs().max(1.0)
}

fn expect_volume(found: &Value, expected: &Json) {
    let found = crate::host::field(found, "data");
    let found = voxloom_sdk::tensor_of(&found).expect("a tensor");
    let expected = volume(expected).data;
    assert_eq!((found.kind(), found.size()), (expected.kind(), expected.size()));
    let values = |tensor: &Tensor| Vec::<f64>::try_from(tensor.to_kind(Kind::Double).reshape([-1])).expect("numbers");
    let (found, expected) = (values(&found), values(&expected));
    assert!(found.iter().zip(&expected).all(|(a, b)| close(*a, *b)), "got {found:?}, expected {expected:?}");
}

fn expect_affine(found: &Value, expected: &Json) {
    let affine = voxloom_sdk::tensor_of(&crate::host::field(found, "affine")).expect("a tensor");
    let expected = volume(expected).affine;
    for (i, &number) in expected.0.iter().flatten().enumerate() {
        assert!(close(affine.double_value(&[i as i64 / 4, i as i64 % 4]), number), "{affine:?} {expected:?}");
    }
}

fn expect_json(found: &Json, expected: &Json) {
    match (found, expected) {
        (Json::Object(found), Json::Object(expected)) => expected.iter().for_each(|(key, value)| expect_json(&found[key], value)),
        (Json::Array(found), Json::Array(expected)) => {
            assert_eq!(found.len(), expected.len());
            found.iter().zip(expected).for_each(|(found, expected)| expect_json(found, expected));
        }
        (Json::Number(found), Json::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap_or(f64::NAN), expected.as_f64().unwrap_or(f64::NAN));
            assert!(close(found, expected), "got {found}, expected {expected}");
        }
        _ => assert_eq!(found, expected),
    }
}

fn check(file: &Path) {
    let text = std::fs::read_to_string(file).expect("the case can be read");
    let case: Json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let inputs = case["inputs"].as_object().into_iter().flatten();
    let value = |json: &Json| if json.get("data").is_some() { volume(json).into_value() } else { json.clone().into_value() };
    let inputs: Ports = inputs.map(|(port, json)| (port.clone(), value(json))).collect();
    let operator = case["op"].as_str().expect("an operator");
    let host = Host::new(table_of(operator), &case["params"]);
    let result = host.and_then(|host| match operator {
        "imaging.windows" | "imaging.cases" => host.scatter(&inputs).map(|_| Ports::new()),
        "imaging.blend" | "imaging.labels" | "imaging.table" => host.gather(&inputs, &[]),
        _ => host.run(&inputs),
    });
    match (result, case["error"].as_str()) {
        (Err(message), Some(expected)) => assert_eq!(message, expected),
        (Err(message), None) => panic!("refused: {message}"),
        (Ok(_), Some(expected)) => panic!("ran, expected the error: {expected}"),
        (Ok(outputs), None) => {
            for (port, expected) in case["outputs"].as_object().expect("outputs or an error") {
                if expected.get("data").is_some() {
                    expect_volume(&outputs[port], expected);
                    expect_affine(&outputs[port], expected);
                } else {
                    expect_json(&json(&outputs[port]), expected);
                }
            }
        }
    }
}

#[test]
fn every_case_of_the_suite_holds() {
    let mut failed = Vec::new();
    let mut n = 0;
    for folder in std::fs::read_dir(crate::suite("")).expect("the suite").flatten() {
        for file in std::fs::read_dir(folder.path()).expect("a folder of cases").flatten().map(|entry| entry.path()) {
            if file.extension().is_some_and(|extension| extension == "json") {
                n += 1;
                if std::panic::catch_unwind(|| check(&file)).is_err() {
                    failed.push(file);
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} of {n} cases failed: {failed:#?}", failed.len());
    assert!(n >= 30, "only {n} cases were found");
}
