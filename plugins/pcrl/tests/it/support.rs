//! Goldens as tensors: networks with the rule's weights, images, values to compare.

use std::path::PathBuf;
use tch::{Kind, Tensor};
pub use voxloom_goldens::{near, norm as l2, rounded as tensor, uniform, values};
use voxloom_parts::Builder;
use voxloom_pcrl::network::{Config, Network};
use voxloom_testkit::golden::{Golden, folder, u};

/// One golden file by its name.
pub fn golden(name: &str) -> Golden {
    voxloom_goldens::read("pcrl", name)
}

pub fn path(name: &str) -> PathBuf {
    folder("pcrl").join(name)
}

fn count(shape: &[i64]) -> usize {
    shape.iter().product::<i64>() as usize
}

/// The fill rule of the goldens' README.
pub fn fill(prefix: &str, key: &str, shape: &[i64]) -> Tensor {
    voxloom_goldens::fill(&format!("{prefix}{key}"), shape)
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
