//! `loss*`, `grads*`, `train_steps*`: losses, gradients, steps of the optimizer.

use crate::support::{KINDS, batch, network_of, tensor, values};
use tch::{Kind, Tensor};
use voxloom_dodnet::loss::{Loss, LossOptions, partial_loss};
use voxloom_dodnet::network::Network;
use voxloom_testkit::golden::{Golden, sample, stats, u};

fn terms(loss: &Loss) -> Vec<f64> {
    [&loss.dice, &loss.bce, &loss.total].map(|term| term.double_value(&[])).to_vec()
}

#[test]
fn loss() {
    for file in Golden::all("dodnet", "loss") {
        for (case, about) in file.meta("cases").as_object().expect("cases by name") {
            let shape = voxloom_testkit::golden::integers(&about["shape"]);
            let count = shape.iter().product::<i64>() as usize;
            let voxels = count / (shape[0] * shape[1]) as usize;
            let scale = if case == "confident" { 30.0 } else { 3.0 };
            let logits: Vec<f64> = u(&format!("{}/{case}/logits", file.name), count).iter().map(|v| scale * v).collect();
            let drawn = u(&format!("{}/{case}/labels", file.name), count);
            let label = |i: usize| match case.as_str() {
                "soft" => 0.5 + 0.5 * drawn[i],
                "empty_fg" if i / voxels % 2 == 1 => 0.0,
                _ => f64::from(u8::from(drawn[i] > 0.2)),
            };
            let mut labels: Vec<f64> = (0..count).map(label).collect();
            for pair in about["ignored"].as_array().expect("a list").iter().map(voxloom_testkit::golden::integers) {
                let start = (pair[0] * shape[1] + pair[1]) as usize * voxels;
                labels[start..start + voxels].fill(-1.0);
            }
            let logits = tensor(&logits, &shape, Kind::Float).set_requires_grad(true);
            let loss = partial_loss(&logits, &tensor(&labels, &shape, Kind::Float), LossOptions::default()).expect("shapes fit");
            loss.total.backward();
            file.close(&format!("{case}.terms"), &terms(&loss), 1e-5);
            file.close(&format!("{case}.grad"), &values(&logits.grad()), 1e-6);
            let channels: Vec<f64> = loss.dice_per_channel.iter().map(|dice| dice.unwrap_or(-999.0)).collect();
            file.close(&format!("{case}.dice_per_channel"), &channels, 1e-5);
            let hidden = tensor(&labels, &shape, Kind::Float).eq(-1.0);
            assert_eq!((logits.grad() * hidden).abs().max().double_value(&[]), 0.0, "{case}: ignored channels learn nothing");
        }
    }
}

#[test]
fn gradients() {
    for file in Golden::all("dodnet", "grads") {
        for kind in KINDS {
            let double = kind == Kind::Double;
            let suffix = if double { "_f64" } else { "" };
            let net = network_of(&file, kind);
            let (image, label) = batch(&file.name, &file, kind);
            let logits = net.forward(&image, &file.integers("tasks")).expect("the shape fits");
            let loss = partial_loss(&logits, &label, LossOptions::default()).expect("shapes fit");
            loss.total.backward();
            file.close(&format!("terms{suffix}"), &terms(&loss), if double { 2e-6 } else { 1e-4 });
            let flat = values(&logits);
            file.close("logits.sample", &sample(&flat, file.values("logits.sample").len()), 5e-4);
            file.close("logits.stats", &relative(&stats(&flat), file.values("logits.stats")), 5e-4);
            for (name, parameter) in net.named() {
                let grad = values(&parameter.grad());
                norm(&file, &format!("grad_l2{suffix}/{name}"), &grad, if double { 1e-5 } else { 2e-3 });
                slice(&file, &format!("grad{suffix}/{name}"), &grad, if double { 1e-5 } else { 3e-2 });
            }
        }
    }
}

/// A norm against the golden's, relative.
fn norm(file: &Golden, key: &str, found: &[f64], tolerance: f64) {
    let expected = f64::from(file.values(key)[0]);
    file.close(key, &stats(found)[..1], tolerance * expected.abs().max(1e-12));
}

