//! Averaged weights: values, exchange, a file that the network itself can load.

use crate::host::{Instance, json, value};
use crate::net::{Net, W};
use serde_json::json;
use tch::Tensor;
use voxloom_sdk::{Json, Value};
use voxloom_train::{Ema, Optimizer, Sgd};

fn net() -> Instance {
    Instance::module::<Net>(json!({})).unwrap()
}

fn ema(params: Json) -> Instance {
    Instance::module::<Ema>(params).unwrap()
}

fn call(ema: &Instance, entry: &str, net: &Instance) -> Json {
    json(&ema.bind(entry, json!({}), &[&[("net", net)]]).run(&[None]).unwrap()[0])
}

fn w(net: &Instance) -> Vec<f64> {
    let weights = json(&net.bind("weights", json!({}), &[]).run(&[]).unwrap()[0]);
    weights["w"].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// A step of learning rate 1 on the sum of the weights: every `w` falls by 1 more than it is.
fn learn(net: &Instance, by: f32) {
    let optimizer = Instance::module::<Optimizer<Sgd>>(json!({"lr": 1.0})).unwrap();
    let c: Vec<f32> = w(net).iter().map(|w| by - *w as f32).collect();
    let loss: Vec<Value> = net.bind("loss", json!({}), &[]).run(&[value(Tensor::from_slice(&c)), value(json!(false))]).unwrap();
    optimizer.bind("step", json!({}), &[&[("net", net)]]).run(&[loss.into_iter().next()]).unwrap();
}

fn near(found: &[f64], expected: impl Fn(f64) -> f64) {
    for (found, start) in found.iter().zip(W) {
        // Float32 rounding of numbers near 1.
        assert!((found - expected(f64::from(start))).abs() < 1e-6, "{found} from {start}");
    }
}

#[test]
fn averages_follow_and_are_exchanged() {
    let (net, ema) = (net(), ema(json!({"decay": 0.75})));
    assert_eq!(call(&ema, "update", &net), json!({"updates": 1}));
    learn(&net, 1.0);
    near(&w(&net), |start| start - 1.0);
    call(&ema, "update", &net);
    call(&ema, "swap", &net);
    near(&w(&net), |start| start - 0.25);
    let refused = ema.bind("update", json!({}), &[&[("net", &net)]]).run(&[None]).unwrap_err().1;
    assert_eq!(refused, "the network holds the averages: `swap` must come a second time before `update`");
    call(&ema, "swap", &net);
    near(&w(&net), |start| start - 1.0);
}

#[test]
fn a_network_loads_the_averages() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ema.safetensors");
    let (net_a, ema_a) = (net(), ema(json!({"decay": 0.5})));
    call(&ema_a, "update", &net_a);
    learn(&net_a, 1.0);
    call(&ema_a, "update", &net_a);
    ema_a.save(&file).unwrap();
    let other = net();
    other.load(&file).unwrap();
    near(&w(&other), |start| start - 0.5);

    let resumed = ema(json!({"decay": 0.5}));
    resumed.load(&file).unwrap();
    for ema in [&ema_a, &resumed] {
        assert_eq!(call(ema, "update", &net_a), json!({"updates": 3}));
    }
    let (again, once) = (folder.path().join("again"), folder.path().join("once"));
    resumed.save(&again).unwrap();
    ema_a.save(&once).unwrap();
    assert_eq!(std::fs::read(again).unwrap(), std::fs::read(once).unwrap());
}

#[test]
fn a_teacher_follows_in_place() {
    let (student, teacher, ema) = (net(), net(), ema(json!({"decay": 0.9})));
    learn(&student, 1.0);
    ema.bind("follow", json!({}), &[&[("student", &student)], &[("teacher", &teacher)]]).run(&[None]).unwrap();
    near(&w(&teacher), |start| start - 0.1);
}

#[test]
fn the_ramp_forgets_the_first_weights_soon() {
    let (net, ema) = (net(), ema(json!({"decay": 0.999, "ramp": true})));
    call(&ema, "update", &net);
    learn(&net, 1.0);
    call(&ema, "update", &net);
    call(&ema, "swap", &net);
    // Update 1 has decay (1 + 1) / (10 + 1).
    near(&w(&net), |start| start - 9.0 / 11.0);
}

#[test]
fn nothing_to_exchange_before_the_first_update() {
    let text = ema(json!({})).bind("swap", json!({}), &[&[("net", &net())]]).run(&[None]).unwrap_err().1;
    assert_eq!(text, "there is no average of `w`: `update` must come first");
}
