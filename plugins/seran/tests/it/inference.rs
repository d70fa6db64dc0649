//! `infer`, `augment`: self-ensemble, chopping, patches under every symmetry.

use crate::support::{file, forward_near, network, tensor};
use tch::Tensor;
use voxloom_seran::inference::{Chop, chop, self_ensemble};
use voxloom_seran::network::Mode;
use voxloom_seran::patches::{Place, Symmetry, turned};

#[test]
fn self_ensemble_and_chopping() {
    let file = file("infer");
    let case = file.meta("cases")["infer"].clone();
    let net = network(&case);
    tch::no_grad(|| {
        let forward = |x: &Tensor| net.forward(x, Mode::Eval);
        let lr = tensor(&file, "infer.lr");
        forward_near(&file, "infer.plain", &forward(&lr).expect("the shape fits"));
        forward_near(&file, "infer.self_ensemble", &self_ensemble(&lr, forward).expect("the shape fits"));
        let lr = tensor(&file, "infer.chop_lr");
        forward_near(&file, "infer.chop_plain", &forward(&lr).expect("the shape fits"));
        let whole = |key: &str| case["chop"][key].as_i64().expect("a number");
        let how = Chop { shave: whole("shave"), min_size: whole("min_size") };
        forward_near(&file, "infer.chop", &chop(&lr, 2, how, &mut |x| forward(x)).expect("the shape fits"));
    });
}

#[test]
fn patches_under_every_symmetry() {
    let file = file("augment");
    let place = Place { slice: 0, y: 1, x: 3, size: 5 };
    let cut = |key: &str, scale| place.cut(&tensor(&file, key).unsqueeze(0), scale);
    let (lr, hr) = (cut("aug.lr", 1), cut("aug.hr", 2));
    assert!(lr.equal(&tensor(&file, "aug.patch_lr")) && hr.equal(&tensor(&file, "aug.patch_hr")));
    for symmetry in Symmetry::all() {
        let flag = |on: bool| if on { '1' } else { '0' };
        let name: String = [symmetry.reverse_width, symmetry.reverse_height, symmetry.transpose].into_iter().map(flag).collect();
        assert!(turned(&lr, symmetry).equal(&tensor(&file, &format!("aug.aug_lr_{name}"))), "{name}");
        assert!(turned(&hr, symmetry).equal(&tensor(&file, &format!("aug.aug_hr_{name}"))), "{name}");
    }
}
