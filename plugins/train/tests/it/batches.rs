//! Lists to items, items to batches, numbers to means.

use crate::host::{Instance, json, value};
use serde_json::json;
use tch::Tensor;
use voxloom_sdk::{Record, tensor_of};
use voxloom_train::{Collate, Each, Mean, Stack};

#[test]
fn a_list_becomes_items_with_their_cases() {
    let each = Instance::scatter::<Each>();
    let bound = each.bind("run", json!({}), &[]);
    let cursor = bound.open(&[value(json!([{"name": "a", "task": 1}, 5]))]).unwrap();
    let items: Vec<_> = std::iter::from_fn(|| cursor.next()).collect();
    assert_eq!(items.len(), 2);
    let meta = |index: usize| json(Record::read(&items[index][0]).unwrap().field("meta").unwrap());
    assert_eq!((meta(0), meta(1)), (json!({"name": "a", "task": 1}), json!({"name": "1", "value": 5})));
    assert_eq!((json(&items[1][1]), json(&items[1][2])), (json!(5), json!(1)));
    let refused = bound.open(&[value(json!({"a": 1}))]).err().unwrap().1;
    assert_eq!(refused, r#"`list` must be a list, got {"a":1}"#);
}

#[test]
fn items_become_a_batch() {
    let collate = Instance::gather::<Collate>(json!({}));
    let bound = collate.bind("run", json!({}), &[]);
    let batch = bound.open(&[None, None, None]).unwrap();
    for index in 0..3i64 {
        let (image, label) = (Tensor::full([1, 2], index, tch::kind::FLOAT_CPU), Tensor::full([2], index, tch::kind::INT64_CPU));
        batch.push(&[value(image), value(label), value(json!({"task": index}))]).unwrap();
    }
    let outputs = batch.finish().unwrap();
    let (image, label) = (tensor_of(&outputs[0]).unwrap(), tensor_of(&outputs[1]).unwrap());
    assert_eq!((image.size(), label.size()), (vec![3, 1, 2], vec![3, 2]));
    assert_eq!(Vec::<i64>::try_from(label.view(-1)).unwrap(), [0, 0, 1, 1, 2, 2]);
    assert_eq!(json(&outputs[2]), json!([{"task": 0}, {"task": 1}, {"task": 2}]));
}

#[test]
fn what_is_not_connected_stays_empty() {
    let collate = Instance::gather::<Collate>(json!({"join": "concat"}));
    let bound = collate.bind("run", json!({}), &[]);
    let batch = bound.open(&[None, None, None]).unwrap();
    batch.push(&[value(Tensor::zeros([1, 2], tch::kind::FLOAT_CPU)), None, None]).unwrap();
    let outputs = batch.finish().unwrap();
    assert_eq!((tensor_of(&outputs[0]).unwrap().size(), tensor_of(&outputs[1]).unwrap().size()), (vec![1, 2], vec![0]));
    assert_eq!(json(&outputs[2]), json!([]));
}

#[test]
fn tensors_stack_and_numbers_have_means() {
    let stack = Instance::gather::<Stack>(json!({}));
    let bound = stack.bind("run", json!({}), &[]);
    let tensors = bound.open(&[None]).unwrap();
    (0..2).for_each(|_| tensors.push(&[value(Tensor::zeros([4], tch::kind::FLOAT_CPU))]).unwrap());
    assert_eq!(tensor_of(&tensors.finish().unwrap()[0]).unwrap().size(), [2, 4]);

    let mean = Instance::gather::<Mean>(json!({}));
    let bound = mean.bind("run", json!({}), &[]);
    let numbers = bound.open(&[None]).unwrap();
    [json!({"dice": 0.5}), json!({"dice": 1.0})].into_iter().for_each(|item| numbers.push(&[value(item)]).unwrap());
    assert_eq!(json(&numbers.finish().unwrap()[0])["mean"], json!({"dice": 0.75}));
}
