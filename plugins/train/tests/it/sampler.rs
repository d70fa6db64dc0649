//! The sampler: epochs, resume, balance.

use crate::host::{Instance, json};
use serde_json::json;
use voxloom_sdk::Json;
use voxloom_sdk::abi::status;
use voxloom_train::Sampler;

fn sampler(mut params: Json) -> Instance {
    params["cases"] = (0..7).map(|index| json!({"name": format!("c{index}"), "image": "x", "task": index % 3 / 2})).collect();
    Instance::module::<Sampler>(params).unwrap()
}

fn draw(sampler: &Instance, params: Json, steps: usize) -> Vec<Vec<String>> {
    let bound = sampler.bind("next", params, &[]);
    let cursor = bound.open(&[]).unwrap();
    let names = |cases: Json| cases.as_array().unwrap().iter().map(|case| case["name"].as_str().unwrap().to_owned()).collect();
    std::iter::from_fn(|| cursor.next()).take(steps).map(|outputs| names(json(&outputs[0]))).collect()
}

#[test]
fn a_resumed_sampler_goes_on_where_it_stood() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sampler");
    let whole = draw(&sampler(json!({"batch": 2})), json!({}), 20);
    let first = sampler(json!({"batch": 2}));
    let mut parts = draw(&first, json!({}), 5);
    // A cursor that is opened again goes on, too.
    parts.extend(draw(&first, json!({}), 5));
    first.save(&file).unwrap();
    let second = sampler(json!({"batch": 2}));
    second.load(&file).unwrap();
    parts.extend(draw(&second, json!({}), 10));
    assert_eq!(whole, parts);
    let mut epoch: Vec<String> = whole.concat()[..7].to_vec();
    epoch.sort_unstable();
    assert_eq!(epoch, (0..7).map(|index| format!("c{index}")).collect::<Vec<_>>());
}

#[test]
fn ends_after_its_epochs_with_a_short_step() {
    let steps = draw(&sampler(json!({"batch": 2, "shuffle": false})), json!({"epochs": 1}), 100);
    assert_eq!(steps.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 1]);
}

#[test]
fn tasks_take_turns() {
    let steps = draw(&sampler(json!({"batch": 2, "balance": "task"})), json!({}), 10);
    for step in steps {
        // c2 and c5 are the two cases of the second task.
        assert!(!["c2", "c5"].contains(&step[0].as_str()) && ["c2", "c5"].contains(&step[1].as_str()), "{step:?}");
    }
}

#[test]
fn a_position_among_other_cases_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sampler");
    let other = Instance::module::<Sampler>(json!({"cases": [{"image": "x"}]})).unwrap();
    other.save(&file).unwrap();
    let text = sampler(json!({})).load(&file).unwrap_err().1;
    assert_eq!(text, "the saved position is among 1 cases, now there are 7");
    let (code, text) = Instance::module::<Sampler>(json!({})).err().unwrap();
    assert_eq!((code, text.as_str()), (status::INVALID, "cases\tis missing: give `cases`, `file` or `folder`"));
}
