//! Seconds of one training step (forward, L1, backward, Adam) and of one use.
//!
//!     cargo run --release -p voxloom-seran --example seran_step [feats groups blocks size batch threads steps]
//!
//! Prints one line of JSON. `tests/bench/seran_step.py` runs it beside the same network in Python and prints the ratios.

use rand::SeedableRng;
use std::time::Instant;
use tch::{Device, Kind, Tensor};
use voxloom_optim::Adam;
use voxloom_parts::Builder;
use voxloom_seran::network::{Mode, Network, NetworkConfig, SeabConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<i64> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let at = |place: usize, default: i64| words.get(place).copied().unwrap_or(default);
    let [feats, groups, blocks, size] = [at(0, 32), at(1, 2), at(2, 3), at(3, 24)];
    let [batch, threads, steps] = [at(4, 8), at(5, 1), at(6, 12)];
    // As the program does.
    voxloom_core::allocator::keep_freed_memory();
    tch::set_num_threads(i32::try_from(threads)?);
    let config = NetworkConfig {
        n_feats: feats,
        n_resgroups: usize::try_from(groups)?,
        n_resblocks: usize::try_from(blocks)?,
        seab: SeabConfig::of_width(feats),
        ..NetworkConfig::default()
    };
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let net = Network::new(&Builder::random(Device::Cpu, &mut rng), config)?;
    let wave = |n: i64| (Tensor::arange(batch * n * n, (Kind::Float, Device::Cpu)) * 0.01).sin().view([batch, 1, n, n]) * 100.0;
    let (lr, hr) = (wave(size), wave(2 * size));
    let mut moments: Vec<[Option<Tensor>; 2]> = net.entries().parameters().map(|_| [None, None]).collect();

    let mut last = 0.0;
    let mut age = 0;
    let train = timed(steps, || {
        let loss = net.forward(&lr, Mode::Train)?.l1_loss(&hr, tch::Reduction::Mean);
        loss.backward();
        age += 1;
        tch::no_grad(|| adam(&net, &mut moments, age));
        last = loss.double_value(&[]);
        Ok(())
    })?;
    let infer = timed(steps, || tch::no_grad(|| net.forward(&lr, Mode::Eval)).map(drop))?;
    println!("{{\"train\": {train:.6}, \"infer\": {infer:.6}, \"loss\": {last:.6}}}");
    Ok(())
}

/// The median of all calls but the first, which allocates and warms up.
fn timed(steps: i64, mut call: impl FnMut() -> voxloom_seran::Result<()>) -> voxloom_seran::Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..steps {
        let start = Instant::now();
        call()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}

/// Adam at PyTorch's defaults.
fn adam(net: &Network, moments: &mut [[Option<Tensor>; 2]], age: i64) {
    for (named, moments) in net.entries().parameters().zip(moments) {
        let mut weight = named.tensor.shallow_clone();
        let gradient = weight.grad();
        Adam::default().step(1e-3, age, &mut weight, gradient, moments);
        weight.zero_grad();
    }
}
