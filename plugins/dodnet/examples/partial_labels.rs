//! The synthetic partial-label test: three tasks, each volume contains all objects and carries the labels of one task.
//!
//!     cargo run --release -p voxloom-dodnet --example partial_labels [steps] [momentum] [threads]
//!
//! Defined in `tests/goldens/dodnet/README.md`, section 4; 400 steps at momentum 0.9 take a few minutes on one
//! core. Prints Dice on six new volumes every 100 steps, then whether the figures hold; ends with 1 where they do not.
//! With momentum 0.99 (the paper's) the run collapses to empty masks; the specification tells of it.

use tch::{Kind, Tensor};
use voxloom_dodnet::loss::{LossOptions, partial_loss, poly};
use voxloom_dodnet::network::{Network, NetworkConfig};
use voxloom_goldens::fill;
use voxloom_testkit::golden::u;

const SHAPE: [usize; 3] = [16, 32, 32];
const COUNT: usize = 16 * 32 * 32;
const TASKS: [i64; 3] = [0, 6, 5];
const VALIDATION: std::ops::Range<usize> = 10_000..10_006;

/// A volume with a ball A, a ball C within it, and a box B.
struct Volume {
    image: Vec<f64>,
    a: Vec<bool>,
    b: Vec<bool>,
    c: Vec<bool>,
}

impl Volume {
    fn new(number: usize) -> Self {
        let r = u(&format!("synth/{number}/geom"), 12);
        let noise = u(&format!("synth/{number}/noise"), COUNT);
        let centre = [8.0 + 2.0 * r[0], 16.0 + 6.0 * r[1], 9.0 + 1.5 * r[2]];
        let inner = [centre[0] + r[4], centre[1] + 2.0 * r[5], centre[2] + r[6]];
        let (middle, half) = ([8.0 + 2.0 * r[7], 16.0 + 6.0 * r[8], 24.0 + r[9]], [4.0 + r[10], 4.0 + r[11], 4.0]);
        let at = |i: usize| [i / (32 * 32), i / 32 % 32, i % 32].map(|index| index as f64 + 0.5);
        let near =
            |p: [f64; 3], q: [f64; 3], radius: f64| (0..3).map(|axis| (p[axis] - q[axis]).powi(2)).sum::<f64>() < radius * radius;
        let mask = |inside: &dyn Fn([f64; 3]) -> bool| (0..COUNT).map(|i| inside(at(i))).collect::<Vec<bool>>();
        let a = mask(&|p| near(p, centre, 5.0 + r[3]));
        let c = mask(&|p| near(p, centre, 5.0 + r[3]) && near(p, inner, 2.2));
        let b = mask(&|p| (0..3).all(|axis| (p[axis] - middle[axis]).abs() < half[axis]));
        let of = |mask: &[bool], i: usize| f64::from(u8::from(mask[i]));
        let image = (0..COUNT).map(|i| 0.2 * noise[i] + 0.5 * of(&a, i) - 0.5 * of(&c, i) - 0.5 * of(&b, i)).collect();
        Self { image, a, b, c }
    }

    fn image(&self) -> Tensor {
        Tensor::from_slice(&self.image).to_kind(Kind::Float).view([1, 1, 16, 32, 32])
    }

    /// The two channels as the task's data show them.
    fn label(&self, task: i64) -> Tensor {
        let hidden = vec![-1.0f32; COUNT];
        let shown = |mask: &[bool]| mask.iter().map(|inside| f32::from(u8::from(*inside))).collect::<Vec<_>>();
        let channels = match task {
            0 => [shown(&self.a), shown(&self.c)],
            6 => [shown(&self.b), hidden],
            _ => [hidden, shown(&self.c)],
        };
        Tensor::from_slice(&channels.concat()).view([1, 2, 16, 32, 32])
    }
}

