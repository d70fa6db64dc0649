//! Tensors go into the C++ plugin and come back without a copy, and gradients go through it.

use super::gain;
use serde_json::json;
use voxloom_sdk::abi::status;
use voxloom_sdk::tch::{Device, Kind, Tensor};
use voxloom_sdk::{ErrorKind, IntoValue, tensor_of};
use voxloom_testkit::calls::{Instance, Refusal};
use voxloom_testkit::harness;
use voxloom_testkit::host::Host;
use voxloom_testkit::value::Value;

/// `tensor` multiplied by 3 in the C++ plugin.
fn tripled(tensor: &Tensor, grad: bool) -> Result<Tensor, Refusal> {
    let operator = harness::plugins(vec![gain()]).loaded("gain.multiply").expect("found").expect("opened");
    let host = Host { seed: 0, grad };
    let instance = Instance::create(operator.table, &json!({ "factor": 3.0 }), host)?;
    let bound = instance.bind(0, &operator.description.entries[0], &json!({}))?;
    // SAFETY: the SDK gives the only handle of a new value.
    let input = unsafe { Value::adopt(tensor.into_value().into_raw()) };
    let output = bound.call(&[input], host)?.remove(0).remove(0);
    let raw = output.raw();
    Ok(tensor_of(voxloom_sdk::Value::borrow(&raw)).expect("a tensor"))
}

#[test]
fn a_gradient_reaches_the_leaf_behind_the_cpp_operator() {
    let leaf = Tensor::ones([2, 2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let before = &leaf * &leaf;
    let after = tripled(&before, true).expect("the input is right");
    assert_eq!(Vec::<f32>::try_from(after.view(-1)).unwrap(), [3.0; 4]);
    after.sum(Kind::Float).backward();
    assert_eq!(Vec::<f32>::try_from(leaf.grad().view(-1)).unwrap(), [6.0; 4], "the derivative of 3 x² at 1");
}

#[test]
fn without_a_wish_for_gradients_there_are_none() {
    let leaf = Tensor::ones([2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    assert!(!tripled(&leaf, false).expect("the input is right").requires_grad());
}

#[test]
fn whole_numbers_are_refused_with_a_hint() {
    let refusal = tripled(&Tensor::ones([2], (Kind::Int64, Device::Cpu)), false).expect_err("not floating");
    assert_eq!(refusal.message, "input `tensor` is int64, expected floating point");
}

#[test]
fn what_libtorch_throws_for_want_of_memory_is_of_that_kind() {
    // One number that looks like 2^58, whose product would take an exbibyte.
    let wide = Tensor::ones([1], (Kind::Float, Device::Cpu)).expand([1 << 58], false);
    let refusal = tripled(&wide, false).expect_err("no machine has so much memory");
    assert_eq!((refusal.reach(), refusal.kind()), (status::PANICKED, ErrorKind::Exhausted), "{refusal}");
}
