//! `train_*`: whole iterations of the three networks with their optimizers, in the authors' order; and what the two shortcuts save.

use crate::support::{
    check_buffers, check_gradients, coarse, conditions, every, golden, masks, near, norm, perception, reconstruction, relative,
    tensor, uniform, values,
};
use std::collections::HashMap;
use tch::{Kind, Tensor};
use voxloom_mrnet::expertness::soft_truth;
use voxloom_mrnet::losses::{consistency, of_raters, weighted};
use voxloom_mrnet::network::{Coarse, Perception, Reconstruction};
use voxloom_parts::{Entries, Mode};
use voxloom_testkit::golden::Golden;

/// Weights of the conditions one rater, random, average.
const SHARES: [f64; 3] = [1.0, 2.0, 3.0];

#[derive(Clone, Copy, PartialEq)]
enum Measure {
    Monitor,
    Logits,
    Prob,
}

/// PyTorch's rules, as `torch.optim` has them; those of the plugin `train` are held against PyTorch in their own crate.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    Adam,
    /// With Nesterov momentum.
    Sgd,
}

/// Steps the parameters of one network; remembers what the first step saw.
struct Stepper {
    rule: Rule,
    step: i32,
    moments: HashMap<String, [Tensor; 2]>,
    first: HashMap<String, Tensor>,
}

impl Stepper {
    fn new(rule: Rule) -> Self {
        Self { rule, step: 0, moments: HashMap::new(), first: HashMap::new() }
    }

    fn step(&mut self, loss: &Tensor, entries: &Entries) {
        self.step += 1;
        let leaves: Vec<&Tensor> = entries.parameters().map(|named| &*named.tensor).collect();
        let gradients = Tensor::f_run_backward(&[loss], &leaves, false, false).expect("a loss of these parameters");
        for (named, gradient) in entries.parameters().zip(gradients).filter(|(_, gradient)| gradient.defined()) {
            if self.step == 1 {
                self.first.insert(named.name.clone(), gradient.detach().copy());
            }
            let fresh = || [gradient.detach().zeros_like(), gradient.detach().zeros_like()];
            let moments = self.moments.entry(named.name.clone()).or_insert_with(fresh);
            tch::no_grad(|| update(self.rule, self.step, &mut named.tensor.shallow_clone(), &gradient, moments));
        }
    }
}

fn update(rule: Rule, step: i32, weight: &mut Tensor, gradient: &Tensor, [mean, square]: &mut [Tensor; 2]) {
    let gradient = gradient + &*weight * 5e-4;
    if rule == Rule::Sgd {
        *mean = if step == 1 { gradient.copy() } else { &*mean * 0.9 + &gradient };
        *weight -= (gradient + &*mean * 0.9) * 1e-3;
        return;
    }
    *mean = &*mean * 0.9 + &gradient * 0.1;
    *square = &*square * 0.999 + &gradient * &gradient * 0.001;
    let root = square.sqrt() / (1.0 - 0.999f64.powi(step)).sqrt() + 1e-8;
    *weight -= &*mean * (1e-4 / (1.0 - 0.9f64.powi(step))) / root;
}

/// Networks at their start, and copies of it.
struct Networks {
    coarse: Coarse,
    reconstruction: Reconstruction,
    perception: Perception,
    start: [HashMap<String, Tensor>; 3],
}

impl Networks {
    fn new() -> Self {
        let (coarse, reconstruction, perception) = (coarse(), reconstruction(), perception(true));
        let copy =
            |entries: &Entries| entries.parameters().map(|named| (named.name.clone(), named.tensor.detach().copy())).collect();
        let start = [copy(coarse.entries()), copy(reconstruction.entries()), copy(perception.entries())];
        Self { coarse, reconstruction, perception, start }
    }

