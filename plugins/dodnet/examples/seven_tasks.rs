//! All seven tasks of one volume: one trunk and seven heads against a full pass a task, as the authors' evaluation does it.
//!
//!     cargo run --release -p voxloom-dodnet --example seven_tasks [D H W] [threads]
//!
//! Prints seconds for both and their ratio. Without arguments: 32 64 64, one thread, width 1.

use std::time::Instant;
use tch::{Device, Kind, Tensor};
use voxloom_dodnet::network::{Network, NetworkConfig};

const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<i64> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let (size, threads) = match numbers[..] {
        [] => ([32, 64, 64], 1),
        [d, h, w] => ([d, h, w], 1),
        [d, h, w, threads] => ([d, h, w], threads),
        _ => return Err("expected nothing, D H W, or D H W and the number of threads".into()),
    };
    tch::set_num_threads(i32::try_from(threads)?);
    let net = Network::new(NetworkConfig::default(), Device::Cpu, &mut rng())?;
    let image = (Tensor::arange(size.iter().product::<i64>(), (Kind::Float, Device::Cpu)) * 0.01)
        .sin()
        .view([1, 1, size[0], size[1], size[2]]);
    let tasks: Vec<i64> = (0..7).collect();

    let together = || -> voxloom_dodnet::Result<Tensor> { net.heads(&net.features(&image)?, &tasks) };
    let apart = || -> voxloom_dodnet::Result<Tensor> {
        let passes = tasks.iter().map(|&task| net.forward(&image, &[task])).collect::<Result<Vec<_>, _>>()?;
        Ok(Tensor::cat(&passes, 1))
    };
    let (one, seven, gap) = tch::no_grad(|| -> voxloom_dodnet::Result<(f64, f64, f64)> {
        // The first pass standardises the weights and warms up the library; neither side is charged for it.
        let gap = (together()? - apart()?).abs().max().double_value(&[]);
        Ok((seconds(together)?, seconds(apart)?, gap))
    })?;
    println!("size {size:?}, {threads} thread(s), width 1, best of {ROUNDS}");
    println!("one trunk and seven heads  {one:8.3} s");
    println!("seven full passes          {seven:8.3} s");
    println!("ratio                      {:8.2}   (goal: at least 5; largest difference of logits {gap:.1e})", seven / one);
    Ok(())
}

fn seconds(run: impl Fn() -> voxloom_dodnet::Result<Tensor>) -> voxloom_dodnet::Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let _ = run()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn rng() -> rand_chacha::ChaCha8Rng {
    rand::SeedableRng::seed_from_u64(0)
}