/// Dice of task 0's organ with A and B and its tumour with C, the same of task 6, and of task 5's tumour with C.
fn measure(net: &Network) -> voxloom_dodnet::Result<[f64; 7]> {
    let mut sums = [0.0; 7];
    for number in VALIDATION {
        let volume = Volume::new(number);
        let scores =
            tch::no_grad(|| Ok::<_, voxloom_dodnet::Fault>(net.heads(&net.features(&volume.image())?, &TASKS)?.sigmoid()))?;
        let mask = |channel: i64| -> Vec<bool> {
            Vec::try_from(scores.select(1, channel).gt(0.5).contiguous().view(-1)).unwrap_or_default()
        };
        let pairs =
            [(0, &volume.a), (0, &volume.b), (1, &volume.c), (2, &volume.a), (2, &volume.b), (3, &volume.c), (5, &volume.c)];
        for (sum, (channel, truth)) in sums.iter_mut().zip(pairs) {
            let found = mask(channel);
            let count = |mask: &[bool]| mask.iter().filter(|inside| **inside).count();
            let both = found.iter().zip(truth).filter(|(a, b)| **a && **b).count();
            *sum += 2.0 * both as f64 / (count(&found) + count(truth) + 1) as f64 / VALIDATION.len() as f64;
        }
    }
    Ok(sums)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(SHAPE.iter().product::<usize>(), COUNT);
    let words: Vec<f64> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let at = |place: usize, default: f64| words.get(place).copied().unwrap_or(default);
    let (steps, momentum) = (at(0, 400.0) as usize, at(1, 0.9));
    tch::set_num_threads(at(2, 1.0) as i32);
    let weight = |name: &str, shape: &[i64]| fill(name, shape).set_requires_grad(true);
    let net = Network::from_fn(NetworkConfig::default(), |parameter| weight(&parameter.name, &parameter.shape))?;
    let mut velocities: Vec<Option<Tensor>> = net.named().map(|_| None).collect();
    let start = std::time::Instant::now();
    println!("{:>5} {:>7} {:>6}  task 0: A / B / C       task 6: A / B / C       task 5: C", "step", "loss", "min");
    let mut losses = Vec::new();
    let mut dice = [0.0; 7];
    for k in 0..steps {
        let pair = [2 * k, 2 * k + 1].map(|number| (Volume::new(number), TASKS[number % 3]));
        let image = Tensor::cat(&pair.each_ref().map(|(volume, _)| volume.image()), 0);
        let label = Tensor::cat(&pair.each_ref().map(|(volume, task)| volume.label(*task)), 0);
        let loss = partial_loss(&net.forward(&image, &pair.each_ref().map(|(_, task)| *task))?, &label, LossOptions::default())?;
        loss.total.backward();
        losses.push(loss.total.double_value(&[]));
        tch::no_grad(|| sgd(&net, &mut velocities, poly(0.01, k as f64 / 400.0), momentum));
        if (k + 1) % 100 == 0 || k + 1 == steps {
            dice = measure(&net)?;
            let recent = &losses[losses.len().saturating_sub(20)..];
            let mean = recent.iter().sum::<f64>() / recent.len() as f64;
            let [a0, b0, c0, a6, b6, c6, c5] = dice;
            let minutes = start.elapsed().as_secs_f64() / 60.0;
            println!(
                "{:>5} {mean:>7.3} {minutes:>6.1}  {a0:.3} / {b0:.3} / {c0:.3}   {a6:.3} / {b6:.3} / {c6:.3}   {c5:.3}",
                k + 1
            );
        }
    }
    let [a0, b0, c0, a6, b6, _, c5] = dice;
    let checks = [
        ("task 0 finds A", a0 >= 0.85),
        ("task 6 finds B", b6 >= 0.85),
        ("task 0 finds C", c0 >= 0.6),
        ("task 5 finds C", c5 >= 0.6),
        ("task 0 leaves B", b0 <= 0.25),
        ("task 6 leaves A", a6 <= 0.25),
    ];
    for (claim, holds) in checks {
        println!("{claim:<16} {}", if holds { "yes" } else { "NO" });
    }
    if checks.iter().all(|(_, holds)| *holds) { Ok(()) } else { Err("the figures do not hold".into()) }
}

/// `v ← m v + g` (g at first), `θ ← θ - lr (g + m v)`.
fn sgd(net: &Network, velocities: &mut [Option<Tensor>], rate: f64, momentum: f64) {
    for ((_, parameter), velocity) in net.named().zip(velocities) {
        let (mut parameter, grad) = (parameter.shallow_clone(), parameter.grad());
        let v = velocity.take().map_or_else(|| grad.copy(), |v| v * momentum + &grad);
        let _ = parameter.g_sub_(&((grad + &v * momentum) * rate));
        *velocity = Some(v);
        parameter.zero_grad();
    }
}
