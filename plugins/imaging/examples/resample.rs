//! Resamples one raw float32 volume and prints the best time of several runs: the Rust side of
//! `tests/bench/resample/compare.py`.
//!
//! `resample IN D,H,W OUT AXIS AXIS AXIS INTERPOLATION BORDER THREADS REPEATS`, where AXIS is `zoom:N` or `START:STEP:N`.

use std::time::Instant;
use voxloom_imaging::resample::{AxisMap, Border, Interpolation, resample};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, shape, output, z, y, x, interpolation, border, threads, repeats] = arguments.as_slice() else {
        return Err("usage: resample IN D,H,W OUT AXIS AXIS AXIS INTERPOLATION BORDER THREADS REPEATS".into());
    };
    let shape: Vec<usize> = shape.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let shape: [usize; 3] = shape.try_into().map_err(|_| "the shape has three numbers")?;
    let data: Vec<f32> = std::fs::read(input)?.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let maps = [axis(z, shape[0])?, axis(y, shape[1])?, axis(x, shape[2])?];
    let interpolation = match interpolation.as_str() {
        "nearest" => Interpolation::Nearest,
        "linear" => Interpolation::Linear,
        "cubic" => Interpolation::Cubic,
        other => return Err(format!("unknown interpolation `{other}`").into()),
    };
    let border = match border.as_str() {
        "edge" => Border::Edge,
        "mirror" => Border::Mirror,
        "reflect" => Border::Reflect,
        value => Border::Constant(value.parse()?),
    };
    let threads = threads.parse()?;
    let mut best = f64::INFINITY;
    let mut result = Vec::new();
    for _ in 0..repeats.parse::<usize>()?.max(1) {
        drop(std::mem::take(&mut result));
        let start = Instant::now();
        result = resample(&data, shape, &maps, interpolation, border, threads);
        best = best.min(start.elapsed().as_secs_f64());
    }
    std::fs::write(output, result.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())?;
    println!("{best}");
    Ok(())
}

fn axis(text: &str, n_in: usize) -> Result<AxisMap, Box<dyn std::error::Error>> {
    if let Some(n_out) = text.strip_prefix("zoom:") {
        return Ok(AxisMap::zoom(n_in, n_out.parse()?));
    }
    let parts: Vec<&str> = text.split(':').collect();
    let [start, step, n] = parts.as_slice() else { return Err(format!("not an axis: `{text}`").into()) };
    Ok(AxisMap::new(start.parse()?, step.parse()?, n.parse()?))
}
