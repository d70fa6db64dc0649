//! Adam and AdamW.

use tch::Tensor;

/// Adam (Kingma and Ba, 2015) without `amsgrad`; with `decoupled` AdamW (Loshchilov and Hutter, 2019).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// How much of the mean and of the mean square of earlier gradients stays.
    pub betas: [f64; 2],
    /// Added to the root of the mean square.
    pub eps: f64,
    pub weight_decay: f64,
    /// Whether the decay acts on the weight itself instead of entering the gradient.
    pub decoupled: bool,
}

impl Default for Adam {
    /// PyTorch's defaults.
    fn default() -> Self {
        Self { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0, decoupled: false }
    }
}

impl Adam {
    /// Changes `weight` in place, without a graph for gradients. `age` counts this weight's steps from 1; `moments` are mean and mean
    /// square, `None` before the first step.
    pub fn step(&self, lr: f64, age: i64, weight: &mut Tensor, gradient: Tensor, moments: &mut [Option<Tensor>]) {
        let [beta1, beta2] = self.betas;
        let gradient = if self.decoupled {
            *weight *= 1.0 - lr * self.weight_decay;
            gradient
        } else {
            super::pulled(gradient, weight, self.weight_decay)
        };
        let mut mean = moments[0].take().unwrap_or_else(|| gradient.zeros_like());
        let mut square = moments[1].take().unwrap_or_else(|| gradient.zeros_like());
        let _ = mean.lerp_(&gradient, 1.0 - beta1);
        let _ = square.lerp_(&gradient.square(), 1.0 - beta2);
        let age = age as f64;
        let (mean_share, square_share) = (1.0 - beta1.powf(age), 1.0 - beta2.powf(age));
        let mut root = square.sqrt();
        root /= square_share.sqrt();
        root += self.eps;
        let _ = weight.addcdiv_(&(&mean * (-lr / mean_share)), &root);
        (moments[0], moments[1]) = (Some(mean), Some(square));
    }
}
