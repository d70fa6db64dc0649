//! Mixed precision: libtorch's autocast for a scope.
//!
//! A network whose entry has a parameter `precision` wraps its forward pass in [`autocast`]; its weights stay float32, products
//! and convolutions run in the narrow type. float16 needs loss scaling on top (the optimizers' `loss_scale`), bfloat16 does not.
//! [`Precision`] is the type of such a parameter:
//!
//! ```text
//! /// Element type of products and convolutions; the weights stay float32.
//! #[param(default = Precision::Float32)]
//! pub precision: Precision,
//! ```
//!
//! `create` says [`Precision::check`], entries [`Precision::run`], which also brings results back to float32.
//! This leaves choosing to the network: an optimizer cannot reach into a forward pass that has already been.

mod parameter;

pub use parameter::Widen;
use std::fmt;
use tch::{Device, Kind, Tensor};
use voxloom_sdk::Choice;

/// Element type of products and convolutions; as a parameter `float32`, `bfloat16` or `float16`.
#[derive(Choice, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// No autocast.
    #[default]
    Float32,
    /// CPU and CUDA.
    Bfloat16,
    /// CUDA only.
    Float16,
}

/// The device has no autocast to this precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported(pub Precision, pub Device);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(precision, device) = self;
        write!(
            f,
            "{} does not run on {}: float16 needs a CUDA device (`--device cuda:0`), bfloat16 runs on CUDA and on the CPU",
            precision.name(),
            parameter::device_name(*device)
        )
    }
}

impl std::error::Error for Unsupported {}

/// Runs `body` with autocast as `precision` says, and restores the thread's settings, also after a panic.
///
/// # Errors
/// float16 outside CUDA, bfloat16 outside CUDA and CPU.
pub fn autocast<T>(precision: Precision, device: Device, body: impl FnOnce() -> T) -> Result<T, Unsupported> {
    let (device_type, dtype) = match (precision, device) {
        (Precision::Float32, _) => return Ok(body()),
        (Precision::Bfloat16, Device::Cpu) => (CPU, BFLOAT16),
        (Precision::Bfloat16, Device::Cuda(_)) => (CUDA, BFLOAT16),
        (Precision::Float16, Device::Cuda(_)) => (CUDA, HALF),
        _ => return Err(Unsupported(precision, device)),
    };
    let _scope = Scope::enter(device_type, dtype, true);
    Ok(body())
}

/// Runs `convolve` on `x`; without autocast, and on `x` in float32, where its gradient would be wrong.
///
/// Rationale: on CPUs with AVX-512 the bfloat16 kernels of libtorch 2.11 leave parts of the gradient of a 3×3×3 convolution's
/// weight unwritten where the input has an axis of one or two voxels, as at the bottom of a U-Net. Such inputs are small,
/// so that float32 costs little there.
pub fn convolution(x: &Tensor, convolve: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
    let thin = is_on(Device::Cpu) && x.device() == Device::Cpu && x.size().iter().skip(2).any(|&voxels| voxels <= 2);
    if !thin {
        return convolve(x);
    }
    let _scope = Scope::enter(CPU, BFLOAT16, false);
    convolve(&x.to_kind(Kind::Float))
}

/// Autocast is on for this thread and device.
pub fn is_on(device: Device) -> bool {
    // SAFETY: a thread-local switch of libtorch without further conditions.
    unsafe { is_enabled(if device == Device::Cpu { CPU } else { CUDA }) }
}

/// Softmax along `axis`; of a narrow tensor in float32, as autocast has it on CUDA and not on the CPU.
pub fn softmax(x: &Tensor, axis: i64) -> Tensor {
    let narrow = matches!(x.kind(), Kind::Half | Kind::BFloat16);
    x.softmax(axis, narrow.then_some(Kind::Float))
}

/// c10::DeviceType and c10::ScalarType.
const CPU: i8 = 0;
const CUDA: i8 = 1;
const HALF: i8 = 5;
const BFLOAT16: i8 = 15;

// libtorch has these in C++ only, and tch binds the CUDA switch without the type. Each takes and returns numbers of one byte, so
// that C++'s calling convention is C's. The names are those of libtorch 2.11, which the workspace pins; another one fails to link.
unsafe extern "C" {
    #[link_name = "_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb"]
    fn set_enabled(device_type: i8, on: bool);
    #[link_name = "_ZN2at8autocast19is_autocast_enabledEN3c1010DeviceTypeE"]
    fn is_enabled(device_type: i8) -> bool;
    #[link_name = "_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE"]
    fn set_dtype(device_type: i8, dtype: i8);
    #[link_name = "_ZN2at8autocast18get_autocast_dtypeEN3c1010DeviceTypeE"]
    fn get_dtype(device_type: i8) -> i8;
}

