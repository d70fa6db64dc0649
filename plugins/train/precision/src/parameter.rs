//! Precision as a network's parameter: refused where the device cannot, results in float32.

use crate::{Precision, autocast};
use tch::{Device, Kind, Tensor};
use voxloom_sdk::params::ParamType;
use voxloom_sdk::{Error, Result};

/// What an autocast scope gives: tensors that leave it in float32.
pub trait Widen {
    #[must_use]
    fn widen(self) -> Self;
}

impl Widen for Tensor {
    /// float32 for the narrow types; any other tensor as it is.
    fn widen(self) -> Self {
        if matches!(self.kind(), Kind::Half | Kind::BFloat16) { self.to_kind(Kind::Float) } else { self }
    }
}

impl<A: Widen, B: Widen> Widen for (A, B) {
    fn widen(self) -> Self {
        (self.0.widen(), self.1.widen())
    }
}

impl<T: Widen> Widen for Vec<T> {
    fn widen(self) -> Self {
        self.into_iter().map(Widen::widen).collect()
    }
}

impl<T: Widen, E> Widen for Result<T, E> {
    fn widen(self) -> Self {
        self.map(Widen::widen)
    }
}

impl Precision {
    /// As it is written in pipeline files.
    pub fn name(self) -> String {
        self.to_json().as_str().unwrap_or_default().to_owned()
    }

    /// For a module's `create`.
    ///
    /// # Errors
    /// The device has no autocast to this precision; the parameter `precision` is named.
    pub fn check(self, device: Device) -> Result<()> {
        autocast(self, device, || ()).map_err(|fault| Error::param("precision", format!("is wrong here: {fault}")))
    }

    /// Runs `body` in this precision; narrow tensors that it gives become float32.
    ///
    /// # Errors
    /// As [`Precision::check`].
    pub fn run<T: Widen>(self, device: Device, body: impl FnOnce() -> T) -> Result<T> {
        self.check(device)?;
        Ok(autocast(self, device, body)?.widen())
    }
}

/// `cpu`, `cuda:0`.
pub fn device_name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxloom_sdk::Json;

    #[test]
    fn its_words_are_those_of_pytorch() {
        let words = ["float32", "bfloat16", "float16"];
        let parsed = words.map(|word| Precision::parse(&Json::from(word)).unwrap());
        assert_eq!(parsed, [Precision::Float32, Precision::Bfloat16, Precision::Float16]);
        assert_eq!(parsed.map(Precision::name), words);
    }

    #[test]
    fn what_leaves_is_float32_and_other_types_stay() {
        let ones = |kind| Tensor::ones([2, 2], (kind, Device::Cpu));
        let both = Precision::Bfloat16.run(Device::Cpu, || {
            let inside = ones(Kind::Float).matmul(&ones(Kind::Float));
            assert_eq!(inside.kind(), Kind::BFloat16);
            (inside, ones(Kind::Int64))
        });
        let (product, whole) = both.unwrap();
        assert_eq!((product.kind(), whole.kind()), (Kind::Float, Kind::Int64));
    }

    #[test]
    fn a_device_without_it_is_a_wrong_parameter() {
        let fault = Precision::Float16.check(Device::Cpu).unwrap_err();
        assert_eq!(fault.param_path(), "precision");
        assert!(fault.message().contains("float16 does not run on cpu"), "{fault}");
        assert!(Precision::Bfloat16.check(Device::Cpu).is_ok() && Precision::Float16.check(Device::Cuda(0)).is_ok());
    }
}