    fn entries(&self) -> [(&'static str, &Entries); 3] {
        [("rgb", self.coarse.entries()), ("six", self.reconstruction.entries()), ("att", self.perception.entries())]
    }
}

/// What one iteration logs.
struct Logged {
    totals: [f64; 3],
    coarse: Vec<f64>,
    raters: Vec<Vec<f64>>,
    consistency: Vec<f64>,
    refined: Vec<f64>,
}

/// Steps 1 to 6 of the paper's iteration.
fn iterate(nets: &Networks, steppers: &mut [Stepper; 3], case: &str, measure: Measure, att_p: bool) -> Logged {
    let image = uniform("train/image", &[3, 3, 64, 64], 2.0);
    let masks = masks("train", [3, 64, 64]);
    let weights = conditions(case, 3);
    let target = soft_truth(&masks, &weights).expect("the shape fits");
    let z = nets.coarse.conditions(&image, &weights, Mode::Train).expect("the shape fits");
    let (l_coarse, coarse) = weighted(&z.logits, &target, &SHARES).expect("three conditions");
    let raters = nets.reconstruction.conditions(&image, &z.logits.detach(), &weights, Mode::Train).expect("the shape fits");
    let (l_rec, by_rater) = of_raters(&raters, &masks).expect("the shape fits");
    steppers[1].step(&l_rec, nets.reconstruction.entries());
    let encode = |maps: &Tensor| nets.reconstruction.encode(&image, maps, Mode::Train).expect("the shape fits");
    let average = match measure {
        Measure::Monitor => z.logits.get(2).detach(),
        Measure::Logits => z.logits.get(2),
        Measure::Prob => z.logits.get(2).sigmoid(),
    };
    let (l_con, distances) = consistency(&encode(&average), &encode(&target.get(2)));
    let total = &l_coarse * 0.7 + &l_con * 0.3;
    steppers[0].step(&total, nets.coarse.entries());
    let maps = z.logits.detach();
    let maps = if att_p { Tensor::stack(&[maps.get(0), maps.get(1), maps.get(1)], 0) } else { maps };
    let refined = nets.perception.conditions(&raters.detach(), &z.features.detach(), &maps, Mode::Train).expect("the shape fits");
    let (l_fin, refined) = weighted(&refined.logits, &target, &SHARES).expect("three conditions");
    steppers[2].step(&l_fin, nets.perception.entries());
    let value = |loss: &Tensor| loss.to_kind(Kind::Double).double_value(&[]);
    Logged { totals: [value(&total), value(&l_rec), value(&l_fin)], coarse, raters: by_rater, consistency: distances, refined }
}

/// What tells Adam from SGD.
struct Tolerances {
    totals: [f64; 3],
    terms: [f64; 3],
    slice: f64,
    buffers: f64,
    after: f64,
}

fn adam() -> (Rule, Tolerances) {
    let slice = 1e-6 + 3.0 * 2.2e-4;
    (Rule::Adam, Tolerances { totals: [5e-5, 2e-3, 1e-2], terms: [2e-4, 5e-3, 3e-2], slice, buffers: 5e-3, after: 5e-2 })
}

fn check_step(file: &Golden, case: &str, step: usize, logged: &Logged, tolerances: &Tolerances) {
    let key = |what: &str| format!("{case}.step{step}.{what}");
    let (total, term) = (tolerances.totals[step], tolerances.terms[step]);
    for (name, value) in ["coarse", "recon", "final"].into_iter().zip(logged.totals) {
        relative(file, &key(&format!("loss_{name}_total")), &[value], total);
    }
    relative(file, &key("coarse_m_p_ave"), &logged.coarse, term);
    relative(file, &key("final_m_p_ave"), &logged.refined, term);
    relative(file, &key("consistency_terms"), &logged.consistency, term);
    let by_rater: Vec<f64> = (0..6).flat_map(|r| logged.raters.iter().map(move |row| row[r])).collect();
    relative(file, &key("recon_by_rater_m_p_ave"), &by_rater, term);
}

fn check_end(file: &Golden, case: &str, nets: &Networks, tolerances: &Tolerances) {
    for ((prefix, entries), start) in nets.entries().into_iter().zip(&nets.start) {
        let (mut large, mut close) = (0u32, 0u32);
        for named in entries.parameters() {
            let key = format!("{case}.{prefix}.delta_norm.{}", named.name);
            let expected = f64::from(file.values(&key)[0]);
            let found = norm(&(named.tensor.detach() - &start[&named.name]));
            if named.name.starts_with("up_c") {
                assert!(found == 0.0 && expected == 0.0, "{}: no part of the graph", named.name);
            } else if named.tensor.numel() >= 1000 {
                large += 1;
                close += u32::from((found / expected - 1.0).abs() <= 6e-2);
            }
            let key = format!("{case}.{prefix}.param_slice.{}", named.name);
            if file.has(&key) {
                let slice: Vec<f64> = values(&named.tensor).into_iter().take(16).collect();
                file.close(&key, &slice, tolerances.slice);
            }
        }
        assert!(f64::from(close) >= 0.95 * f64::from(large), "{prefix}: {close} of {large} tensors moved as they should");
        assert!(large > 0);
        check_buffers(file, &format!("{case}.{prefix}."), entries, tolerances.buffers);
    }
    let tracked =
        |entries: &Entries, name: &str| entries.get(&format!("{name}.num_batches_tracked")).expect("a counter").double_value(&[]);
    let [(_, rgb), (_, six), (_, att)] = nets.entries();
    let counts = [tracked(rgb, "rn.6.2.bn1"), tracked(six, "bn3_2"), tracked(six, "aspp1.bn"), tracked(att, "conv_block.4")];
    assert_eq!(tracked(rgb, "up2.bn"), counts[0]);
    file.equal(&format!("{case}.batches_tracked"), &counts);
    let image = uniform("train/image", &[3, 3, 64, 64], 2.0);
    let weights = conditions("train0", 3).get(2);
    tch::no_grad(|| {
        let z = nets.coarse.forward(&image, &weights, Mode::Eval).expect("the shape fits");
        let raters = nets.reconstruction.forward(&image, &z.logits, &weights, Mode::Eval).expect("the shape fits");
        let refined = nets.perception.forward(&raters, &z.features, &z.logits, Mode::Eval).expect("the shape fits").logits;
        for (name, tensor) in [("coarse", z.logits), ("rater1", raters.select(1, 0)), ("refined", refined)] {
            near(file, &format!("{case}.after.{name}"), &values(&every(&tensor, &[2, 2])), tolerances.after);
        }
    });
}

fn check(case: &str, steps: usize, measure: Measure, att_p: bool, (rule, tolerances): (Rule, Tolerances)) {
    let file = golden(&format!("train_{case}"));
    let nets = Networks::new();
    let mut steppers = [rule; 3].map(Stepper::new);
    for step in 0..steps {
        let weights = conditions(&format!("train{step}"), 3);
        for (k, name) in ["m", "p"].into_iter().enumerate() {
            near(&file, &format!("{case}.step{step}.cond_{name}"), &values(&weights.get(k as i64)), 1e-6);
        }
        let logged = iterate(&nets, &mut steppers, &format!("train{step}"), measure, att_p);
        check_step(&file, case, step, &logged, &tolerances);
        if step == 0 {
            for ((prefix, entries), stepper) in nets.entries().into_iter().zip(&steppers) {
                check_gradients(&file, &format!("{case}.{prefix}."), entries, &|name| {
                    stepper.first.get(name).map(Tensor::shallow_clone)
                });
            }
        }
    }
    check_end(&file, case, &nets, &tolerances);
}

#[test]
fn our_default() {
    check("fixed_default", 3, Measure::Monitor, false, adam());
}

#[test]
fn the_authors_iteration() {
    check("official", 3, Measure::Monitor, true, adam());
}

#[test]
fn the_authors_iteration_with_momentum() {
    let tolerances =
        Tolerances { totals: [5e-5, 3e-4, 1e-3], terms: [2e-4, 2e-3, 1e-2], slice: 2e-4, buffers: 2e-3, after: 1e-2 };
    check("official_sgd", 3, Measure::Monitor, true, (Rule::Sgd, tolerances));
}

#[test]
fn consistency_with_a_gradient_from_logits() {
    check("fixed_logits", 2, Measure::Logits, false, adam());
}

#[test]
fn consistency_with_a_gradient_from_probabilities() {
    check("fixed_prob", 2, Measure::Prob, false, adam());
}

#[test]
fn the_shortcuts_change_no_loss() {
    tch::set_num_threads(1);
    let (image, masks, weights) =
        (uniform("train/image", &[3, 3, 64, 64], 2.0), masks("train", [3, 64, 64]), conditions("train0", 3));
    let target = soft_truth(&masks, &weights).expect("the shape fits");
    let losses = |z: &Tensor, raters: &Tensor| {
        let (a, _) = weighted(z, &target, &SHARES).expect("three conditions");
        let (b, _) = of_raters(raters, &masks).expect("the shape fits");
        [a.double_value(&[]), b.double_value(&[])]
    };
    tch::no_grad(|| {
        let (net, recon) = (coarse(), reconstruction());
        let z = net.conditions(&image, &weights, Mode::Train).expect("the shape fits").logits;
        let short = losses(&z, &recon.conditions(&image, &z, &weights, Mode::Train).expect("the shape fits"));
        let (literal_net, literal_recon) = (coarse(), reconstruction());
        let passes: Vec<Tensor> =
            (0..3).map(|k| literal_net.forward(&image, &weights.get(k), Mode::Train).expect("the shape fits").logits).collect();
        let z = Tensor::stack(&passes, 0);
        let raters: Vec<Tensor> = (0..3)
            .map(|k| literal_recon.forward_literally(&image, &z.get(k), &weights.get(k), Mode::Train).expect("the shape fits"))
            .collect();
        let literal = losses(&z, &Tensor::stack(&raters, 0));
        for (a, b) in short.iter().zip(literal) {
            assert!((a - b).abs() <= 1e-4, "{a} and {b}");
        }
        for (a, b) in net.entries().iter().zip(literal_net.entries().iter()) {
            let gap = (a.tensor.to_kind(Kind::Double) - b.tensor.to_kind(Kind::Double)).abs().max().double_value(&[]);
            assert!(gap <= 1e-5 * (1.0 + norm(&b.tensor)), "{}: {gap}", a.name);
        }
    });
}

#[test]
fn the_kept_conditions_are_those_of_the_goldens() {
    let file = golden("train_official");
    near(&file, "official.step0.cond_m", &values(&conditions("train0", 3).get(0)), 0.0);
    assert_eq!(tensor(&file, "official.step0.cond_m").sum(Kind::Float).double_value(&[]), 3.0);
}
