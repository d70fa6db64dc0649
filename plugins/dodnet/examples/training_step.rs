//! Seconds of one training step: forward, loss, backward, SGD with Nesterov momentum.
//!
//!     cargo run --release -p voxloom-dodnet --example training_step [width D H W batch threads steps]
//!
//! Prints one line of JSON. `tests/bench/dodnet_step.py` runs it beside the same network in Python and prints the ratio.

use std::time::Instant;
use tch::{Device, Kind, Tensor};
use voxloom_dodnet::loss::{LossOptions, partial_loss};
use voxloom_dodnet::network::{Network, NetworkConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<f64> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let at = |place: usize, default: f64| words.get(place).copied().unwrap_or(default);
    let width = at(0, 1.0);
    let [d, h, w, batch, threads, steps] =
        [(1, 16.0), (2, 32.0), (3, 32.0), (4, 2.0), (5, 1.0), (6, 6.0)].map(|(place, default)| at(place, default) as i64);
    // As the program does.
    voxloom_core::allocator::keep_freed_memory();
    tch::set_num_threads(i32::try_from(threads)?);
    let config = NetworkConfig { width, ..NetworkConfig::default() };
    let net = Network::new(config, Device::Cpu, &mut <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(0))?;
    let image = (Tensor::arange(batch * d * h * w, (Kind::Float, Device::Cpu)) * 0.01).sin().view([batch, 1, d, h, w]);
    let label = Tensor::cat(&[image.gt(0.3), image.gt(0.8)], 1).to_kind(Kind::Float);
    let tasks: Vec<i64> = (0..batch).map(|n| n % 4).collect();
    let mut momentum: Vec<Option<Tensor>> = net.named().map(|_| None).collect();

    let mut seconds = Vec::new();
    let mut last = 0.0;
    for _ in 0..steps {
        let start = Instant::now();
        let loss = partial_loss(&net.forward(&image, &tasks)?, &label, LossOptions::default())?;
        loss.total.backward();
        tch::no_grad(|| step(&net, &mut momentum));
        last = loss.total.double_value(&[]);
        seconds.push(start.elapsed().as_secs_f64());
    }
    // The first step allocates and warms up.
    seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    println!("{{\"seconds\": {:.6}, \"best\": {:.6}, \"loss\": {last:.6}}}", seconds[seconds.len() / 2], seconds[0]);
    Ok(())
}

/// `v ← 0.9 v + g`, `θ ← θ - lr (g + 0.9 v)`.
fn step(net: &Network, momentum: &mut [Option<Tensor>]) {
    for ((_, parameter), velocity) in net.named().zip(momentum) {
        let (mut parameter, mut grad) = (parameter.shallow_clone(), parameter.grad());
        match velocity {
            Some(velocity) => {
                let _ = velocity.g_mul_scalar_(0.9).g_add_(&grad);
            }
            None => *velocity = Some(grad.copy()),
        }
        if let Some(velocity) = velocity {
            let _ = grad.g_add_(&(&*velocity * 0.9));
        }
        let _ = parameter.g_sub_(&(&grad * 0.001));
        parameter.zero_grad();
    }
}
