//! `coarse`, `recon`, `refine` in float64: the gradients without the rounding of float32, held ten times closer than the README asks of float32.

use crate::support::{check_gradients_within, conditions, fill, golden, masks, norm, relative, uniform};
use tch::{Kind, Tensor};
use voxloom_mrnet::expertness::soft_truth;
use voxloom_mrnet::losses::{bce, of_raters};
use voxloom_mrnet::network::{Coarse, NetworkConfig, Perception, Reconstruction, gaussian};
use voxloom_parts::{Builder, Entries, Mode};
use voxloom_testkit::golden::Golden;

/// A tenth of the README's tolerances. What is left is the rounding of the goldens themselves, which are float32.
const SHARE: f64 = 0.1;

fn wide(tensor: Tensor) -> Tensor {
    tensor.to_kind(Kind::Double)
}

fn check(file: &Golden, case: &str, entries: &Entries, loss: &Tensor) {
    assert_eq!(loss.kind(), Kind::Double, "nothing narrows on the way");
    relative(file, &format!("{case}.loss"), &[loss.double_value(&[])], 5e-6);
    loss.backward();
    check_gradients_within(&|_| SHARE, file, &format!("{case}."), entries, &|name| {
        let gradient = entries.get(name).expect("a parameter").grad();
        gradient.defined().then_some(gradient)
    });
}

/// The soft truth of a case for random weights.
fn target(case: &str, b: i64) -> Tensor {
    wide(soft_truth(&masks(case, [b, 64, 64]), &conditions(case, b).get(1)).expect("the shape fits"))
}

#[test]
fn gradients_of_the_coarse_network() {
    let file = golden("coarse");
    let build = Builder::given(|name, shape| wide(fill(name, shape)));
    let net = Coarse::build(NetworkConfig::default(), &build).expect("the paper's sizes");
    let image = wide(uniform("t64/image", &[3, 3, 64, 64], 2.0));
    let out = net.forward(&image, &wide(conditions("t64", 3).get(1)), Mode::Train).expect("the shape fits");
    check(&file, "t64", net.entries(), &bce(&out.logits, &target("t64", 3)));
}

#[test]
fn gradients_of_the_reconstruction_network() {
    let file = golden("recon");
    let build = Builder::given(|name, shape| wide(fill(name, shape)));
    let net = Reconstruction::build(NetworkConfig::default(), &build).expect("the paper's sizes");
    let image = wide(uniform("rt64/image", &[3, 3, 64, 64], 2.0));
    let maps = wide(uniform("rt64/coarse", &[3, 2, 64, 64], 3.0));
    let raters = net.forward(&image, &maps, &wide(conditions("rt64", 3).get(1)), Mode::Train).expect("the shape fits");
    let (loss, _) = of_raters(&raters.unsqueeze(0), &masks("rt64", [3, 64, 64])).expect("the shape fits");
    check(&file, "rt64", net.entries(), &loss);
    // Those that float32 holds least.
    let gradient = net.entries().get("conv_f.weight").expect("a parameter").grad();
    relative(&file, "rt64.grad_norm.conv_f.weight", &[norm(&gradient)], 2e-4);
}

#[test]
fn gradients_of_the_perception_network() {
    let file = golden("refine");
    let build = Builder::given(|name, shape| match name {
        "Soft.gaussian_kernel" => wide(Tensor::from_slice(&gaussian()).view(shape)),
        _ => wide(fill(name, shape)),
    });
    let net = Perception::build(NetworkConfig::default(), false, &build).expect("the paper's sizes");
    let raters: Vec<Tensor> = (1..=6).map(|r| wide(uniform(&format!("st64/rater{r}"), &[3, 2, 64, 64], 3.0))).collect();
    let features = wide(uniform("st64/fea", &[3, 256, 32, 32], 1.0));
    let maps = wide(uniform("st64/coarse", &[3, 2, 64, 64], 4.0));
    let out = net.forward(&Tensor::stack(&raters, 1), &features, &maps, Mode::Train).expect("the shape fits");
    check(&file, "st64", net.entries(), &bce(&out.logits, &target("st64", 3)));
}
