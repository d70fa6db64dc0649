//! A network in its module's hands: made on the run's device, run in the module's precision.

use rand::RngCore;
use std::ops::Deref;
use tch::Device;
use voxloom_precision::{Precision, Widen};
use voxloom_sdk::{Context, DeviceKind, Error, Result, Runs, Threads};

/// How the entries of a network run: heavy arithmetic, on any device.
pub const NETWORK: Runs = Runs {
    not_deterministic: Some("on CUDA the gradients of convolutions, enlargement and pooling add up in no fixed order"),
    deterministic_on: &["cpu"],
    ..FORWARD
};

/// As [`NETWORK`], of a network that never makes gradients.
pub const FORWARD: Runs = Runs {
    mode: voxloom_sdk::Mode::Parallel,
    threads: Threads::All,
    device: DeviceKind::Any,
    not_deterministic: None,
    deterministic_on: &[],
};

/// A network, where it lives, and the element type of its products. What does not compute is reached through [`Deref`].
#[derive(Debug)]
pub struct Placed<N> {
    network: N,
    device: Device,
    precision: Precision,
}

impl<N> Placed<N> {
    /// A network on the context's device; `make` gets that device and the module's own generator for the first weights.
    ///
    /// # Errors
    /// The device has no such precision, or what `make` says.
    pub fn new<E>(
        context: &Context,
        precision: Precision,
        make: impl FnOnce(Device, &mut dyn RngCore) -> Result<N, E>,
    ) -> Result<Self>
    where
        Error: From<E>,
    {
        let device = context.device()?;
        precision.check(device)?;
        Ok(Self { network: make(device, &mut context.rng())?, device, precision })
    }

    /// Runs a pass in the module's precision; narrow tensors that it gives become float32.
    ///
    /// # Errors
    /// What the pass says.
    pub fn run<T: Widen, E>(&self, pass: impl FnOnce(&N) -> Result<T, E>) -> Result<T>
    where
        Error: From<E>,
    {
        Ok(self.precision.run(self.device, || pass(&self.network))??)
    }
}

impl<N> Deref for Placed<N> {
    type Target = N;

    fn deref(&self) -> &N {
        &self.network
    }
}