/// Some values against the golden's, relative to the largest; not every parameter has any.
fn slice(file: &Golden, key: &str, found: &[f64], tolerance: f64) {
    if !file.has(key) {
        return;
    }
    let largest = file.values(key).iter().fold(0f32, |most, value| most.max(value.abs()));
    file.close(key, &sample(found, file.values(key).len()), tolerance * f64::from(largest));
}

/// Statistics with the norm (a sum over all voxels) brought to the size of the others.
fn relative(found: &[f64; 5], expected: &[f32]) -> [f64; 5] {
    let norm = f64::from(expected[0]);
    [norm + (found[0] - norm) / norm, found[1], found[2], found[3], found[4]]
}

#[test]
fn train_steps() {
    for file in Golden::all("dodnet", "train_steps") {
        for (run, rate) in file.meta("lrs").as_object().expect("runs by name") {
            for kind in KINDS {
                steps(&file, run, rate.as_f64().expect("a rate"), kind);
            }
        }
        let epochs = f64::from(u32::try_from(file.meta("lr_epochs_total").as_u64().expect("a number")).expect("a small number"));
        let base = file.meta("lr_base").as_f64().expect("a rate");
        let rates: Vec<f64> =
            file.values("lr_epochs").iter().map(|epoch| voxloom_dodnet::loss::poly(base, f64::from(*epoch) / epochs)).collect();
        file.close("lr", &rates, 1e-8);
    }
}

/// Three steps of SGD with Nesterov momentum 0.99 on one batch.
fn steps(file: &Golden, run: &str, rate: f64, kind: Kind) {
    let double = kind == Kind::Double;
    let suffix = if double { "_f64" } else { "" };
    let net = network_of(file, kind);
    let (image, label) = batch(&file.name, file, kind);
    let start: Vec<Vec<f64>> = net.named().map(|(_, parameter)| values(parameter)).collect();
    let mut momentum: Vec<Option<Tensor>> = start.iter().map(|_| None).collect();
    let mut losses = Vec::new();
    for step in 0..=3 {
        let logits = net.forward(&image, &file.integers("tasks")).expect("the shape fits");
        let loss = partial_loss(&logits, &label, LossOptions::default()).expect("shapes fit");
        losses.extend(terms(&loss));
        if step == 3 {
            break;
        }
        loss.total.backward();
        tch::no_grad(|| sgd(&net, &mut momentum, rate));
        if run == "main" && step != 1 {
            moved(file, &net, &start, &format!("step{}", step + 1), double);
        }
    }
    let tolerance = if double {
        1e-5
    } else if run == "main" {
        5e-4
    } else {
        1e-2
    };
    file.close(&format!("{run}.losses{suffix}"), &losses, tolerance);
}

fn sgd(net: &Network, momentum: &mut [Option<Tensor>], rate: f64) {
    for ((_, parameter), velocity) in net.named().zip(momentum) {
        let mut parameter = parameter.shallow_clone();
        let grad = parameter.grad().copy();
        let v = velocity.take().map_or_else(|| grad.copy(), |v| v * 0.99 + &grad);
        let _ = parameter.g_sub_(&((&grad + &v * 0.99) * rate));
        *velocity = Some(v);
        parameter.zero_grad();
    }
}

/// How far every parameter has moved since the start.
fn moved(file: &Golden, net: &Network, start: &[Vec<f64>], step: &str, double: bool) {
    for ((name, parameter), start) in net.named().zip(start) {
        let now = values(parameter);
        let delta: Vec<f64> = now.iter().zip(start).map(|(now, start)| now - start).collect();
        if double {
            norm(file, &format!("delta_l2_f64/{step}/{name}"), &delta, 1e-5);
            slice(file, &format!("delta_f64/{step}/{name}"), &delta, 1e-5);
            continue;
        }
        // The gradients' own float32 tolerance; rounding of the parameter itself adds to short moves.
        let rounding = 1e-7 * stats(start)[0];
        let key = format!("delta_l2/{step}/{name}");
        let expected = f64::from(file.values(&key)[0]);
        file.close(&key, &stats(&delta)[..1], 2e-3 * expected + rounding);
        let key = format!("param/{step}/{name}");
        if file.has(&key) {
            let most = delta.iter().fold(0f64, |most, value| most.max(value.abs()));
            file.close(&key, &sample(&now, file.values(&key).len()), 3e-2 * most + 1e-6);
        }
    }
}
