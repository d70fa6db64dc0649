//! What holds for the attention block and the network whatever their weights.

use crate::support::{fill, gap, image, network_with, small, uniform};
use tch::Tensor;
use voxloom_parts::{Builder, Entries};
use voxloom_seran::network::{Affinity, Mode, PrrConfig, Seab, SeabConfig};

fn block(norm: bool) -> (Seab, Entries) {
    tch::set_num_threads(1);
    let prr = Some(PrrConfig { inter: 10, affinity: Affinity::Count, norm });
    let config = SeabConfig { c_m: 12, c_n: 8, prr, ..SeabConfig::of_width(16) };
    // A scale of 0.5 makes the update count.
    let build =
        Builder::given(|name, shape| if name == "scale" { Tensor::from_slice(&[0.5f32]) } else { fill(name, shape, 1.0) });
    let seab = Seab::new(&build, 16, &config);
    (seab, build.finish())
}

fn run(seab: &Seab, x: &Tensor) -> Tensor {
    tch::no_grad(|| seab.forward(x, Mode::Eval))
}

#[test]
fn positions_can_be_permuted() {
    let (seab, _) = block(false);
    let x = uniform("invariants/x", &[2, 16, 6, 5]);
    let order = Tensor::from_slice(&(0..30).map(|i| i * 7 % 30).collect::<Vec<i64>>());
    let permuted = |x: &Tensor| x.flatten(2, 3).index_select(2, &order).view([2, 16, 6, 5]);
    assert!(gap(&run(&seab, &permuted(&x)), &permuted(&run(&seab, &x))) < 1e-5);
}

#[test]
fn descriptors_have_no_order() {
    let (seab, entries) = block(false);
    let x = uniform("invariants/x", &[2, 16, 6, 5]);
    let before = run(&seab, &x);
    let order = Tensor::from_slice(&[3i64, 1, 7, 0, 5, 2, 6, 4]);
    for name in ["convB.weight", "convB.bias", "convV.weight", "convV.bias"] {
        let weight = entries.get(name).expect("a weight");
        tch::no_grad(|| weight.shallow_clone().copy_(&weight.index_select(0, &order)));
    }
    assert!(gap(&run(&seab, &x), &before) < 1e-5);
    tch::no_grad(|| _ = entries.get("convB.bias").expect("a bias").shallow_clone().g_add_scalar_(3.0));
    assert!(gap(&run(&seab, &x), &before) < 1e-5, "the squeeze's bias has no effect");
    tch::no_grad(|| _ = entries.get("convV.weight").expect("a weight").shallow_clone().g_add_scalar_(0.0).get(0).zero_());
    assert!(gap(&run(&seab, &x), &before) > 1e-3, "its weights do");
}

#[test]
fn samples_do_not_see_each_other() {
    let (small, gains) = small();
    let net = network_with(small, &gains);
    let lr = image("invariants/lr", &[3, 1, 9, 7]);
    let forward = |x: &Tensor| tch::no_grad(|| net.forward(x, Mode::Eval)).expect("the shape fits");
    let all = forward(&lr);
    for sample in 0..3 {
        assert!(gap(&forward(&lr.narrow(0, sample, 1)), &all.narrow(0, sample, 1)) < 1e-5);
    }
    let (normed, _) = block(true);
    let x = uniform("invariants/x", &[3, 16, 4, 4]);
    let train = |x: &Tensor| tch::no_grad(|| normed.forward(x, Mode::Train));
    assert!(gap(&train(&x.narrow(0, 0, 1)), &train(&x).narrow(0, 0, 1)) > 1e-4, "but for the statistics of a batch");
}
