//! Seconds of one training iteration (three networks, three conditions, three optimizers) and of one inference.
//!
//!     cargo run --release -p voxloom-mrnet --example mrnet_step [width H W batch threads steps]
//!
//! Prints one line of JSON. `tests/bench/mrnet_step.py` runs it beside the same networks in Python and prints the ratios.

#[path = "synthetic_raters/iteration.rs"]
mod iteration;

use iteration::{Fault, Training};
use rand_chacha::ChaCha8Rng;
use std::time::Instant;
use tch::{Device, Kind, Tensor};
use voxloom_mrnet::expertness::{Condition, draw};
use voxloom_mrnet::network::NetworkConfig;
use voxloom_parts::Mode;

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
    let mut nets = Training::new(config, 1e-4, &mut rng)?;
    let image = (Tensor::arange(batch * 3 * h * w, (Kind::Float, Device::Cpu)) * 0.01).sin().view([batch, 3, h, w]);
    let masks: Vec<Tensor> = (0..12).map(|i| image.select(1, i % 3).gt(0.05 * i as f64).to_kind(Kind::Float)).collect();
    let masks = Tensor::stack(&masks, 1).view([batch, 6, 2, h, w]);
    let conditions = [Condition::One, Condition::Random, Condition::Average];

    let mut step = || -> Result<f64, Fault> {
        let start = Instant::now();
        nets.iterate(&image, &masks, &draw(&conditions, batch, 6, &mut rng))?;
        Ok(start.elapsed().as_secs_f64())
    };
    let training = median((0..steps).map(|_| step()).collect::<Result<_, _>>()?);
    let average = Tensor::full([batch, 6], 1.0 / 6.0, (Kind::Float, Device::Cpu));
    let infer = || -> Result<f64, Fault> {
        let start = Instant::now();
        tch::no_grad(|| -> Result<f64, Fault> {
            let z = nets.coarse.forward(&image, &average, Mode::Eval)?;
            let raters = nets.reconstruction.forward(&image, &z.logits, &average, Mode::Eval)?;
            Ok(nets.perception.forward(&raters, &z.features, &z.logits, Mode::Eval)?.logits.double_value(&[0, 0, 0, 0]))
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
