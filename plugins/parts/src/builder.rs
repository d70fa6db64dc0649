//! Declares a network's tensors: each under its full name, in order, with initial values from one source.

use crate::{Entries, Named, Start};
use rand::RngCore;
use std::cell::RefCell;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};
use voxloom_sdk::Weight;

/// Where layers get their tensors; knows the prefix under which it stands.
pub struct Builder<'a> {
    prefix: String,
    shared: Rc<RefCell<Shared<'a>>>,
}

type Source<'a> = Box<dyn FnMut(&str, &[i64], &Start) -> Tensor + 'a>;

struct Shared<'a> {
    source: Source<'a>,
    device: Device,
    entries: Vec<Named>,
}

impl<'a> Builder<'a> {
    /// Initial values drawn from `rng`, in the order of declaration; libtorch's global generator is not touched.
    pub fn random(device: Device, rng: &'a mut dyn RngCore) -> Self {
        Self::over(device, Box::new(move |_, shape, start| start.tensor(shape, rng)))
    }

    /// Given values by full name, on the CPU; for a scalar the shape is empty.
    pub fn given(mut value: impl FnMut(&str, &[i64]) -> Tensor + 'a) -> Self {
        Self::over(Device::Cpu, Box::new(move |name, shape, _| value(name, shape)))
    }

    fn over(device: Device, source: Source<'a>) -> Self {
        Self { prefix: String::new(), shared: Rc::new(RefCell::new(Shared { source, device, entries: Vec::new() })) }
    }

    /// The place `name` below this one; an empty name is this one.
    pub fn at(&self, name: impl std::fmt::Display) -> Builder<'a> {
        Self { prefix: self.name(&name.to_string()), shared: Rc::clone(&self.shared) }
    }

    /// A tensor that is learned.
    ///
    /// # Panics
    /// A given value of another shape, or a name that was declared before.
    pub fn parameter(&self, leaf: &str, shape: &[i64], start: Start) -> Weight {
        self.declare(leaf, shape, &start, true, None)
    }

    /// A tensor that is kept and not learned.
    ///
    /// # Panics
    /// As [`Builder::parameter`].
    pub fn buffer(&self, leaf: &str, shape: &[i64], start: Start) -> Weight {
        self.declare(leaf, shape, &start, false, None)
    }

    /// A whole number that is kept, starting at 0: a scalar of int64.
    ///
    /// # Panics
    /// As [`Builder::parameter`].
    pub fn counter(&self, leaf: &str) -> Weight {
        self.declare(leaf, &[], &Start::Zeros, false, Some(Kind::Int64))
    }

    /// All that was declared so far, in order; what is declared later is not in it.
    pub fn finish(&self) -> Entries {
        Entries::new(std::mem::take(&mut self.shared.borrow_mut().entries))
    }

    fn name(&self, leaf: &str) -> String {
        match (self.prefix.as_str(), leaf) {
            ("", leaf) => leaf.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, leaf) => format!("{prefix}.{leaf}"),
        }
    }

    fn declare(&self, leaf: &str, shape: &[i64], start: &Start, trainable: bool, kind: Option<Kind>) -> Weight {
        let name = self.name(leaf);
        let mut shared = self.shared.borrow_mut();
        assert!(shared.entries.iter().all(|named| named.name != name), "`{name}` is declared twice");
        let value = (shared.source)(&name, shape, start);
        assert_eq!(value.size(), shape, "shape of `{name}`");
        let value = kind.map_or(value.shallow_clone(), |kind| value.to_kind(kind)).to_device(shared.device);
        let tensor = Weight::new(value.detach().set_requires_grad(trainable));
        shared.entries.push(Named { name, tensor: tensor.clone(), trainable });
        tensor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn names_are_paths_and_storage_is_shared() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let build = Builder::random(Device::Cpu, &mut rng);
        let weight = build.at("layer1").at(0).at("bn1").parameter("weight", &[2], Start::Ones);
        build.at("layer1").counter("n");
        let entries = build.finish();
        let names: Vec<&str> = entries.iter().map(|named| named.name.as_str()).collect();
        assert_eq!(names, ["layer1.0.bn1.weight", "layer1.n"]);
        tch::no_grad(|| _ = weight.shallow_clone().fill_(3.0));
        assert_eq!(entries.get("layer1.0.bn1.weight").unwrap().double_value(&[1]), 3.0);
        assert_eq!(entries.get("layer1.n").unwrap().kind(), Kind::Int64);
        assert_eq!(entries.numbers(), 2);
        assert!(weight.requires_grad());
    }

    #[test]
    #[should_panic(expected = "declared twice")]
    fn a_name_stands_once() {
        let build = Builder::given(|_, shape| Tensor::zeros(shape, (Kind::Float, Device::Cpu)));
        build.buffer("a", &[1], Start::Zeros);
        build.buffer("a", &[1], Start::Zeros);
    }
}
