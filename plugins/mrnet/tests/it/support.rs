//! Goldens as tensors: networks with the rule's weights, inputs of a case, comparison by the README's tolerances.

use tch::{Kind, Tensor};
use voxloom_goldens::rounded;
pub use voxloom_goldens::{fill, near, norm, tensor, values};
use voxloom_mrnet::network::{Coarse, NetworkConfig, Perception, Reconstruction, gaussian};
use voxloom_parts::{Builder, Entries};
use voxloom_testkit::golden::{Golden, u};

/// One golden file by its name.
pub fn golden(name: &str) -> Golden {
    voxloom_goldens::read("mrnet", name)
}

/// `factor · u(name)` as float32 rounds it.
pub fn uniform(name: &str, shape: &[i64], factor: f64) -> Tensor {
    let values: Vec<f64> = u(name, shape.iter().product::<i64>() as usize).into_iter().map(|u| factor * u).collect();
    rounded(&values, shape)
}

pub fn coarse() -> Coarse {
    Coarse::build(NetworkConfig::default(), &Builder::given(fill)).expect("the paper's sizes")
}

pub fn reconstruction() -> Reconstruction {
    Reconstruction::build(NetworkConfig::default(), &Builder::given(fill)).expect("the paper's sizes")
}

/// With the rule's kernel, which is noise, or the Gaussian.
pub fn perception(smooth: bool) -> Perception {
    let build = Builder::given(|name, shape| match name {
        "Soft.gaussian_kernel" if smooth => Tensor::from_slice(&gaussian()).view(shape),
        _ => fill(name, shape),
    });
    Perception::build(NetworkConfig::default(), false, &build).expect("the paper's sizes")
}

/// m, p and ave of a case: `[3, B, 6]`.
pub fn conditions(case: &str, b: i64) -> Tensor {
    let one = Tensor::zeros([b, 6], (Kind::Float, tch::Device::Cpu));
    for (row, u) in u(&format!("{case}/rater"), b as usize).into_iter().enumerate() {
        let _ = one.get(row as i64).get(((u + 1.0) / 2.0 * 6.0).floor() as i64).fill_(1.0);
    }
    let parts: Vec<f32> = u(&format!("{case}/weights"), (b * 6) as usize)
        .into_iter()
        .map(|u| ((u + 1.0) / 2.0 * 10.0).floor() as f32 + 1.0)
        .collect();
    let random: Vec<f32> = parts.chunks(6).flat_map(|row| row.iter().map(move |part| part / row.iter().sum::<f32>())).collect();
    let all = Tensor::from_slice(&vec![1f32 / 6.0; (b * 6) as usize]);
    Tensor::stack(&[one, Tensor::from_slice(&random).view([b, 6]), all.view([b, 6])], 0)
}

/// The raters' discs and cups of a case: `[B, 6, 2, H, W]`.
pub fn masks(case: &str, [b, h, w]: [i64; 3]) -> Tensor {
    let v = u(&format!("{case}/raters"), (b * 24) as usize);
    let (hf, wf) = (h as f64, w as f64);
    let mut values = Vec::with_capacity((b * 12 * h * w) as usize);
    for v in v.chunks(4) {
        let (cx, cy) = (wf / 2.0 + 0.06 * wf * v[0], hf / 2.0 + 0.06 * hf * v[1]);
        let disc = 0.33 * hf.min(wf) * (1.0 + 0.1 * v[2]);
        for radius in [disc, disc * (0.5 + 0.15 * v[3])] {
            for y in 0..h {
                for x in 0..w {
                    let (dx, dy) = (x as f64 + 0.5 - cx, y as f64 + 0.5 - cy);
                    values.push(if dx * dx + dy * dy < radius * radius { 1f32 } else { 0.0 });
                }
            }
        }
    }
    Tensor::from_slice(&values).view([b, 6, 2, h, w])
}

/// Every n-th element along the last axes.
pub fn every(tensor: &Tensor, steps: &[i64]) -> Tensor {
    let first = tensor.dim() - steps.len();
    steps.iter().enumerate().fold(tensor.shallow_clone(), |t, (i, &step)| t.slice((first + i) as i64, None, None, step))
}

