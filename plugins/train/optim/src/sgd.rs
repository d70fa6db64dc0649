//! Stochastic gradient descent.

use tch::Tensor;

/// Stochastic gradient descent with momentum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sgd {
    /// Part of the last velocity that stays.
    pub momentum: f64,
    /// Part of the gradient that does not enter the velocity.
    pub dampening: f64,
    /// Looks ahead along the velocity.
    pub nesterov: bool,
    /// Added to the gradient.
    pub weight_decay: f64,
}

impl Sgd {
    /// Changes `weight` in place, without a graph for gradients. `velocity` is `None` before the first step.
    pub fn step(&self, lr: f64, weight: &mut Tensor, gradient: Tensor, velocity: &mut Option<Tensor>) {
        let mut gradient = super::pulled(gradient, weight, self.weight_decay);
        if self.momentum != 0.0 {
            let moved = match velocity.take() {
                Some(mut moved) => {
                    moved *= self.momentum;
                    if self.dampening == 0.0 {
                        moved += &gradient;
                    } else {
                        moved += &gradient * (1.0 - self.dampening);
                    }
                    moved
                }
                // The first velocity is the gradient itself, without dampening.
                None => gradient.copy(),
            };
            gradient = if self.nesterov { gradient + &moved * self.momentum } else { moved.shallow_clone() };
            *velocity = Some(moved);
        }
        *weight -= gradient * lr;
    }
}
