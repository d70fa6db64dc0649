//! `refine`: smoothed maps, attention, refined logits, gradients, with the Gaussian and with a noisy kernel.

use crate::support::{
    check_buffers, check_gradients, conditions, every, golden, masks, near, perception, relative, uniform, values,
};
use tch::{Kind, Tensor};
use voxloom_mrnet::expertness::soft_truth;
use voxloom_mrnet::losses::bce;
use voxloom_parts::Mode;

fn inputs(case: &str, b: i64) -> [Tensor; 3] {
    let raters: Vec<Tensor> = (1..=6).map(|r| uniform(&format!("{case}/rater{r}"), &[b, 2, 64, 64], 3.0)).collect();
    let features = uniform(&format!("{case}/fea"), &[b, 256, 32, 32], 1.0);
    [Tensor::stack(&raters, 1), features, uniform(&format!("{case}/coarse"), &[b, 2, 64, 64], 4.0)]
}

#[test]
fn maps_logits_and_gradients() {
    let file = golden("refine");
    for (case, b, smooth, mode) in [
        ("s64", 2, false, Mode::Eval),
        ("sg64", 2, true, Mode::Eval),
        ("st64", 3, true, Mode::Train),
        ("stf64", 2, false, Mode::Train),
    ] {
        let tolerance = if mode == Mode::Eval { 1e-4 } else { 2e-4 };
        let net = perception(smooth);
        let [raters, features, logits] = inputs(case, b);
        let out = net.forward(&raters, &features, &logits, mode).expect("the shape fits");
        near(&file, &format!("{case}.refined"), &values(&out.logits), tolerance);
        for (c, structure) in ["disc", "cup"].into_iter().enumerate() {
            let [p, u] = [&out.probability, &out.uncertainty].map(|maps| maps.narrow(1, c as i64, 1));
            near(&file, &format!("{case}.uncertainty_{structure}"), &values(&u), tolerance);
            for (kind, map) in [("p", p), ("u", u)] {
                let half = |tensor: &Tensor| values(&every(tensor, &[2, 2]));
                near(&file, &format!("{case}.blur_{kind}_{structure}"), &half(&net.smooth(&map)), tolerance);
                near(&file, &format!("{case}.map_{kind}_{structure}"), &half(&net.attention(&map)), tolerance);
            }
        }
        if mode == Mode::Train {
            let target = soft_truth(&masks(case, [b, 64, 64]), &conditions(case, b).get(1)).expect("the shape fits");
            let loss = bce(&out.logits, &target);
            relative(&file, &format!("{case}.loss"), &[loss.to_kind(Kind::Double).double_value(&[])], 5e-5);
            check_buffers(&file, &format!("{case}."), net.entries(), 1e-5);
            loss.backward();
            check_gradients(&file, &format!("{case}."), net.entries(), &|name| {
                let gradient = net.entries().get(name).expect("a parameter").grad();
                gradient.defined().then_some(gradient)
            });
        }
    }
}