/// What the thread had before.
struct Scope {
    device_type: i8,
    was_on: bool,
    dtype: i8,
}

impl Scope {
    fn enter(device_type: i8, dtype: i8, on: bool) -> Self {
        // SAFETY: thread-local switches of libtorch without further conditions.
        unsafe {
            let scope = Self { device_type, was_on: is_enabled(device_type), dtype: get_dtype(device_type) };
            set_dtype(device_type, dtype);
            set_enabled(device_type, on);
            torch_sys::at_autocast_increment_nesting();
            scope
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        // SAFETY: as above. Narrow copies of the weights live until the outermost scope ends.
        unsafe {
            if torch_sys::at_autocast_decrement_nesting() == 0 {
                torch_sys::at_autocast_clear_cache();
            }
            set_enabled(self.device_type, self.was_on);
            set_dtype(self.device_type, self.dtype);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product() -> Tensor {
        let weight = Tensor::ones([3, 3], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        weight.matmul(&Tensor::ones([3, 1], (Kind::Float, Device::Cpu)))
    }

    #[test]
    fn bfloat16_runs_on_the_cpu_and_ends_with_its_scope() {
        let inside = autocast(Precision::Bfloat16, Device::Cpu, product).unwrap();
        assert_eq!(inside.kind(), Kind::BFloat16);
        assert_eq!(product().kind(), Kind::Float);
        let caught = std::panic::catch_unwind(|| autocast(Precision::Bfloat16, Device::Cpu, || panic!("inside")).unwrap());
        assert!(caught.is_err());
        assert_eq!(product().kind(), Kind::Float);
    }

    /// Fails where `convolution` is `|x, convolve| convolve(x)`, on a CPU with AVX-512's bfloat16.
    #[test]
    fn thin_convolutions_have_right_gradients() {
        for (size, stride) in [([2, 2, 2], 1), ([2, 5, 4], 1), ([1, 1, 1], 2), ([3, 1, 4], 2), ([3, 4, 3], 1)] {
            let wave = |shape: &[i64]| {
                let ramp = Tensor::arange(shape.iter().product::<i64>(), (Kind::Float, Device::Cpu));
                (ramp * 0.7).sin().view(shape).set_requires_grad(true)
            };
            let (x, weight) = (wave(&[2, 16, size[0], size[1], size[2]]), wave(&[16, 16, 3, 3, 3]));
            let gradients = |precision| {
                let narrow = |x: &Tensor| x.conv3d(&weight, None::<&Tensor>, stride, 1, 1, 1);
                let y = autocast(precision, Device::Cpu, || convolution(&x, narrow)).unwrap();
                Tensor::run_backward(&[y.to_kind(Kind::Float).square().sum(Kind::Float)], &[&x, &weight], false, false)
            };
            for (wide, narrow) in gradients(Precision::Float32).iter().zip(&gradients(Precision::Bfloat16)) {
                let gap = ((wide - narrow).norm() / wide.norm()).double_value(&[]);
                assert!(gap < 0.02, "{size:?}, stride {stride}: off by {gap}");
            }
        }
    }

    #[test]
    fn gradients_come_back_in_float32() {
        let weight = Tensor::ones([2, 2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let loss =
            autocast(Precision::Bfloat16, Device::Cpu, || weight.matmul(&weight).to_kind(Kind::Float).sum(Kind::Float)).unwrap();
        loss.backward();
        assert_eq!(weight.grad().kind(), Kind::Float);
        assert_eq!(Vec::<f32>::try_from(weight.grad().view(-1)).unwrap(), [4.0; 4]);
    }

    #[test]
    fn float32_is_no_autocast_and_float16_is_refused_on_the_cpu() {
        assert_eq!(autocast(Precision::Float32, Device::Cpu, product).unwrap().kind(), Kind::Float);
        let refused = autocast(Precision::Float16, Device::Cpu, product).unwrap_err().to_string();
        assert_eq!(
            refused,
            "float16 does not run on cpu: float16 needs a CUDA device (`--device cuda:0`), bfloat16 runs on CUDA and on the CPU"
        );
    }
}
