//! `losses`: soft truth, cross-entropy and consistency, with gradients.

use crate::support::{conditions, golden, near, relative, tensor, uniform, values};
use tch::{Kind, Tensor};
use voxloom_mrnet::expertness::soft_truth;
use voxloom_mrnet::losses::{bce, distance};

#[test]
fn terms_and_gradients() {
    let file = golden("losses");
    for (case, b, h, w) in [("l_a", 2, 24, 20), ("l_b", 3, 7, 33)] {
        let raters: Vec<Tensor> = (1..=6).map(|r| tensor(&file, &format!("{case}.rater{r}"))).collect();
        let (masks, weights) = (Tensor::stack(&raters, 1), conditions(case, b));
        assert!(masks.equal(&crate::support::masks(case, [b, h, w])), "the rule of the masks");
        for (k, name) in ["m", "p", "ave"].into_iter().enumerate() {
            let target = soft_truth(&masks, &weights.get(k as i64)).expect("the shape fits");
            file.equal(&format!("{case}.soft_gt_{name}"), &values(&target));
            let logits = uniform(&format!("{case}/logits"), &[b, 2, h, w], 5.0).set_requires_grad(true);
            let loss = bce(&logits, &target);
            relative(&file, &format!("{case}.bce_{name}"), &[loss.to_kind(Kind::Double).double_value(&[])], 1e-5);
            loss.backward();
            near(&file, &format!("{case}.bce_{name}_grad"), &values(&logits.grad()), 1e-5);
        }
        let a = uniform(&format!("{case}/a"), &[b, 5, h, w], 1.0).set_requires_grad(true);
        let loss = distance(&a, &uniform(&format!("{case}/b"), &[b, 5, h, w], 1.0));
        relative(&file, &format!("{case}.consistency"), &[loss.to_kind(Kind::Double).double_value(&[])], 1e-5);
        loss.backward();
        near(&file, &format!("{case}.consistency_grad"), &values(&a.grad()), 1e-5);
        let same = distance(&a.detach(), &a.detach()).to_kind(Kind::Double).double_value(&[]);
        near(&file, &format!("{case}.consistency_same"), &[same], 1e-5);
    }
}
