//! Narrow products and convolutions: what comes out is float32 and near what float32 gives, and so are the weights.

use crate::operators::{NETWORK, call, call_of, ramp, tensor, two_tasks, volume, voxels};
use crate::pipeline::{go, training};
use serde_json::{Value as Json, json};
use tch::{Kind, Tensor};
use voxloom_sdk::IntoValue;
use voxloom_testkit::calls::Instance;
use voxloom_testkit::host::Host;

/// How far results may be from float32's, as a part of their norm: a rounding to bfloat16 is at most 1/256, and some twenty of
/// them follow each other through group norms over few voxels.
const FAR: f64 = 0.1;

fn network(precision: &str) -> Instance {
    let params = json!({ "tasks": two_tasks(), "width": 0.125, "precision": precision });
    Instance::create(&NETWORK, &params, Host { seed: 3, grad: false }).expect("the parameters are right")
}

#[test]
fn bfloat16_gives_float32_near_that_of_float32() {
    let none = json!({});
    let (wide, narrow) = (network("float32"), network("bfloat16"));
    assert_eq!(wide.state(), narrow.state(), "the weights are the same float32 numbers");
    let image = || (ramp(&[2, 1, 32, 32, 32]) * 0.01).sin();
    let near = |what: &str, of: &dyn Fn(&Instance) -> Tensor| {
        let (expected, found) = (of(&wide), of(&narrow));
        assert_eq!(found.kind(), Kind::Float, "{what}");
        let gap = (&found - &expected).norm().double_value(&[]) / expected.norm().double_value(&[]);
        assert!(gap > 0.0 && gap < FAR, "{what}: off by {gap}");
    };
    let one = |net: &Instance, entry: (&str, &Json), inputs| call_of(net, entry, inputs).expect("right inputs");
    let features = |net: &Instance| one(net, ("features", &none), vec![Some(image().into_value())]);
    near("pooled", &|net| tensor(&features(net)[1]));
    let heads = |net: &Instance| {
        let given = features(net).iter().map(|value| Some(tensor(value).into_value())).collect();
        tensor(&one(net, ("heads", &none), given)[0])
    };
    near("heads", &heads);
    let task = json!(["anterior", "posterior"]);
    let inputs = || vec![Some(image().into_value()), Some(task.clone().into_value())];
    near("forward", &|net| tensor(&one(net, ("forward", &none), inputs())[0]));
    near("scores", &|net| tensor(&one(net, ("scores", &none), vec![Some(image().into_value())])[0]));
    let segment = json!({ "flips": false, "size": [32, 32, 32] });
    let whole = || vec![volume(image().narrow(0, 0, 1).view([32, 32, 32]))];
    near("segment", &|net| voxels(&one(net, ("segment", &segment), whole())[0]));
}

#[test]
fn float16_is_refused_on_the_cpu_with_a_remedy() {
    let params = json!({ "precision": "float16" });
    let message = call(&NETWORK, &params, ("features", &json!({})), Vec::new()).err().expect("there is no float16 on the CPU");
    assert_eq!(
        message,
        "precision is wrong here: float16 does not run on cpu: float16 needs a CUDA device (`--device cuda:0`), bfloat16 runs on CUDA and on the CPU"
    );
}

#[test]
fn bfloat16_trains_as_float32_does_and_keeps_float32_weights() {
    let folder = std::env::temp_dir().join(format!("voxloom-dodnet-precision-{}", std::process::id()));
    let losses = |precision: &str| -> Vec<f64> {
        let mut file = training();
        file["modules"]["net"]["params"]["precision"] = precision.into();
        let saved = json!({ "save": folder.join(precision), "modules": ["net"] });
        file["schedule"].as_array_mut().expect("a schedule").push(saved);
        let report = go(&file, 1);
        let steps = report.results.iter().filter_map(|item| item.results.get("step"));
        steps.map(|step| step["loss"]["loss"].as_f64().expect("a finite loss")).collect()
    };
    let (wide, narrow) = (losses("float32"), losses("bfloat16"));
    assert_eq!(wide.len(), 3);
    for (a, b) in wide.iter().zip(&narrow) {
        // The sum of Dice and cross-entropy is near 1.5 here; group norms over one voxel magnify roundings (0.05 was seen).
        assert!(a != b && (a - b).abs() < 0.1, "{wide:?} and {narrow:?}");
    }
    let read = |precision: &str| {
        let file = folder.join(precision).join("last/net.safetensors");
        let mut all = Tensor::read_safetensors(file).expect("the save at the end");
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    for ((name, _), (other, b)) in read("float32").iter().zip(&read("bfloat16")) {
        assert_eq!((name, b.kind()), (other, Kind::Float));
    }
    std::fs::remove_dir_all(folder).expect("the test's own folder");
}