/// Mean, root mean square, six elements.
pub fn summary(tensor: &Tensor) -> Vec<f64> {
    let all = values(tensor);
    let n = all.len() as f64;
    let q = (all.len() / 6).max(1);
    let mut out = vec![all.iter().sum::<f64>() / n, (all.iter().map(|v| v * v).sum::<f64>() / n).sqrt()];
    out.extend((0..6).map(|i| all[(i * q).min(all.len() - 1)]));
    out
}

/// Each value within `relative` of the golden's.
#[track_caller]
pub fn relative(file: &Golden, key: &str, found: &[f64], relative: f64) {
    let expected = file.values(key);
    assert_eq!(found.len(), expected.len(), "{key}: number of values");
    for (a, b) in found.iter().zip(expected) {
        let b = f64::from(*b);
        assert!((a - b).abs() <= relative * b.abs() + 1e-7, "{key}: {a}, expected {b} within {relative} of it");
    }
}

/// Of a convolution directly before a BatchNorm in training: 0 in theory.
fn is_free(name: &str) -> bool {
    let of_vgg = name.strip_prefix("conv").is_some_and(|rest| rest.as_bytes().get(1) == Some(&b'_'));
    name.ends_with(".bias")
        && (of_vgg || ["conv_block.0.", "conv_block.3.", "conv_block.6."].iter().any(|start| name.starts_with(start)))
}

/// Norms and first elements of gradients (`None` where the loss does not see the parameter), by the README's tolerances times `share` of a name.
pub fn check_gradients_within(
    share: &dyn Fn(&str) -> f64,
    file: &Golden,
    prefix: &str,
    entries: &Entries,
    gradient: &dyn Fn(&str) -> Option<Tensor>,
) {
    let mut compared = 0;
    for named in entries.parameters() {
        let (name, key) = (&named.name, format!("{prefix}grad_norm.{}", named.name));
        let Some(gradient) = gradient(name) else {
            assert!(!file.has(&key), "{name} has no gradient");
            continue;
        };
        let (found, expected) = (norm(&gradient), f64::from(file.values(&key)[0]));
        compared += 1;
        if is_free(name) {
            assert!(found < 1e-6, "{name}: {found:e}, 0 in theory");
            continue;
        }
        let (one, share) = (named.tensor.numel() == 1, share(name));
        let (absolute, relative) = match name.as_str() {
            "Soft.gaussian_kernel" => (0.0, 5e-2),
            _ if one => (3e-4, 1e-2),
            _ => (0.0, 1e-2),
        };
        let allowed = share * (absolute + relative * expected);
        assert!((found - expected).abs() <= allowed, "{prefix}{name}: {found}, expected {expected} within {allowed}");
        let key = format!("{prefix}grad_slice.{name}");
        if file.has(&key) {
            let slice: Vec<f64> = values(&gradient).into_iter().take(16).collect();
            let most = file.values(&key).iter().fold(0f32, |most, value| most.max(value.abs()));
            let relative = if name == "Soft.gaussian_kernel" { 3e-1 } else { 2e-2 };
            file.close(&key, &slice, share * (relative * f64::from(most) + if one { 3e-4 } else { 2e-5 }));
        }
    }
    assert_eq!(compared, file.keys().filter(|key| key.starts_with(&format!("{prefix}grad_norm."))).count());
}

/// By the README's tolerances.
pub fn check_gradients(file: &Golden, prefix: &str, entries: &Entries, gradient: &dyn Fn(&str) -> Option<Tensor>) {
    check_gradients_within(&|_| 1.0, file, prefix, entries, gradient);
}

/// Norms of running statistics, each within `share`.
pub fn check_buffers(file: &Golden, prefix: &str, entries: &Entries, share: f64) {
    let start = format!("{prefix}buf_norm.");
    let keys: Vec<String> = file.keys().filter(|key| key.starts_with(&start)).map(str::to_owned).collect();
    assert!(!keys.is_empty(), "{prefix}: no buffers");
    for key in keys {
        let buffer = entries.get(&key[start.len()..]).unwrap_or_else(|| panic!("no buffer for {key}"));
        relative(file, &key, &[norm(buffer)], share);
    }
}
