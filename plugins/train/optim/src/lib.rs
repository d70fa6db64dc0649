//! How optimizers change a weight by its gradient: the formulas of `torch.optim`, in as few passes over memory as it makes.
//!
//! Nothing here knows the engine. A gradient is never changed: it may be one tensor for several weights.

mod adam;
mod sgd;

pub use adam::Adam;
pub use sgd::Sgd;

use tch::Tensor;

/// `gradient + weight_decay * weight`: the pull of a weight towards 0 as a part of its gradient.
fn pulled(gradient: Tensor, weight: &Tensor, weight_decay: f64) -> Tensor {
    if weight_decay == 0.0 {
        return gradient;
    }
    let mut pulled = weight * weight_decay;
    pulled += &gradient;
    pulled
}
