//! Seconds of one training iteration (three networks, three conditions, three optimizers) and of one inference.
//!
//!     cargo run --release -p voxloom-mrnet --example mrnet_step [width H W batch threads steps]
//!
//! Prints one line of JSON. `tests/bench/mrnet_step.py` runs it beside the same networks in Python and prints the ratios.

use rand_chacha::ChaCha8Rng;
use std::time::Instant;
use tch::{Device, Kind, Tensor};
use voxloom_mrnet::expertness::{Condition, draw, soft_truth};
use voxloom_mrnet::losses::{consistency, of_raters, weighted};
use voxloom_mrnet::network::{Coarse, NetworkConfig, Perception, Reconstruction};
use voxloom_optim::Adam;
use voxloom_parts::{Entries, Mode};

type Fault = Box<dyn std::error::Error>;

struct Networks(Coarse, Reconstruction, Perception);

fn main() -> Result<(), Fault> {
    let words: Vec<f64> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let at = |place: usize, default: f64| words.get(place).copied().unwrap_or(default);
    let width = at(0, 0.25);
    let [h, w, batch, threads, steps] =
        [(1, 64.0), (2, 64.0), (3, 4.0), (4, 1.0), (5, 6.0)].map(|(place, default)| at(place, default) as i64);
    // As the program does.
    voxloom_core::allocator::keep_freed_memory();
    tch::set_num_threads(i32::try_from(threads)?);
    let mut rng = <ChaCha8Rng as rand::SeedableRng>::seed_from_u64(0);
    let config = NetworkConfig { width, ..NetworkConfig::default() };
    let nets = Networks(
        Coarse::new(config, Device::Cpu, &mut rng)?,
        Reconstruction::new(config, Device::Cpu, &mut rng)?,
        Perception::new(config, false, Device::Cpu, &mut rng)?,
    );
    let image = (Tensor::arange(batch * 3 * h * w, (Kind::Float, Device::Cpu)) * 0.01).sin().view([batch, 3, h, w]);
    let masks: Vec<Tensor> = (0..12).map(|i| image.select(1, i % 3).gt(0.05 * i as f64).to_kind(Kind::Float)).collect();
    let masks = Tensor::stack(&masks, 1).view([batch, 6, 2, h, w]);
    let conditions = [Condition::One, Condition::Random, Condition::Average];

    let mut optimizers: [Steps; 3] = Default::default();
    let mut step = || -> Result<f64, Fault> {
        let start = Instant::now();
        iterate(&nets, &image, &masks, &draw(&conditions, batch, 6, &mut rng), &mut optimizers)?;
        Ok(start.elapsed().as_secs_f64())
    };
    let training = median((0..steps).map(|_| step()).collect::<Result<_, _>>()?);
    let average = Tensor::full([batch, 6], 1.0 / 6.0, (Kind::Float, Device::Cpu));
    let infer = || -> Result<f64, Fault> {
        let start = Instant::now();
        tch::no_grad(|| -> Result<f64, Fault> {
            let z = nets.0.forward(&image, &average, Mode::Eval)?;
            let raters = nets.1.forward(&image, &z.logits, &average, Mode::Eval)?;
            Ok(nets.2.forward(&raters, &z.features, &z.logits, Mode::Eval)?.logits.double_value(&[0, 0, 0, 0]))
        })?;
        Ok(start.elapsed().as_secs_f64())
    };
    let inference = median((0..steps).map(|_| infer()).collect::<Result<_, _>>()?);
    println!("{{\"training\": {training:.6}, \"inference\": {inference:.6}}}");
    Ok(())
}

/// Of all but the first, which allocates and warms up.
fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// One network's Adam, at the paper's rate and decay.
#[derive(Default)]
struct Steps {
    age: i64,
    moments: Vec<[Option<Tensor>; 2]>,
}

impl Steps {
    fn step(&mut self, loss: &Tensor, entries: &Entries) -> Result<(), Fault> {
        self.age += 1;
        let leaves: Vec<&Tensor> = entries.parameters().map(|named| &*named.tensor).collect();
        let gradients = Tensor::f_run_backward(&[loss], &leaves, false, false)?;
        self.moments.resize_with(leaves.len(), Default::default);
        let adam = Adam { weight_decay: 5e-4, ..Adam::default() };
        for ((weight, gradient), moments) in leaves.into_iter().zip(gradients).zip(&mut self.moments) {
            if gradient.defined() {
                tch::no_grad(|| adam.step(1e-4, self.age, &mut weight.shallow_clone(), gradient, moments));
            }
        }
        Ok(())
    }
}

fn iterate(nets: &Networks, image: &Tensor, masks: &Tensor, weights: &Tensor, steps: &mut [Steps; 3]) -> Result<(), Fault> {
    let target = soft_truth(masks, weights)?;
    let z = nets.0.conditions(image, weights, Mode::Train)?;
    let maps = z.logits.detach();
    let raters = nets.1.conditions(image, &maps, weights, Mode::Train)?;
    steps[1].step(&of_raters(&raters, masks)?.0, nets.1.entries())?;
    let measured = tch::no_grad(|| -> Result<Tensor, Fault> {
        let found = nets.1.encode(image, &maps.get(2), Mode::Train)?;
        Ok(consistency(&found, &nets.1.encode(image, &target.get(2), Mode::Train)?).0)
    })?;
    let shares = [1.0, 2.0, 3.0];
    let total = weighted(&z.logits, &target, &shares)?.0 * 0.7 + measured * 0.3;
    steps[0].step(&total, nets.0.entries())?;
    let refined = nets.2.conditions(&raters.detach(), &z.features.detach(), &maps, Mode::Train)?;
    steps[2].step(&weighted(&refined.logits, &target, &shares)?.0, nets.2.entries())
}
