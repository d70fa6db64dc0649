//! `pipeline`: the three networks one after the other, for one rater, random weights and the average.

use crate::support::{coarse, every, golden, near, perception, reconstruction, summary, tensor, uniform, values};
use voxloom_parts::Mode;

#[test]
fn all_three_networks() {
    let file = golden("pipeline");
    let (coarse, reconstruction, perception) = (coarse(), reconstruction(), perception(true));
    for (case, b, size, step) in [("p64", 2, 64, 1), ("p256", 1, 256, 4)] {
        let image = uniform(&format!("{case}/image"), &[b, 3, size, size], 2.0);
        for name in ["m", "p", "ave"] {
            let key = |what: &str| format!("{case}.{what}_{name}");
            let weights = tensor(&file, &key("cond"));
            tch::no_grad(|| {
                let z = coarse.forward(&image, &weights, Mode::Eval).expect("the shape fits");
                let raters = reconstruction.forward(&image, &z.logits, &weights, Mode::Eval).expect("the shape fits");
                let out = perception.forward(&raters, &z.features, &z.logits, Mode::Eval).expect("the shape fits");
                let probability = out.logits.sigmoid();
                let strided = |tensor: &tch::Tensor| values(&every(tensor, &[step, step]));
                near(&file, &key("coarse"), &strided(&z.logits), 1e-4);
                near(&file, &key("refined"), &strided(&out.logits), 1e-4);
                near(&file, &key("prob"), &strided(&probability), 1e-4);
                near(&file, &format!("{case}.prob_{name}_summary"), &summary(&probability), 1e-4);
                near(&file, &key("rater_probs"), &values(&every(&raters.sigmoid(), &[4, 4])), 1e-4);
                for (c, structure) in ["disc", "cup"].into_iter().enumerate() {
                    near(
                        &file,
                        &key(&format!("uncertainty_{structure}")),
                        &strided(&out.uncertainty.narrow(1, c as i64, 1)),
                        1e-4,
                    );
                }
            });
        }
    }
}
