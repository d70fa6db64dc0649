//! `forward_*`: whole passes, every stage, one task or all of them from one trunk.

use crate::support::{KINDS, golden, input, network, network_of, values};
use std::collections::BTreeMap;
use tch::{Kind, Tensor};
use voxloom_testkit::golden::{Golden, sample, stats};

#[test]
fn forward() {
    for file in Golden::all("dodnet", "forward_") {
        for kind in KINDS {
            tch::no_grad(|| if file.has("head_inputs") { all_tasks(&file, kind) } else { one_task_each(&file, kind) });
        }
    }
}

/// One task a sample, as in training.
fn one_task_each(file: &Golden, kind: Kind) {
    let (net, tasks) = (network_of(file, kind), file.integers("tasks"));
    let image = input(&format!("{}/x", file.name), &file.integers("input_shape"), kind);
    let mut stages: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let features =
        net.features_seen(&image, &mut |name, x| drop(stages.insert(name.to_owned(), values(x)))).expect("the shape fits");
    let logits = net.forward(&image, &tasks).expect("the shape fits");
    file.close("params", &values(&net.head_parameters_each(&features.pooled, &tasks).expect("known tasks")), 1e-4);
    file.close("x_feat", &values(&features.pooled), 1e-4);
    file.close("logits", &values(&logits), 5e-4);
    if kind == Kind::Double && file.has("logits_f64") {
        file.close("logits_f64", &values(&logits), 5e-6);
    }
    for name in file.before(".sample").into_iter().filter_map(|key| key.strip_prefix("stage.")) {
        let stage = stages.get(name).unwrap_or_else(|| panic!("no stage `{name}`"));
        let [norm, mean, std, least, most] = stats(stage);
        let largest = least.abs().max(most.abs());
        let expected = file.values(&format!("stage.{name}.sample"));
        file.close(&format!("stage.{name}.sample"), &sample(stage, expected.len()), 1e-4 * largest);
        // The norm sums over all voxels: its own size is its measure.
        let expected = file.values(&format!("stage.{name}.stats"));
        let scales = [f64::from(expected[0]), largest, largest, largest, largest];
        let scaled: Vec<f64> = [norm, mean, std, least, most].iter().zip(scales).map(|(value, scale)| value / scale).collect();
        let expected: Vec<f32> = expected.iter().zip(scales).map(|(value, scale)| (f64::from(*value) / scale) as f32).collect();
        voxloom_testkit::golden::close(&format!("{}: stage.{name}.stats", file.name), &scaled, &expected, 1e-4);
    }
}

/// All tasks of one volume, from one trunk.
fn all_tasks(file: &Golden, kind: Kind) {
    let (net, tasks) = (network_of(file, kind), file.integers("tasks"));
    let image = input(&format!("{}/x", file.name), &file.integers("input_shape"), kind);
    let features = net.features(&image).expect("the shape fits");
    let largest = golden(file, "head_inputs").abs().max().double_value(&[]);
    file.close("head_inputs", &values(&features.map), 1e-4 * largest);
    file.close("x_feat", &values(&features.pooled), 1e-4);
    file.close("params", &values(&net.head_parameters(&features.pooled, &tasks).expect("known tasks")), 1e-4);
    file.close("logits", &values(&net.heads(&features, &tasks).expect("known tasks")), 5e-4);
}

fn small() -> (voxloom_dodnet::network::Network, Tensor) {
    (network("", true, Kind::Float), input("any/x", &[2, 1, 16, 32, 32], Kind::Float))
}

#[test]
fn training_and_inference_give_the_same_bits() {
    let (net, image) = small();
    let learning = net.forward(&image, &[1, 4]).expect("the shape fits");
    let inference = tch::no_grad(|| net.forward(&image, &[1, 4])).expect("the shape fits");
    assert!(learning.requires_grad() && !inference.requires_grad());
    assert!(learning.detach().equal(&inference));
}

#[test]
fn a_batch_of_tasks_is_its_samples_one_by_one() {
    let (net, image) = small();
    tch::no_grad(|| {
        let both = net.forward(&image, &[1, 4]).expect("the shape fits");
        for (n, task) in [(0, 1), (1, 4)] {
            let one = net.forward(&image.narrow(0, n, 1), &[task]).expect("the shape fits");
            let gap = (both.narrow(0, n, 1) - one).abs().max().double_value(&[]);
            assert!(gap < 1e-4, "sample {n}: {gap}");
        }
    });
}

#[test]
fn without_the_task_code_all_tasks_are_one() {
    let (net, image) = small();
    tch::no_grad(|| {
        let differ = |net: &voxloom_dodnet::network::Network| {
            let features = net.features(&image).expect("the shape fits");
            let [a, b] = [0, 6].map(|task| net.heads(&features, &[task]).expect("known tasks"));
            (a - b).abs().max().double_value(&[])
        };
        assert!(differ(&net) > 0.1);
        let (_, weight) = net.named().find(|(name, _)| *name == "controller.weight").expect("a controller");
        let _ = weight.narrow(1, 256, 7).fill_(0.0);
        assert_eq!(differ(&net), 0.0);
    });
}

#[test]
fn tasks_that_exchange_their_codes_exchange_what_they_find() {
    let (net, image) = small();
    tch::no_grad(|| {
        let found = || {
            let features = net.features(&image).expect("the shape fits");
            [0, 6].map(|task| net.heads(&features, &[task]).expect("known tasks"))
        };
        let [first, last] = found();
        let (_, weight) = net.named().find(|(name, _)| *name == "controller.weight").expect("a controller");
        let column = |task: i64| weight.narrow(1, 256 + task, 1);
        let kept = column(0).copy();
        column(0).copy_(&column(6));
        column(6).copy_(&kept);
        let [now_first, now_last] = found();
        assert!(now_first.equal(&last) && now_last.equal(&first) && !first.equal(&last));
    });
}

#[test]
fn wrong_sizes_and_tasks_are_refused() {
    let (net, image) = small();
    let refused = |fault: voxloom_dodnet::Result<Tensor>| fault.expect_err("it does not fit").to_string();
    assert_eq!(
        refused(net.forward(&image.narrow(4, 0, 24), &[0, 1])),
        "image: got [2, 1, 16, 32, 24], expected [N, 1, D, H, W] with D, H and W multiples of 16; pad it, or cut windows of such a size"
    );
    assert_eq!(refused(net.forward(&image.to_kind(Kind::Uint8), &[0, 1])), "image: got uint8, expected float32");
    assert_eq!(refused(net.forward(&image, &[0, 7])), "task 7 is out of range: the network has tasks 0 to 6");
    assert_eq!(refused(net.forward(&image, &[0])), "tasks: 1 tasks for 2 samples; give one a sample");
}
