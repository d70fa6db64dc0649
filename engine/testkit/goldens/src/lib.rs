//! The papers' goldens as tensors: files, the rule that fills weights and inputs, values to compare.
//!
//! For tests alone, so that what is wrong panics. What is compared how stays with each paper's own tests: its goldens' README says it.

mod narrow;

pub use narrow::{Limits, Pass, learns_alike};
use tch::{Device, Kind, Tensor};
use voxloom_testkit::golden::{self, Golden, u};

/// One file of a paper's folder, by its name without the ending.
///
/// Tests run side by side, so that libtorch gets one core in each.
pub fn read(paper: &str, name: &str) -> Golden {
    tch::set_num_threads(1);
    Golden::read(&golden::folder(paper).join(format!("{name}.safetensors")))
}

/// A tensor of a file, float32.
pub fn tensor(file: &Golden, key: &str) -> Tensor {
    let shape: Vec<i64> = file.shape(key).iter().map(|&n| n as i64).collect();
    Tensor::from_slice(file.values(key)).view(shape.as_slice())
}

/// Numbers of float64 as float32 rounds them.
pub fn rounded(values: &[f64], shape: &[i64]) -> Tensor {
    Tensor::from_slice(values).to_kind(Kind::Float).view(shape)
}

/// Numbers in [-1, 1) that follow from a name.
pub fn uniform(name: &str, shape: &[i64]) -> Tensor {
    rounded(&u(name, count(shape)), shape)
}

/// A parameter or buffer by the rule of the goldens.
pub fn fill(name: &str, shape: &[i64]) -> Tensor {
    rounded(&golden::fill(name, shape), shape)
}

/// All values, row-major, in float64.
pub fn values(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Double).contiguous().view(-1);
    Vec::try_from(flat).expect("a flat tensor of float64")
}

/// Length of the vector of all values.
pub fn norm(tensor: &Tensor) -> f64 {
    tensor.detach().to_kind(Kind::Double).norm().double_value(&[])
}

/// The largest difference.
pub fn gap(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// Within `tolerance` of the golden's largest value, everywhere; of 1 where the golden is 0 throughout.
#[track_caller]
pub fn near(file: &Golden, key: &str, found: &[f64], tolerance: f64) {
    let largest = file.values(key).iter().fold(0f32, |most, value| most.max(value.abs()));
    let scale = if largest == 0.0 { 1.0 } else { f64::from(largest) };
    file.close(key, found, tolerance * scale);
}

fn count(shape: &[i64]) -> usize {
    shape.iter().product::<i64>() as usize
}
