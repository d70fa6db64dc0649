//! `forward*`: teacher, and both branches of the student, in use and while training; the order of the decoder's passes.

use crate::support::{check, check_buffers, golden, image, indicators, network, shape};
use tch::Tensor;
use voxloom_parts::Mode;
use voxloom_pcrl::network::{Features, Network};
use voxloom_testkit::golden::Golden;

/// Features in the authors' order: in 2D the image and f1 to f5, in 3D the bottleneck, s64, s128, s256.
fn in_order(image: &Tensor, features: &Features) -> Vec<Tensor> {
    let skips = features.skips.iter().rev().map(Tensor::shallow_clone);
    let bottleneck = features.bottleneck.shallow_clone();
    if image.dim() == 4 {
        std::iter::once(image.shallow_clone()).chain(skips).chain([bottleneck]).collect()
    } else {
        std::iter::once(bottleneck).chain(skips).collect()
    }
}

fn check_features(file: &Golden, key: &str, image: &Tensor, features: &Features, tolerance: f64) {
    for (i, feature) in in_order(image, features).iter().enumerate() {
        check(file, &format!("{key}{i}"), feature, tolerance);
    }
}

/// One file: teacher, gated call, mixed call, in this order on one student.
fn run(name: &str, mode: Mode) {
    let file = golden(name);
    let (config, case) = (file.meta("config"), file.text("case").trim_matches('"').to_owned());
    let size = shape(&config);
    let dims = size.len() - 2;
    let tolerance = if mode == Mode::Eval { 1e-5 } else { 1e-4 };
    let (student, teacher) = (network(dims, ""), network(dims, "ema."));
    let [x1, x2] = ["x1", "x2"].map(|x| image(&format!("{case}/{x}"), &size));
    tch::no_grad(|| {
        let taught = teacher.encode(&x2, mode).expect("the shape fits");
        check(&file, "teacher/embedding", &teacher.embed(&taught), tolerance);
        check_features(&file, "teacher/feat", &x2, &taught, tolerance);
        let gate = |key: &str| student.gate(&indicators(&config[key])).expect("flips and turns");
        let (own, other) = (gate("ind1"), gate("ind2"));
        check(&file, "gated/gate_sigmoid0", &own, 1e-5);
        check(&file, "gated/gate_sigmoid1", &other, 1e-5);
        for (i, branch) in ["gated", "mixup"].into_iter().enumerate() {
            let alpha = config["alphas"][i].as_f64().expect("a share");
            let gates = (branch == "gated").then_some((&own, &other));
            // Of a network of its own: the batch's statistics count, and those that are kept would move twice.
            let features = network(dims, "").encode(&x1, mode).expect("the shape fits");
            // In 3D the authors' list of features holds the gated bottleneck.
            let features = if dims == 3 { gates.map_or(features.shallow(), |(own, _)| features.gated(own)) } else { features };
            check_features(&file, &format!("{branch}/student_feat"), &x1, &features, tolerance);
            let output = student.forward(&x1, &taught, alpha, gates, mode).expect("the shapes fit");
            for (key, found) in [("embedding", &output.embedding), ("out", &output.plain), ("out_alpha", &output.hybrid)] {
                check(&file, &format!("{branch}/{key}"), found, tolerance);
            }
            if mode == Mode::Train {
                buffers(&file, branch, &student);
            }
        }
        if mode == Mode::Train {
            buffers(&file, "teacher", &teacher);
        }
    });
}

fn buffers(file: &Golden, branch: &str, network: &Network) {
    let compared = check_buffers(file, &format!("{branch}/buf/"), network, 1e-5);
    assert!(compared > 40, "{branch}: {compared}");
}

#[test]
fn two_d_in_use() {
    run("forward2d_eval", Mode::Eval);
}

#[test]
fn two_d_while_training() {
    run("forward2d_train", Mode::Train);
}

#[test]
fn three_d_in_use() {
    run("forward3d_eval", Mode::Eval);
}

#[test]
fn three_d_while_training() {
    run("forward3d_train", Mode::Train);
}

#[test]
fn the_mixed_branch_is_an_ordinary_u_net() {
    let size = [2, 1, 16, 8, 8];
    let (student, x) = (network(3, ""), image("plain/x", &size));
    tch::no_grad(|| {
        let features = student.encode(&x, Mode::Eval).expect("the shape fits");
        let output = student.forward(&x, &features, 0.5, None, Mode::Eval).expect("the shapes fit");
        assert!(output.plain.equal(&student.plain(&x, Mode::Eval).expect("the shape fits")));
    });
}

#[test]
fn what_does_not_fit_is_named() {
    let student = network(3, "");
    let text = |size: &[i64], mode| student.encode(&image("x", size), mode).expect_err("it does not fit").to_string();
    assert_eq!(
        text(&[2, 1, 8, 8, 12], Mode::Eval),
        "image: got [2, 1, 8, 8, 12], expected [N, 1, X, Y, Z] with each axis a multiple of 8"
    );
    assert!(text(&[1, 1, 8, 8, 8], Mode::Train).contains("give two images or more"));
    let gate = student.gate(&image("v", &[2, 1, 4, 4]).view([2, 16])).expect_err("another length").to_string();
    assert_eq!(gate, "indicator: got [2, 16], expected [N, 7]: flips, then one of four quarter turns");
}
