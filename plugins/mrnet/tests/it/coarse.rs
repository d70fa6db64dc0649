//! `coarse`: forward in use and in training, gradients, running statistics.

use crate::support::{
    check_buffers, check_gradients, coarse, conditions, every, golden, masks, near, relative, summary, uniform, values,
};
use tch::Kind;
use voxloom_mrnet::expertness::soft_truth;
use voxloom_mrnet::losses::bce;
use voxloom_parts::Mode;

#[test]
fn forward_in_use() {
    let file = golden("coarse");
    let net = coarse();
    for (case, b, size, step) in [("e256", 1, 256, 4), ("e64", 2, 64, 1)] {
        let image = uniform(&format!("{case}/image"), &[b, 3, size, size], 2.0);
        let weights = conditions(case, b);
        for (k, name) in ["m", "p", "ave"].into_iter().enumerate() {
            let weights = weights.get(k as i64);
            file.close(&format!("{case}.cond_{name}"), &values(&weights), 1e-7);
            let out = tch::no_grad(|| net.forward(&image, &weights, Mode::Eval)).expect("the shape fits");
            near(&file, &format!("{case}.logits_{name}"), &values(&every(&out.logits, &[step, step])), 1e-4);
            near(&file, &format!("{case}.logits_{name}_summary"), &summary(&out.logits), 1e-4);
            near(&file, &format!("{case}.fea_{name}"), &values(&every(&out.features, &[16, 8, 8])), 1e-4);
            near(&file, &format!("{case}.fea_{name}_summary"), &summary(&out.features), 1e-4);
        }
    }
}

#[test]
fn forward_and_gradients_in_training() {
    let file = golden("coarse");
    let net = coarse();
    let image = uniform("t64/image", &[3, 3, 64, 64], 2.0);
    let weights = conditions("t64", 3).get(1);
    let out = net.forward(&image, &weights, Mode::Train).expect("the shape fits");
    near(&file, "t64.logits_p", &values(&out.logits), 2e-4);
    near(&file, "t64.fea_p", &values(&every(&out.features, &[16, 8, 8])), 2e-4);
    let target = soft_truth(&masks("t64", [3, 64, 64]), &weights).expect("the shape fits");
    file.close("t64.soft_gt", &values(&target), 1e-7);
    let loss = bce(&out.logits, &target);
    relative(&file, "t64.loss", &[loss.to_kind(Kind::Double).double_value(&[])], 5e-5);
    check_buffers(&file, "t64.", net.entries(), 1e-5);
    loss.backward();
    check_gradients(&file, "t64.", net.entries(), &|name| {
        let gradient = net.entries().get(name).expect("a parameter").grad();
        gradient.defined().then_some(gradient)
    });
}
