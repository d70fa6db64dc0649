//! The tensors of a network: initial values, and the standardised weights that inference keeps.

use super::architecture::{Parameter, Start};
use super::standardise::standardise;
use rand::Rng;
use std::sync::{Mutex, PoisonError};
use tch::{Device, Kind, Tensor};
use voxloom_sdk::Weight;

/// One tensor a parameter of the plan, in its order.
pub struct Parameters {
    tensors: Vec<Weight>,
    standardised: Vec<bool>,
    kept: Mutex<Vec<Option<Kept>>>,
}

/// A standardised weight and the version of the parameter that it was made from.
struct Kept {
    version: i64,
    tensor: Tensor,
}

impl Parameters {
    /// The framework's default initial values, from the caller's generator and not from libtorch's global one.
    pub fn new(plan: &[Parameter], device: Device, rng: &mut impl Rng) -> Self {
        let tensors = plan.iter().map(|parameter| start(parameter, rng).to_device(device).set_requires_grad(true)).collect();
        Self::from_tensors(plan, tensors)
    }

    /// Given values; `tensors` in the plan's order and shapes.
    pub fn from_tensors(plan: &[Parameter], tensors: Vec<Tensor>) -> Self {
        let standardised: Vec<bool> = plan.iter().map(|parameter| parameter.standardised).collect();
        let kept = Mutex::new(standardised.iter().map(|_| None).collect());
        Self { tensors: tensors.into_iter().map(Weight::new).collect(), standardised, kept }
    }

    /// The tensor of the plan's parameter number `index`.
    pub fn tensor(&self, index: usize) -> &Tensor {
        &self.tensors[index]
    }

    /// All tensors, in the plan's order.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.tensors.iter().map(|weight| &**weight)
    }

    /// The tensors as the layers use them: standardised where the plan says so.
    ///
    /// With gradients wanted they are made anew, as part of the graph. Without, they are kept until their parameter
    /// changes: libtorch counts every change in place (an optimizer's step, a copied checkpoint) in the tensor's version.
    pub fn ready(&self) -> Ready {
        // A view asks libtorch whether gradients are on here, and wanted by this parameter.
        let grad = |tensor: &Tensor| tensor.view(-1).requires_grad();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = false;
        let tensors = self.tensors().zip(&self.standardised).zip(kept.iter_mut()).map(|((tensor, &wanted), kept)| {
            if !wanted {
                return tensor.shallow_clone();
            }
            if grad(tensor) {
                return standardise(tensor);
            }
            let version = tensor.internal_version();
            if kept.as_ref().is_none_or(|kept| kept.version != version) {
                *kept = Some(Kept { version, tensor: standardise(tensor).detach() });
                fresh = true;
            }
            kept.as_ref().map_or_else(|| standardise(tensor), |kept| kept.tensor.shallow_clone())
        });
        let tensors = tensors.collect();
        if let (true, Some(Device::Cuda(index))) = (fresh, self.tensors().next().map(Tensor::device)) {
            // Other streams may read what is kept; they know nothing of this one.
            tch::Cuda::synchronize(index as i64);
        }
        Ready { tensors }
    }
}

/// All parameters for one pass.
pub struct Ready {
    tensors: Vec<Tensor>,
}

impl std::ops::Index<usize> for Ready {
    type Output = Tensor;

    fn index(&self, index: usize) -> &Tensor {
        &self.tensors[index]
    }
}

fn start(parameter: &Parameter, rng: &mut impl Rng) -> Tensor {
    let options = (Kind::Float, Device::Cpu);
    match parameter.start {
        Start::Ones => Tensor::ones(&parameter.shape, options),
        Start::Zeros => Tensor::zeros(&parameter.shape, options),
        Start::Uniform { fan_in } => {
            let bound = 1.0 / (fan_in as f32).sqrt();
            let count = parameter.shape.iter().product::<i64>();
            let values: Vec<f32> = (0..count).map(|_| rng.random_range(-bound..bound)).collect();
            Tensor::from_slice(&values).view(parameter.shape.as_slice())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::architecture::Architecture;
    use super::super::config::NetworkConfig;
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn small() -> Parameters {
        let plan = Architecture::new(&NetworkConfig { width: 0.125, ..NetworkConfig::default() });
        Parameters::new(&plan.parameters, Device::Cpu, &mut ChaCha8Rng::seed_from_u64(1))
    }

    #[test]
    fn weights_start_within_one_over_root_fan_in() {
        let parameters = small();
        let conv1 = parameters.tensor(0);
        let bound = 1.0 / 27f64.sqrt();
        let largest = conv1.abs().max().double_value(&[]);
        assert!(largest <= bound && largest > 0.9 * bound, "{largest} of {bound}");
    }

    #[test]
    fn the_same_seed_gives_the_same_weights() {
        assert!(small().tensors().zip(small().tensors()).all(|(a, b)| a.equal(b)));
    }

    #[test]
    fn kept_weights_follow_every_change_in_place() {
        let parameters = small();
        tch::no_grad(|| {
            let before = parameters.ready()[0].copy();
            let same = parameters.ready();
            assert_eq!(same[0].data_ptr(), parameters.ready()[0].data_ptr(), "nothing changed: nothing is made anew");
            let mut weight = parameters.tensor(0).shallow_clone();
            let _ = weight.g_add_(&weight.square());
            let after = parameters.ready()[0].shallow_clone();
            assert!(!after.equal(&before));
            assert!(after.equal(&standardise(&weight)));
            weight.copy_(&weight.flip([0]));
            assert!(parameters.ready()[0].equal(&standardise(&weight)));
        });
    }

    #[test]
    fn a_change_through_a_detached_alias_is_seen() {
        let parameters = small();
        tch::no_grad(|| {
            let before = parameters.ready()[0].copy();
            let mut alias = parameters.tensor(0).detach();
            alias.copy_(&alias.flip([0]));
            assert!(!parameters.ready()[0].equal(&before));
        });
    }

    #[test]
    fn a_step_of_an_optimizer_is_seen() {
        let parameters = small();
        let before = tch::no_grad(|| parameters.ready()[0].copy());
        parameters.ready()[0].pow_tensor_scalar(3).sum(Kind::Float).backward();
        let weight = parameters.tensor(0);
        tch::no_grad(|| {
            let mut alias = weight.shallow_clone();
            let _ = alias.g_sub_(&(weight.grad() * 1e-3));
        });
        let after = tch::no_grad(|| parameters.ready()[0].copy());
        assert!(!after.equal(&before));
        assert!(after.equal(&tch::no_grad(|| standardise(weight))));
    }
}
