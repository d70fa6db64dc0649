//! Goldens as tensors: the network with the rule's weights, inputs, values to compare.

use tch::{Kind, Tensor};
use voxloom_dodnet::network::{Network, NetworkConfig};
pub use voxloom_goldens::{tensor as golden, values};
use voxloom_testkit::golden::{Golden, u, up};

/// The precisions that a golden can be compared in: float32, and float64 against the tensors of that name.
pub const KINDS: [Kind; 2] = [Kind::Float, Kind::Double];

/// The paper's network with the weights of the fill rule.
pub fn network(prefix: &str, weight_std: bool, kind: Kind) -> Network {
    // Tests run side by side: one core each.
    tch::set_num_threads(1);
    let config = NetworkConfig { weight_std, ..NetworkConfig::default() };
    let value = |name: &str, shape: &[i64]| voxloom_goldens::fill(&format!("{prefix}{name}"), shape).to_kind(kind);
    Network::from_fn(config, |parameter| value(&parameter.name, &parameter.shape).set_requires_grad(true))
        .expect("the plan's own shapes")
}

/// The network that a golden file was made with.
pub fn network_of(golden: &Golden, kind: Kind) -> Network {
    let weight_std = !golden.has_meta("weight_std") || golden.meta("weight_std").as_bool().expect("a boolean");
    network(golden.text("weights_prefix"), weight_std, kind)
}

/// `u(name)` as float32 rounds it, in `kind`.
pub fn input(name: &str, shape: &[i64], kind: Kind) -> Tensor {
    voxloom_goldens::uniform(name, shape).to_kind(kind)
}

/// Values as float32 rounds them, in `kind`.
pub fn tensor(values: &[f64], shape: &[i64], kind: Kind) -> Tensor {
    voxloom_goldens::rounded(values, shape).to_kind(kind)
}

/// A training batch of `grads` and `train_steps`: image and label.
pub fn batch(name: &str, file: &Golden, kind: Kind) -> (Tensor, Tensor) {
    let shape = file.integers("input_shape");
    let (n, volume) = (shape[0] as usize, [shape[2], shape[3], shape[4]].map(|n| n as usize));
    let count: usize = volume.iter().product();
    let cells = |what: &str, key: &str| -> Vec<f64> {
        let k = file.meta(key).as_u64().expect("a number") as usize;
        let small = volume.map(|n| n / k);
        let each: usize = small.iter().product();
        u(&format!("{name}/{what}"), n * each).chunks(each).flat_map(|one| up(one, small, k)).collect()
    };
    let organ: Vec<f64> = cells("organ", "organ_cell").iter().map(|&v| f64::from(u8::from(v > 0.0))).collect();
    let tumour: Vec<f64> =
        cells("tumor", "tumor_cell").iter().zip(&organ).map(|(&v, o)| f64::from(u8::from(v > 0.3)) * o).collect();
    let noise = u(&format!("{name}/x"), n * count);
    let image: Vec<f64> = (0..n * count).map(|i| 0.5 * noise[i] + 0.5 * organ[i] - 0.25 * tumour[i] - 0.1).collect();
    let label: Vec<f64> = file
        .integers("tasks")
        .iter()
        .enumerate()
        .flat_map(|(i, task)| {
            let range = i * count..(i + 1) * count;
            let channel = |values: &[f64], hidden: bool| if hidden { vec![-1.0; count] } else { values[range.clone()].to_vec() };
            [channel(&organ, matches!(task, 4 | 5)), channel(&tumour, *task == 6)].concat()
        })
        .collect();
    let two = [shape[0], 2, shape[2], shape[3], shape[4]];
    (tensor(&image, &shape, kind), tensor(&label, &two, kind))
}
