//! Goldens as tensors: networks with the rule's weights, images, values to compare.

use std::path::PathBuf;
use tch::{Device, Kind, Tensor};
use voxloom_parts::Builder;
use voxloom_pcrl::network::{Config, Network};
use voxloom_testkit::golden::{Golden, folder, u};

/// One golden file by its name.
pub fn golden(name: &str) -> Golden {
    // Tests run side by side: one core each.
    tch::set_num_threads(1);
    Golden::read(&path(&format!("{name}.safetensors")))
}

pub fn path(name: &str) -> PathBuf {
    folder("pcrl").join(name)
}

fn count(shape: &[i64]) -> usize {
    shape.iter().product::<i64>() as usize
}

/// Numbers of float64 as float32 rounds them.
pub fn tensor(values: &[f64], shape: &[i64]) -> Tensor {
    Tensor::from_slice(values).to_kind(Kind::Float).view(shape)
}

/// `uniform(name, shape)`.
pub fn uniform(name: &str, shape: &[i64]) -> Tensor {
    tensor(&u(name, count(shape)), shape)
}

/// The fill rule of the goldens' README.
pub fn fill(prefix: &str, key: &str, shape: &[i64]) -> Tensor {
    let leaf = key.rsplit('.').next().unwrap_or(key);
    let drawn = u(&format!("{prefix}{key}"), count(shape));
    let scale = (3.0 / shape.iter().skip(1).product::<i64>() as f64).sqrt();
    let value = |u: f64| match (leaf, shape.len()) {
        ("num_batches_tracked", _) => 0.0,
        ("running_mean", _) => 0.1 * u,
        ("running_var", _) => 1.0 + 0.5 * u.abs(),
        (_, 2..) => u * scale,
        ("weight", _) => 1.0 + 0.1 * u,
        _ => 0.1 * u,
    };
    tensor(&drawn.into_iter().map(value).collect::<Vec<f64>>(), shape)
}

/// The paper's network with the weights of the rule.
pub fn network(dims: usize, prefix: &str) -> Network {
    let build = Builder::given(|key, shape| fill(prefix, key, shape));
    Network::new(Config { dims, ..Config::default() }, &build).expect("2 or 3 axes")
}

/// `pattern(name, shape)`, before rounding.
pub fn pattern(name: &str, shape: &[i64]) -> Tensor {
    let axes = shape.len() - 2;
    let mut small = vec![shape[0], shape[1]];
    small.extend(std::iter::repeat_n(4, axes));
    let mut coarse = Tensor::from_slice(&u(&format!("{name}/coarse"), count(&small))).view(small.as_slice());
    for (axis, size) in (0..).zip(shape).skip(2) {
        coarse = coarse.repeat_interleave_self_int(size / 4, axis, None);
    }
    let fine = Tensor::from_slice(&u(&format!("{name}/fine"), count(shape))).view(shape);
    (coarse * 0.6 + fine * 0.4).to_kind(Kind::Float)
}

/// An image of a case: `2 · pattern` in 2D, `0.5 · (pattern + 1)` in 3D.
pub fn image(name: &str, shape: &[i64]) -> Tensor {
    let pattern = pattern(name, shape);
    if shape.len() == 4 { pattern * 2.0 } else { ((pattern.to_kind(Kind::Double) + 1.0) * 0.5).to_kind(Kind::Float) }
}

/// Rows `[flips…, quarter turns]` of a config as indicator vectors.
pub fn indicators(json: &serde_json::Value) -> Tensor {
    let rows: Vec<Vec<i64>> = json.as_array().expect("rows").iter().map(voxloom_testkit::golden::integers).collect();
    let flat: Vec<f32> = rows
        .iter()
        .flat_map(|row| {
            let (turns, flips) = row.split_last().expect("flips and turns");
            let turns = (0..4).map(|k| f32::from(u8::from(k == *turns)));
            flips.iter().map(|flip| *flip as f32).chain(turns).collect::<Vec<f32>>()
        })
        .collect();
    Tensor::from_slice(&flat).view([rows.len() as i64, -1])
}

/// Shape of a case's images.
pub fn shape(config: &serde_json::Value) -> Vec<i64> {
    let size = voxloom_testkit::golden::integers(&config["size"]);
    let channels = if size.len() == 2 { 3 } else { 1 };
    [vec![config["B"].as_i64().expect("a batch"), channels], size].concat()
}

/// All values, row-major, in float64.
pub fn values(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Double).contiguous().view(-1);
    Vec::try_from(flat).expect("a flat tensor of float64")
}

/// Length of the vector of all values.
pub fn l2(tensor: &Tensor) -> f64 {
    tensor.detach().to_kind(Kind::Double).norm().double_value(&[])
}

/// The largest difference over the golden's largest value.
#[track_caller]
pub fn near(file: &Golden, key: &str, found: &[f64], tolerance: f64) {
    let largest = file.values(key).iter().fold(0f32, |most, value| most.max(value.abs()));
    // Goldens that are 0 throughout are met to that many digits after the point.
    let scale = if largest == 0.0 { 1.0 } else { f64::from(largest) };
    file.close(key, found, tolerance * scale);
}

/// A tensor that is stored whole, or as every n-th value and statistics.
#[track_caller]
pub fn check(file: &Golden, key: &str, found: &Tensor, tolerance: f64) {
    let flat = values(found);
    if file.has(key) {
        return near(file, key, &flat, tolerance);
    }
    let start = format!("{key}@stride");
    let sampled = file.keys().find(|other| other.starts_with(&start)).unwrap_or_else(|| panic!("{}: no `{key}`", file.name));
    let stride: usize = sampled[start.len()..].parse().expect("a number");
    near(file, sampled, &flat.iter().copied().step_by(stride).collect::<Vec<f64>>(), tolerance);
    let n = flat.len() as f64;
    let extreme = |pick: fn(f64, f64) -> f64| flat.iter().copied().reduce(pick).expect("values");
    let found = [
        flat.iter().sum::<f64>() / n,
        flat.iter().map(|value| value.abs()).sum::<f64>() / n,
        flat.iter().map(|value| value * value).sum::<f64>().sqrt(),
        extreme(f64::min),
        extreme(f64::max),
    ];
    let key = format!("{key}@stats");
    let expected = file.values(&key);
    let largest = f64::from(expected[3].abs().max(expected[4].abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let scale = if i == 2 { f64::from(*expected) } else { largest };
        let gap = (found - f64::from(*expected)).abs();
        assert!(gap <= tolerance * scale, "{}: {key}[{i}] is {found}, expected {expected}", file.name);
    }
}

/// Every buffer that a golden holds under `prefix`, whole or as its length.
#[track_caller]
pub fn check_buffers(file: &Golden, prefix: &str, network: &Network, tolerance: f64) -> usize {
    let mut compared = 0;
    for key in file.keys().filter(|key| key.starts_with(prefix)).map(str::to_owned).collect::<Vec<_>>() {
        let name = &key[prefix.len()..];
        let (name, whole) = name.strip_suffix("@l2").map_or((name, true), |name| (name, false));
        let buffer = network.entries().get(name).unwrap_or_else(|| panic!("no `{name}`"));
        let found = if whole { values(buffer) } else { vec![l2(buffer)] };
        near(file, &key, &found, tolerance);
        compared += 1;
    }
    compared
}
