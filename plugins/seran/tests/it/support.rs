//! Goldens as tensors: the rule for weights and inputs, configurations, comparison.

use serde_json::Value as Json;
use tch::Tensor;
use voxloom_goldens::rounded;
pub use voxloom_goldens::{gap, norm, tensor, uniform, values};
use voxloom_parts::Builder;
use voxloom_seran::network::{Affinity, Excitation, Network, NetworkConfig, Placement, PrrConfig, Residual, SeabConfig};
use voxloom_testkit::golden::{self, Golden, u};

/// One file of the paper's folder.
pub fn file(name: &str) -> Golden {
    voxloom_goldens::read("seran", name)
}

/// A state's values by the rule of the goldens' README, times `gain`.
pub fn fill(key: &str, shape: &[i64], gain: f64) -> Tensor {
    let values: Vec<f64> = golden::fill(key, shape).into_iter().map(|value| value * gain).collect();
    rounded(&values, shape)
}

/// An image with values in [0, 1).
pub fn image(name: &str, shape: &[i64]) -> Tensor {
    let values: Vec<f64> = u(name, shape.iter().product::<i64>() as usize).into_iter().map(|u| 0.5 * (u + 1.0)).collect();
    rounded(&values, shape)
}

/// Elements `7919·j mod n`.
pub fn samples(tensor: &Tensor, count: usize) -> Vec<f64> {
    let all = values(tensor);
    (0..count.min(all.len())).map(|j| all[7919 * j % all.len()]).collect()
}

/// The same shape, and everywhere `|a - b| <= absolute + relative·|b|`.
#[track_caller]
pub fn near(file: &Golden, key: &str, found: &[f64], absolute: f64, relative: f64) {
    let expected = file.values(key);
    assert_eq!(found.len(), expected.len(), "{key}: number of values");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        let b = f64::from(*b);
        let gap = (a - b).abs();
        assert!(gap <= absolute + relative * b.abs(), "{key}: value {i} is {a}, expected {b} (off by {gap:.3e})");
    }
}

/// The tolerance of forward tensors.
#[track_caller]
pub fn forward_near(file: &Golden, key: &str, found: &Tensor) {
    let size: Vec<usize> = found.size().iter().map(|&n| n as usize).collect();
    assert_eq!(size, file.shape(key), "{key}: shape");
    near(file, key, &values(found), 2e-5, 1e-4);
}

pub fn seab_config(json: &Json) -> SeabConfig {
    let whole = |key: &str| json[key].as_i64().expect("a whole number");
    let affinity = if json["affinity"] == "count" { Affinity::Count } else { Affinity::SoftmaxRow };
    let norm = json["prr_bn"] == true;
    SeabConfig {
        c_m: whole("c_m"),
        c_n: whole("c_n"),
        prr: (json["prr"] == true).then(|| PrrConfig { inter: whole("prr_inter"), affinity, norm }),
        excitation: if json["excitation_softmax"] == "positions" { Excitation::Positions } else { Excitation::Descriptors },
        residual: if json["res_scale"] == "fixed" { Residual::Fixed(0.1) } else { Residual::Learnable },
    }
}

pub fn config(json: &Json) -> NetworkConfig {
    let whole = |key: &str| json[key].as_i64().expect("a whole number");
    NetworkConfig {
        n_colors: whole("n_colors"),
        n_feats: whole("n_feats"),
        n_resgroups: whole("n_resgroups") as usize,
        n_resblocks: whole("n_resblocks") as usize,
        scale: whole("scale"),
        block_res_scale: json["block_res_scale"].as_f64().expect("a number"),
        ca_reduction: (json["channel_attention"] == true).then(|| whole("ca_reduction")),
        placement: match json["seab_placement"].as_str() {
            Some("group") => Placement::Group,
            Some("block") => Placement::Block,
            _ => Placement::None,
        },
        seab: seab_config(&json["seab"]),
    }
}

/// A case's network with the rule's weights and the case's gains.
pub fn network(case: &Json) -> Network {
    network_with(config(&case["config"]), &case["gains"])
}

pub fn network_with(config: NetworkConfig, gains: &Json) -> Network {
    let gains: Vec<(String, f64)> = gains
        .as_array()
        .expect("a list of gains")
        .iter()
        .map(|pair| (pair[0].as_str().expect("a suffix").to_owned(), pair[1].as_f64().expect("a factor")))
        .collect();
    let build = Builder::given(|name, shape| {
        let gain = gains.iter().filter(|(suffix, _)| name.ends_with(suffix.as_str())).map(|(_, gain)| gain).product();
        fill(name, shape, gain)
    });
    Network::new(&build, config).expect("a right configuration")
}

/// The small configuration of the goldens, its gains beside it.
pub fn small() -> (NetworkConfig, Json) {
    let case = file("model_small").meta("cases")["small_x2"].clone();
    (config(&case["config"]), case["gains"].clone())
}
