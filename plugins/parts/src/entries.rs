//! The state of a network: names and tensors in the order of declaration.

use tch::Tensor;
use voxloom_sdk::{State, Weight};

/// One parameter or buffer.
#[derive(Clone, Debug)]
pub struct Named {
    /// As in the authors' checkpoint.
    pub name: String,
    /// Shares storage with the layer that uses it.
    pub tensor: Weight,
    /// A parameter; buffers are false.
    pub trainable: bool,
}

/// Every parameter and buffer of a network.
#[derive(Clone, Debug, Default)]
pub struct Entries(Vec<Named>);

impl Entries {
    pub(crate) fn new(named: Vec<Named>) -> Self {
        Self(named)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Named> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.0.iter().find(|named| named.name == name).map(|named| &*named.tensor)
    }

    /// What an optimizer steps.
    pub fn parameters(&self) -> impl Iterator<Item = &Named> {
        self.0.iter().filter(|named| named.trainable)
    }

    /// How many numbers the parameters hold, buffers left out.
    pub fn numbers(&self) -> i64 {
        self.parameters().map(|named| named.tensor.size().iter().product::<i64>()).sum()
    }

    /// What `Module::state` gives.
    pub fn states(&self) -> Vec<State> {
        self.0.iter().map(|named| State::new(named.name.as_str(), &*named.tensor, named.trainable)).collect()
    }
}
