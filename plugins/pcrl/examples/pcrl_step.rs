//! Seconds of one training step of the 2D method, and of one use of its U-Net.
//!
//!     cargo run --release -p voxloom-pcrl --example pcrl_step [width size batch threads steps]
//!
//! A step is: two calls of the teacher and of the student, three of a queue of 4096 keys, seven losses, backward, SGD with momentum
//! and weight decay, and the teacher's approach. Prints one line of JSON. `tests/bench/pcrl_step.py` runs it beside the same in Python and prints the ratios.

use rand::SeedableRng;
use std::time::Instant;
use tch::{Device, Kind, Tensor};
use voxloom_optim::Sgd;
use voxloom_parts::{Builder, Mode};
use voxloom_pcrl::contrast::{Draws, Queue, QueueConfig, Variant};
use voxloom_pcrl::iteration::{Views, iteration};
use voxloom_pcrl::network::{Config, Network, follow};
use voxloom_pcrl::objective::Weights;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<f64> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let at = |place: usize, default: f64| words.get(place).copied().unwrap_or(default);
    let width = at(0, 0.25);
    let [size, batch, threads, steps] =
        [(1, 64.0), (2, 16.0), (3, 1.0), (4, 6.0)].map(|(place, default)| at(place, default) as i64);
    // As the program does.
    voxloom_core::allocator::keep_freed_memory();
    tch::set_num_threads(i32::try_from(threads)?);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let mut network = || Network::new(Config { width, ..Config::default() }, &Builder::random(Device::Cpu, &mut rng));
    let (student, teacher) = (network()?, network()?);
    let config = QueueConfig { size: 4096, embedding: 128, temperature: 0.2, n_data: 1000.0, variant: Variant::Nce };
    let mut queue = Queue::random(config, Device::Cpu, &mut rng);
    let views = views(batch, size);
    let index = (0..batch).map(|i| (i + 1) % batch).collect();
    let draws = Draws { shuffle: Vec::new(), alpha1: 0.8, lambda: 0.7, index, alpha2: 0.6 };
    let pairs = || teacher.entries().parameters().zip(student.entries().parameters());
    pairs().for_each(|(target, source)| follow(&target.tensor, &source.tensor, 0.0));
    let mut velocities: Vec<Option<Tensor>> = student.entries().parameters().map(|_| None).collect();

    let mut last = 0.0;
    let seconds = median(steps, || {
        let weights = Weights { contrast: 1.0, reconstruction: 1.0 };
        let total = iteration(&student, &teacher, &mut queue, &views, &draws, weights)?.total.total;
        total.backward();
        step(&student, &mut velocities);
        pairs().for_each(|(target, source)| follow(&target.tensor, &source.tensor, 0.999));
        last = total.double_value(&[]);
        Ok(())
    })?;
    let inference =
        median(2 * steps, || tch::no_grad(|| Ok(_ = student.plain(&views.x1, Mode::Eval)?.double_value(&[0, 0, 0, 0]))))?;
    println!("{{\"seconds\": {seconds:.6}, \"inference\": {inference:.6}, \"loss\": {last:.6}}}");
    Ok(())
}

/// Median seconds of `work`; the first time allocates and warms up, and does not count.
fn median(times: i64, mut work: impl FnMut() -> voxloom_pcrl::Result<()>) -> voxloom_pcrl::Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        work()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}

/// Waves of several lengths.
fn views(batch: i64, size: i64) -> Views {
    let image = |length: f64| {
        let count = batch * 3 * size * size;
        (Tensor::arange(count, (Kind::Float, Device::Cpu)) * length).sin().view([batch, 3, size, size])
    };
    let indicator = || Tensor::from_slice(&[1f32, 0.0, 0.0, 1.0, 0.0, 0.0]).repeat([batch, 1]);
    Views {
        x1: image(0.01),
        x2: image(0.02),
        m1: image(0.03),
        m2: image(0.04),
        g1: image(0.05),
        g2: image(0.06),
        v1: indicator(),
        v2: indicator(),
    }
}

fn step(student: &Network, velocities: &mut [Option<Tensor>]) {
    let sgd = Sgd { momentum: 0.9, weight_decay: 1e-4, ..Sgd::default() };
    tch::no_grad(|| {
        for (named, velocity) in student.entries().parameters().zip(velocities) {
            let mut parameter = named.tensor.shallow_clone();
            let gradient = parameter.grad();
            sgd.step(0.001, &mut parameter, gradient, velocity);
            parameter.zero_grad();
        }
    });
}
