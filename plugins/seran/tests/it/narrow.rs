//! bfloat16: the network gives and learns nearly what it does in float32; volumes too.

use crate::operators::{NETWORK, call, field, instance, volume, voxels};
use crate::pipeline::{go, training};
use crate::support::{image, network_with, small};
use serde_json::json;
use tch::{Device, Kind, Reduction, Tensor};
use voxloom_goldens::{Limits, Pass, learns_alike};
use voxloom_precision::Precision;
use voxloom_seran::network::Mode;

/// A rounding to bfloat16 is 1/256 at most, and there is no norm that would magnify it.
const LIMITS: Limits = Limits { result: 0.02, loss: 0.01, gradient: 0.1 };

#[test]
fn the_small_network() {
    let (config, gains) = small();
    let net = network_with(config, &gains);
    let (lr, hr) = (image("narrow/lr", &[2, 1, 12, 10]), image("narrow/hr", &[2, 1, 24, 20]));
    let run = |Pass { narrow, train }| {
        let (precision, mode) =
            (if narrow { Precision::Bfloat16 } else { Precision::Float32 }, if train { Mode::Train } else { Mode::Eval });
        precision.run(Device::Cpu, || net.forward(&lr, mode)).expect("the CPU has both").expect("the shape fits")
    };
    let parameters: Vec<&Tensor> = net.entries().parameters().map(|named| &*named.tensor).collect();
    learns_alike(&parameters, &run, &|sr| sr.l1_loss(&hr, Reduction::Mean), LIMITS);
}

#[test]
fn a_volume_comes_out_in_float32() {
    let fine = |precision: &str| {
        let params = json!({ "n_feats": 8, "n_resgroups": 1, "n_resblocks": 1, "c_n": 4, "precision": precision });
        let net = instance(&NETWORK, &params).expect("right parameters");
        let how = json!({ "self_ensemble": true });
        field(&call(&net, ("upscale", how), vec![volume(voxels())]).expect("right inputs")[0], "data")
    };
    let (wide, narrow) = (fine("float32"), fine("bfloat16"));
    assert_eq!((wide.kind(), narrow.kind()), (Kind::Float, Kind::Float));
    let off = ((&wide - &narrow).norm() / wide.norm()).double_value(&[]);
    assert!(off > 0.0 && off < LIMITS.result, "off by {off}");
    let refused = instance(&NETWORK, &json!({ "precision": "float16" })).err().expect("there is no float16 on the CPU");
    assert!(refused.contains("float16 does not run on cpu"), "{refused}");
}

#[test]
fn steps_go_on() {
    let mut file = training("train", true);
    file["modules"]["net"]["params"]["precision"] = json!("bfloat16");
    let report = go(&file, 2);
    let losses: Vec<f64> = report.results.iter().filter_map(|item| item.results.get("step")?["loss"]["loss"].as_f64()).collect();
    assert!(losses.len() == 4 && losses.iter().all(|loss| loss.is_finite()), "{losses:?}");
}
