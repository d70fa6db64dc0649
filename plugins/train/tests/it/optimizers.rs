//! Optimizers: PyTorch's numbers, resumed bit for bit, stopped by what is not finite.

use crate::host::{Instance, Outcome, json, value};
use crate::net::Net;
use serde_json::json;
use tch::Tensor;
use voxloom_sdk::abi::status;
use voxloom_sdk::{Json, Value};
use voxloom_train::{Adam, AdamW, Optimizer, Sgd};

fn optimizer(op: &str, params: Json) -> Outcome<Instance> {
    match op {
        "train.sgd" => Instance::module::<Optimizer<Sgd>>(params),
        "train.adam" => Instance::module::<Optimizer<Adam>>(params),
        _ => Instance::module::<Optimizer<AdamW>>(params),
    }
}

fn net() -> Instance {
    Instance::module::<Net>(json!({})).unwrap()
}

fn sgd(params: Json) -> Instance {
    optimizer("train.sgd", params).unwrap()
}

/// Loss of one item, then the step on it.
fn step(net: &Instance, optimizer: &Instance, c: &[f32], with_v: bool) -> Outcome<Json> {
    let loss = net.bind("loss", json!({}), &[]).run(&[value(Tensor::from_slice(c)), value(json!(with_v))]).unwrap();
    step_on(net, optimizer, loss.into_iter().next().unwrap())
}

fn step_on(net: &Instance, optimizer: &Instance, loss: Value) -> Outcome<Json> {
    let report = optimizer.bind("step", json!({}), &[&[("net", net)]]).run(&[Some(loss)])?;
    Ok(json(&report[0]))
}

fn weights(net: &Instance) -> Json {
    json(&net.bind("weights", json!({}), &[]).run(&[]).unwrap()[0])
}

