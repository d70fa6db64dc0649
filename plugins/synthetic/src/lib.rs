//! Values made from nothing but a seed: small, never real, the same on every machine.

mod numbers;
mod tensor;
mod volume;
mod weights;

voxloom_sdk::export! { name: "synthetic", operators: [op tensor::SyntheticTensor, op volume::SyntheticVolume, module weights::SyntheticWeights] }
