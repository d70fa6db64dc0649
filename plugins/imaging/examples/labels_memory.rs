//! Labels of 300 x 512 x 512 voxels from windows of 60 classes, with the time and the peak of memory.
//!
//! `(ulimit -v 4194304; target/release/examples/labels_memory)` runs it under a cap of 4 GiB. All arguments may be left out:
//! `labels_memory [WINDOW_Z,Y,X] [OVERLAP] [NETWORK_SPACING] [CLASSES] [THREADS]`. The network's grid has voxels
//! NETWORK_SPACING times as large as the label map's.

use std::time::{Duration, Instant};
use voxloom_imaging::blend::Weighting;
use voxloom_imaging::geometry::{IDENTITY, Matrix};
use voxloom_imaging::labels::{Painter, PlaneBlend, Rule};
use voxloom_imaging::resample::{Alignment, size_for_spacing};
use voxloom_imaging::windows::Layout;

const SHAPE: [usize; 3] = [300, 512, 512];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |i: usize, default: &str| arguments.get(i).cloned().unwrap_or_else(|| default.into());
    let window: Vec<usize> = argument(0, "32,128,128").split(',').map(str::parse).collect::<Result<_, _>>()?;
    let window: [usize; 3] = window.try_into().map_err(|_| "the window has three numbers")?;
    let overlap: f64 = argument(1, "0.25").parse()?;
    let spacing: f64 = argument(2, "1").parse()?;
    let classes: usize = argument(3, "60").parse()?;
    let threads: usize = argument(4, "2").parse()?;

    let network = size_for_spacing(SHAPE, [1.0; 3], [spacing; 3]);
    let layout = Layout::new(network, window, [overlap; 3]).ok_or("the window is larger than the volume")?;
    let alignment = Alignment::between((&grid_over(network), network), (&grid_over(SHAPE), SHAPE))?;
    let weight = Weighting::Gaussian { sigma_scale: 0.125 }.map(window);
    let rule = Rule::Argmax { labels: (0..classes as i32).collect() };
    println!("{SHAPE:?} voxels, {classes} classes, network grid {network:?}, {} windows of {window:?}", layout.len());

    let mut planes = PlaneBlend::new(classes, network);
    let mut painter: Painter<u8> = Painter::new(network, alignment, rule, threads);
    let mut patch = vec![0.0f32; classes * window.iter().product::<usize>()];
    let (start, mut making) = (Instant::now(), Duration::ZERO);
    for i in 0..layout.len() {
        let corner = layout.corner(i).ok_or("a layout has its own windows")?;
        let before = Instant::now();
        scores(&mut patch, classes, window, corner, network);
        making += before.elapsed();
        planes.add(&patch, &weight, window, corner, |z, plane| painter.plane(z, plane))?;
    }
    planes.finish(|z, plane| painter.plane(z, plane));
    let labels = painter.finish();
    let took = start.elapsed();

    let mut counts = vec![0u64; classes];
    labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
    let present = counts.iter().filter(|&&count| count > 0).count();
    let all_scores = (classes * SHAPE.iter().product::<usize>() * 4) as f64 / 1e9;
    println!(
        "{present} classes present, {:.1} s for blending and labels, {:.1} s for making scores",
        (took - making).as_secs_f64(),
        making.as_secs_f64()
    );
    println!(
        "peak resident {:.2} GB, peak virtual {:.2} GB; scores of the whole volume would be {all_scores:.1} GB",
        peak("VmHWM")?,
        peak("VmPeak")?
    );
    if present == classes { Ok(()) } else { Err("every class should own some voxels".into()) }
}

/// A grid of `shape` over one cube of space, so that all grids cover the same extent.
fn grid_over(shape: [usize; 3]) -> Matrix {
    let mut matrix = IDENTITY;
    for axis in 0..3 {
        let size = SHAPE[2 - axis] as f64 / shape[2 - axis] as f64;
        matrix[axis][axis] = size;
        matrix[axis][3] = size / 2.0;
    }
    matrix
}

/// Class `c` is likely near a centre of its own: cells of a Voronoi diagram.
fn scores(patch: &mut [f32], classes: usize, window: [usize; 3], corner: [usize; 3], shape: [usize; 3]) {
    let relative = |axis: usize, i: usize| (corner[axis] + i) as f32 / shape[axis] as f32;
    for (class, values) in patch.chunks_exact_mut(window.iter().product()).enumerate().take(classes) {
        // A low-discrepancy sequence (fractions of multiples of irrational numbers) spreads the centres.
        let centre = [0.754_877_7, 0.569_840_3, 0.362_159_4].map(|a: f32| ((class + 1) as f32 * a).fract());
        for (row, values) in values.chunks_exact_mut(window[2]).enumerate() {
            let dz = relative(0, row / window[1]) - centre[0];
            let dy = relative(1, row % window[1]) - centre[1];
            let rest = dz * dz + dy * dy;
            for (x, value) in values.iter_mut().enumerate() {
                let dx = relative(2, x) - centre[2];
                *value = -(rest + dx * dx);
            }
        }
    }
}

/// A line of `/proc/self/status` that is in kB, as GB.
fn peak(name: &str) -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such line in /proc/self/status")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("an empty line")?.parse()?;
    Ok(kilobytes * 1024.0 / 1e9)
}