fn floats(json: &Json) -> Vec<f32> {
    json.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

#[test]
fn steps_equal_pytorch() {
    let text = include_str!("../goldens/optimizers.json");
    let goldens: Json = serde_json::from_str(text).unwrap();
    for case in goldens["cases"].as_array().unwrap() {
        let (net, optimizer) = (net(), optimizer(case["op"].as_str().unwrap(), case["params"].clone()).unwrap());
        let mut worst = 0f32;
        for (index, item) in case["items"].as_array().unwrap().iter().enumerate() {
            step(&net, &optimizer, &floats(&item["c"]), index % 2 == 0).unwrap();
            let found = weights(&net);
            for name in ["w", "v"] {
                let pairs = floats(&found[name]).into_iter().zip(floats(&item[name]));
                worst = pairs.map(|(found, expected)| (found - expected).abs()).fold(worst, f32::max);
            }
        }
        // Tolerance: goldens/README.md.
        assert!(worst <= 2e-6, "{}: off by {worst:e}", case["case"]);
    }
    assert_eq!(goldens["cases"].as_array().unwrap().len(), 12);
}

#[test]
fn twenty_steps_are_ten_and_ten_after_a_resume() {
    let folder = tempfile::tempdir().unwrap();
    let common = json!({"lr": 0.03, "accumulate": 3, "clip_norm": 1.0, "loss_scale": {"interval": 4},
        "schedule": {"curve": "cosine", "total": 20, "warmup": 2}});
    for (op, own) in
        [("train.sgd", json!({"momentum": 0.9, "nesterov": true})), ("train.adam", json!({})), ("train.adamw", json!({}))]
    {
        let mut params = common.clone();
        params.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let item = |net: &Instance, optimizer: &Instance, index: usize| {
            let c: Vec<f32> = (0..5).map(|i| ((i + 3 * index) as f32).cos()).collect();
            step(net, optimizer, &c, index.is_multiple_of(2)).unwrap()
        };
        let (whole_net, whole) = (net(), optimizer(op, params.clone()).unwrap());
        let straight: Vec<Json> = (0..60).map(|index| item(&whole_net, &whole, index)).collect();

        let (first_net, first) = (net(), optimizer(op, params.clone()).unwrap());
        // 31 items: in the midst of a step's three.
        let mut resumed: Vec<Json> = (0..31).map(|index| item(&first_net, &first, index)).collect();
        let (net_file, file) = (folder.path().join("net.safetensors"), folder.path().join("optimizer.safetensors"));
        first_net.save(&net_file).unwrap();
        first.save(&file).unwrap();
        let (second_net, second) = (net(), optimizer(op, params).unwrap());
        second_net.load(&net_file).unwrap();
        second.load(&file).unwrap();
        second.save(&folder.path().join("again.safetensors")).unwrap();
        assert_eq!(
            std::fs::read(&file).unwrap(),
            std::fs::read(folder.path().join("again.safetensors")).unwrap(),
            "saved again unchanged"
        );
        resumed.extend((31..60).map(|index| item(&second_net, &second, index)));

        assert_eq!(straight, resumed, "{op}");
        assert_eq!(weights(&whole_net), weights(&second_net), "{op}");
        assert_eq!(straight[59]["step"], 20);
    }
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_changes_nothing() {
    let (net, optimizer) = (net(), sgd(json!({"lr": 0.1, "momentum": 0.9})));
    step(&net, &optimizer, &[1.0; 5], true).unwrap();
    let before = weights(&net);
    let (code, text) = step(&net, &optimizer, &[f32::NAN; 5], true).unwrap_err();
    assert_eq!(code, status::FATAL);
    assert!(text.starts_with("node `step`, step 2: the loss is NaN; no weight was changed"), "{text}");
    assert_eq!(weights(&net), before);
}

#[test]
fn a_gradient_that_is_not_finite_stops_the_run_too() {
    let (net, optimizer) = (net(), sgd(json!({"lr": 0.1})));
    let before = weights(&net);
    // The loss is finite, its gradient (w / 0-length vector's root) is not.
    let zero = Tensor::from_slice(&[0f32]).set_requires_grad(true);
    let loss = zero.sqrt().sum(tch::Kind::Float);
    let gradient = Tensor::run_backward(&[&loss], &[&zero], true, false);
    assert!(!gradient[0].double_value(&[0]).is_finite());
    let w_loss = net.bind("loss", json!({}), &[]).run(&[value(Tensor::from_slice(&[0f32; 5])), value(json!(true))]).unwrap();
    let w_loss = voxloom_sdk::tensor_of(&w_loss[0]).unwrap();
    let (code, text) = step_on(&net, &optimizer, value((&w_loss - w_loss.detach()).sqrt()).unwrap()).unwrap_err();
    assert_eq!(code, status::FATAL);
    assert!(text.starts_with("node `step`, step 1: the gradient's norm is") && text.contains("no weight was changed"), "{text}");
    assert_eq!(weights(&net), before);
}

#[test]
fn loss_scaling_changes_no_bit_and_backs_off_when_it_overflows() {
    let (plain_net, plain) = (net(), sgd(json!({"lr": 0.1, "momentum": 0.9})));
    let (scaled_net, scaled) =
        (net(), sgd(json!({"lr": 0.1, "momentum": 0.9, "loss_scale": {"initial": 1024.0, "interval": 2}})));
    for index in 0..5u8 {
        let c = [f32::from(index), 0.5, -0.25, 1.0, 0.125];
        step(&plain_net, &plain, &c, true).unwrap();
        let report = step(&scaled_net, &scaled, &c, true).unwrap();
        assert_eq!(report["scale"], [1024.0, 2048.0, 2048.0, 4096.0, 4096.0][usize::from(index)]);
    }
    assert_eq!(weights(&plain_net), weights(&scaled_net), "a power of two changes no digit");

    let (net, optimizer) = (net(), sgd(json!({"lr": 0.1, "loss_scale": {"initial": 2e38}})));
    let before = weights(&net);
    let report = step(&net, &optimizer, &[4.0; 5], true).unwrap();
    assert_eq!((&report["stepped"], &report["step"], &report["scale"]), (&json!(false), &json!(0), &json!(1e38)));
    assert_eq!(weights(&net), before);
}

#[test]
fn one_optimizer_steps_several_networks() {
    let (a, b, optimizer) = (net(), net(), sgd(json!({"lr": 0.1})));
    let loss = |net: &Instance| {
        let outputs = net.bind("loss", json!({}), &[]).run(&[value(Tensor::from_slice(&[1f32; 5])), value(json!(true))]).unwrap();
        voxloom_sdk::tensor_of(&outputs[0]).unwrap()
    };
    let both = value(loss(&a) + loss(&b));
    optimizer.bind("step", json!({}), &[&[("a", &a), ("b", &b)]]).run(&[both]).unwrap();
    assert_eq!(weights(&a), weights(&b));
    assert_ne!(weights(&a), weights(&net()));
    let folder = tempfile::tempdir().unwrap();
    optimizer.save(&folder.path().join("o")).unwrap();
    let other = sgd(json!({"lr": 0.1}));
    other.load(&folder.path().join("o")).unwrap();
    let (code, text) = step(&a, &other, &[1.0; 5], true).unwrap_err();
    assert_eq!(code, status::FATAL);
    assert_eq!(
        text,
        "the optimizer's saved state belongs to another network: 4 of its entries do not fit: a.v (no such weight), a.w (no such weight), b.v (no such weight), b.w (no such weight)"
    );
}

#[test]
fn says_what_is_wrong_with_parameters_and_files() {
    let refuse = |op: &str, params: Json| optimizer(op, params).err().unwrap();
    assert_eq!(
        refuse("train.sgd", json!({"lr": 0.1, "nesterov": true})),
        (status::INVALID, "nesterov\tneeds momentum above 0 and dampening 0".to_owned())
    );
    let text = refuse("train.adam", json!({"schedule": {"curve": "polynomial"}})).1;
    assert_eq!(text, "schedule.total\tis missing: the curve ends there");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    sgd(json!({"lr": 0.1})).save(&file).unwrap();
    let text = optimizer("train.adam", json!({})).unwrap().load(&file).unwrap_err().1;
    assert!(text.ends_with("state: this is the state of train.sgd, expected train.adam"), "{text}");
    net().save(&file).unwrap();
    let text = sgd(json!({"lr": 0.1})).load(&file).unwrap_err().1;
    assert!(text.ends_with("state: this is no optimizer's state"), "{text}");
}

#[test]
fn a_loss_without_a_graph_is_refused_with_the_reason() {
    let (net, optimizer) = (net(), sgd(json!({"lr": 0.1})));
    let (code, text) = step_on(&net, &optimizer, value(Tensor::from(1.0f32)).unwrap()).unwrap_err();
    assert_eq!(code, status::FATAL);
    assert!(text.contains("the loss carries no gradient: it does not come from a trainable network's output"), "{text}");
    let (_, text) = step_on(&net, &optimizer, value(Tensor::zeros([2], tch::kind::FLOAT_CPU)).unwrap()).unwrap_err();
    assert_eq!(text, "node `step`, step 1: the loss must be one number, got shape [2]");
}
