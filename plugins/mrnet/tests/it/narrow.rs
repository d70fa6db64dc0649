//! bfloat16: every network gives and learns nearly what it does in float32, and whole iterations go on.

use crate::pipeline::{go, training, whole};
use crate::support::{conditions, fill, uniform};
use serde_json::json;
use tch::{Device, Kind, Tensor};
use voxloom_core::run::RunOptions;
use voxloom_goldens::{Limits, Pass, learns_alike};
use voxloom_mrnet::losses::bce;
use voxloom_mrnet::network::{Coarse, NetworkConfig, Perception, Reconstruction};
use voxloom_parts::{Builder, Entries, Mode};
use voxloom_precision::Precision;
use voxloom_testkit::harness;

const CONFIG: NetworkConfig = NetworkConfig { raters: 6, structures: 2, width: 0.25 };

/// A rounding to bfloat16 is 1/256 at most; up to forty convolutions follow each other, each with a norm of few values.
const LIMITS: Limits = Limits { result: 0.05, loss: 0.02, gradient: 0.4 };

fn check(entries: &Entries, limits: Limits, pass: &dyn Fn(Mode) -> Tensor) {
    let run = |Pass { narrow, train }| {
        let precision = if narrow { Precision::Bfloat16 } else { Precision::Float32 };
        precision.run(Device::Cpu, || pass(if train { Mode::Train } else { Mode::Eval })).expect("the CPU has both")
    };
    let parameters: Vec<&Tensor> = entries.parameters().map(|named| &*named.tensor).collect();
    let truth = |logits: &Tensor| uniform("narrow/truth", &logits.size(), 1.0).gt(0.0).to_kind(Kind::Float);
    learns_alike(&parameters, &run, &|logits| bce(logits, &truth(logits)), limits);
}

fn image() -> Tensor {
    uniform("narrow/image", &[3, 3, 64, 64], 2.0)
}

fn maps() -> Tensor {
    uniform("narrow/coarse", &[3, 2, 64, 64], 3.0)
}

#[test]
fn the_coarse_network() {
    let net = Coarse::build(CONFIG, &Builder::given(fill)).expect("a right width");
    let (image, weights) = (image(), conditions("narrow", 3).get(1));
    let pass = |mode| net.forward(&image, &weights, mode).expect("the shapes fit").logits;
    // With kept statistics the gradients are near. Those of a batch magnify roundings: at the bottleneck they are of 12 values a channel,
    // so that the gradient through all of the encoder was off by 1.8 of its length (by 0.75 for images of 128).
    check(net.entries(), Limits { gradient: 0.05, ..LIMITS }, &|_| pass(Mode::Eval));
    check(net.entries(), Limits { gradient: 3.0, ..LIMITS }, &pass);
}

#[test]
fn the_reconstruction_network() {
    let net = Reconstruction::build(CONFIG, &Builder::given(fill)).expect("a right width");
    let weights = conditions("narrow", 3).get(1);
    check(net.entries(), LIMITS, &|mode| net.forward(&image(), &maps(), &weights, mode).expect("the shapes fit"));
}

#[test]
fn the_perception_network() {
    let net = Perception::build(CONFIG, false, &Builder::given(fill)).expect("a right width");
    let raters = uniform("narrow/raters", &[3, 6, 2, 64, 64], 3.0);
    let features = uniform("narrow/features", &[3, CONFIG.feature_channels(), 32, 32], 1.0);
    check(net.entries(), LIMITS, &|mode| net.forward(&raters, &features, &maps(), mode).expect("the shapes fit").logits);
}

#[test]
fn iterations_go_on_and_weights_stay_float32() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = training(folder.path(), 2, 1);
    for module in ["coarse", "reconstruction", "perception"] {
        file["modules"][module]["params"]["precision"] = json!("bfloat16");
    }
    whole(&go(&file, 2, None));
    let saved = voxloom_weights::read(&folder.path().join("last/coarse.safetensors")).expect("a network");
    assert!(saved.tensors.iter().all(|tensor| ["F32", "I64"].contains(&tensor.dtype.name())));
    file["modules"]["coarse"]["params"]["precision"] = json!("float16");
    let names = ["voxloom_mrnet", "voxloom_synthetic", "voxloom_train"];
    let refused = harness::go(&names, &file, &RunOptions::default()).expect_err("there is no float16 on the CPU");
    assert!(refused.contains("float16 does not run on cpu"), "{refused}");
}
