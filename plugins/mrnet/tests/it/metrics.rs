//! `metrics`: overlap over thresholds, hard Dice, Brier score and calibration error, with empty masks and ties.

use crate::support::{golden, relative, tensor, values};
use tch::{Kind, Tensor};
use voxloom_mrnet::calibration::{Reliability, Scores};
use voxloom_mrnet::expertness::soft_truth;
use voxloom_mrnet::losses::bce;

fn plane(tensor: &Tensor, n: i64, c: i64) -> Vec<f32> {
    Vec::try_from(tensor.get(n).get(c).contiguous().view(-1)).expect("float32")
}

#[test]
fn every_measure_of_every_image() {
    let file = golden("metrics");
    let raters: Vec<Tensor> = (1..=6).map(|r| tensor(&file, &format!("metrics.rater{r}"))).collect();
    let masks = Tensor::stack(&raters, 1);
    let logits = tensor(&file, "metrics.logits");
    let probability = logits.sigmoid();
    for name in ["ave", "m", "p"] {
        let key = |what: &str| format!("metrics.{name}.{what}");
        let target = soft_truth(&masks, &tensor(&file, &key("cond"))).expect("the shape fits");
        let (mut dice, mut iou, mut hard) = (Vec::new(), Vec::new(), Vec::new());
        let mut mean = [0.0; 7];
        let mut curves = [Reliability::new(15), Reliability::new(15)];
        let mut brier = [0.0; 2];
        for n in 0..4 {
            let scores: Vec<Scores> = (0..2)
                .map(|c| {
                    let (p, y) = (plane(&probability, n, c), plane(&target, n, c));
                    curves[c as usize].add(&p, &y);
                    Scores::of(&p, &y)
                })
                .collect();
            for t in 0..5 {
                dice.extend(scores.iter().map(|scores| scores.dice[t]));
                iou.extend(scores.iter().map(|scores| scores.iou[t]));
            }
            hard.extend(scores.iter().map(|scores| scores.hard_dice));
            let loss = bce(&logits.get(n), &target.get(n)).to_kind(Kind::Double).double_value(&[]);
            let of = |pick: fn(&Scores) -> f64| [pick(&scores[0]), pick(&scores[1])];
            let row = [&[loss], &of(Scores::soft_iou)[..], &of(Scores::soft_dice), &of(|scores| scores.hard_dice)].concat();
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / 4.0);
            brier.iter_mut().zip(&scores).for_each(|(sum, scores)| *sum += scores.brier / 4.0);
        }
        relative(&file, &key("dice"), &dice, 1e-5);
        relative(&file, &key("iou"), &iou, 1e-5);
        relative(&file, &key("hard_dice"), &hard, 1e-5);
        relative(&file, &key("mean"), &mean, 1e-5);
        relative(&file, &key("brier_disc_cup"), &brier, 1e-5);
        relative(&file, &key("ece15_disc_cup"), &curves.map(|curve| curve.error()), 1e-5);
        let saved = |c: i64| values(&(probability.select(1, c).ge(f64::from(0.9f32)).to_kind(Kind::Double) * 255.0));
        for (c, structure) in ["disc", "cup"].into_iter().enumerate() {
            let expected = tensor(&file, &key(&format!("saved_png_{structure}"))).max().double_value(&[]);
            let found: Vec<f64> = saved(c as i64).into_iter().map(|value| value / 255.0 * expected).collect();
            file.equal(&key(&format!("saved_png_{structure}")), &found);
        }
    }
}
