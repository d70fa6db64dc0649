//! Gradients from the loss to the step: differentiated, averaged, unscaled, measured, clipped. Plain functions on tensors.

use super::memory::Trainable;
use tch::{Kind, Tensor};
use voxloom_sdk::prelude::*;

/// One gradient a weight; `None` where the loss does not depend on it.
pub type Gradients = Vec<Option<Tensor>>;

/// Gradients of `loss * scale` by these weights alone; nothing else in the graph keeps one.
///
/// # Errors
/// The loss carries no gradient, or a weight takes none.
pub fn of_loss(loss: &Tensor, scale: f64, weights: &[Trainable]) -> Result<Gradients> {
    if !loss.requires_grad() {
        return Err(Error::fatal("the loss carries no gradient: it does not come from a trainable network's output"));
    }
    if let Some(weight) = weights.iter().find(|weight| !weight.tensor.requires_grad()) {
        return Err(Error::fatal(format!(
            "`{}` is trainable but takes no gradient: its module must set requires_grad",
            weight.name
        )));
    }
    let scaled = if scale == 1.0 { loss.shallow_clone() } else { loss * scale };
    let leaves: Vec<&Tensor> = weights.iter().map(|weight| &weight.tensor).collect();
    let gradients = Tensor::f_run_backward(&[scaled], &leaves, false, false)?;
    Ok(gradients.into_iter().map(|gradient| gradient.defined().then_some(gradient)).collect())
}

/// The norm over all gradients together, as `torch.nn.utils.get_total_norm` takes it; 0 where there are none.
pub fn norm(gradients: &Gradients) -> f64 {
    let norms: Vec<Tensor> = gradients.iter().flatten().map(|gradient| gradient.norm().to_kind(Kind::Float)).collect();
    if norms.is_empty() { 0.0 } else { Tensor::stack(&norms, 0).norm().double_value(&[]) }
}

/// Multiplies all.
///
/// Rationale: not in place. The gradients of `a + b` are one tensor for both, and that of a sum is one number spread out.
pub fn multiply(gradients: &mut Gradients, factor: f64) {
    if factor != 1.0 {
        gradients.iter_mut().flatten().for_each(|gradient| *gradient = &*gradient * factor);
    }
}

/// Limits every element to `[-limit, limit]`.
pub fn clip_value(gradients: &mut Gradients, limit: f64) {
    gradients.iter_mut().flatten().for_each(|gradient| *gradient = gradient.clamp(-limit, limit));
}

/// Scales down to `limit` where `norm` is above it, as `torch.nn.utils.clip_grad_norm_`.
pub fn clip_norm(gradients: &mut Gradients, norm: f64, limit: f64) {
    multiply(gradients, (limit / (norm + 1e-6)).min(1.0));
}
