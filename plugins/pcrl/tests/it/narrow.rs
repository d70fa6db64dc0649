//! bfloat16: student, classifier and segmenter give and learn nearly what they do in float32; teacher and student take it as a parameter.

use crate::pipeline::{tensor, try_go};
use crate::support::{fill, indicators, pattern};
use serde_json::json;
use tch::{Device, Kind, Tensor};
use voxloom_core::run::Outcome;
use voxloom_goldens::{Limits, Pass, learns_alike};
use voxloom_parts::{Builder, Entries, Mode};
use voxloom_pcrl::finetune::{PictureNet, PictureNetConfig};
use voxloom_pcrl::network::{Activation, Config, Network};
use voxloom_precision::Precision;

/// A rounding to bfloat16 is 1/256 at most; some thirty convolutions follow each other, each with a norm, at the bottom over few values.
const LIMITS: Limits = Limits { result: 0.05, loss: 0.02, gradient: 0.4 };

fn check(entries: &Entries, pass: &dyn Fn(Mode) -> Tensor) {
    let run = |Pass { narrow, train }| {
        let precision = if narrow { Precision::Bfloat16 } else { Precision::Float32 };
        precision.run(Device::Cpu, || pass(if train { Mode::Train } else { Mode::Eval })).expect("the CPU has both")
    };
    let parameters: Vec<&Tensor> = entries.parameters().map(|named| &*named.tensor).collect();
    learns_alike(&parameters, &run, &|found| (found - 0.5).square().mean(Kind::Float), LIMITS);
}

/// All that the student gives, as one vector, beside a teacher that is itself.
fn student(config: Config, size: &[i64], rows: &serde_json::Value) {
    let net = Network::new(config, &Builder::given(|key, shape| fill("", key, shape))).expect("2 or 3 axes");
    let (image, indicators) = (pattern("narrow/x1", size), indicators(rows));
    let teacher = tch::no_grad(|| net.encode(&pattern("narrow/x2", size), Mode::Eval)).expect("the shape fits");
    check(net.entries(), &|mode| {
        let gate = net.gate(&indicators).expect("flips and turns");
        let out = net.forward(&image, &teacher, 0.7, Some((&gate, &gate)), mode).expect("the shapes fit");
        let [embedding, plain, hybrid] = [out.embedding, out.plain, out.hybrid].map(|part| part.to_kind(Kind::Float).view(-1));
        Tensor::cat(&[embedding * 0.1, plain, hybrid], 0)
    });
}

#[test]
fn the_student_in_two_and_three_dimensions() {
    let config = Config { width: 0.25, ..Config::default() };
    student(config, &[4, 3, 64, 64], &json!([[1, 0, 3], [0, 1, 2], [0, 0, 0], [1, 1, 1]]));
    let config = Config { dims: 3, activation: Activation::Prelu, ..config };
    student(config, &[2, 1, 16, 16, 16], &json!([[1, 0, 0, 3], [0, 1, 1, 2]]));
}

#[test]
fn classifier_and_segmenter() {
    let config = PictureNetConfig { input: 3, width: 0.25, outputs: Some(2), classes: Some(5) };
    let net = PictureNet::new(config, &Builder::given(|key, shape| fill("", key, shape)));
    let image = pattern("narrow/picture", &[4, 3, 64, 64]);
    check(net.entries(), &|mode| {
        let out = net.forward(&image, None, mode).expect("the shape fits");
        let parts = [out.mask, out.finding].map(|part| part.expect("both are made").to_kind(Kind::Float).view(-1));
        Tensor::cat(&parts, 0)
    });
}

#[test]
fn modules_give_float32_and_refuse_what_the_device_cannot() {
    let file = |precision: &str| {
        let params = json!({ "width": 0.0625, "precision": precision });
        json!({ "voxloom": 1, "about": "One call of a teacher, and what fine-tuning has.",
            "modules": {
                "student": { "op": "pcrl.student", "params": params },
                "teacher": { "op": "pcrl.teacher", "params": params, "use": { "student": "student" } },
                "finder": { "op": "pcrl.classifier", "params": params },
                "marker": { "op": "pcrl.segmenter", "params": params } },
            "graph": {
                "image": tensor(&[2, 3, 32, 32]),
                "taught": { "call": "teacher.encode", "in": { "image": "image" } },
                "seen": { "call": "student.encode", "in": { "image": "image" } },
                "found": { "call": "finder.forward", "in": { "image": "image" } },
                "marked": { "call": "marker.forward", "in": { "image": "image" } } } })
    };
    let report = try_go(&file("bfloat16")).expect("the modules can be made");
    assert_eq!((report.outcome, report.failures.len()), (Outcome::Completed, 0), "{:?}", report.failures);
    let refused = try_go(&file("float16")).expect_err("there is no float16 on the CPU");
    assert!(refused.contains("float16 does not run on cpu"), "{refused}");
}
