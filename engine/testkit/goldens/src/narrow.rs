//! What a narrower element type may change of a network: hardly its result, hardly what it learns.

use tch::{Kind, Tensor};

/// Parts of float32's numbers by which those of a narrow type may be off.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The network's result in use: distance over length.
    pub result: f64,
    /// The loss of a training step.
    pub loss: f64,
    /// The gradient of all parameters as one vector: distance over length.
    pub gradient: f64,
}

/// Which pass of a network is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    pub narrow: bool,
    /// With the batch's statistics, and gradients.
    pub train: bool,
}

/// Compares a network with itself in a narrow type: what it gives, and what one step teaches it. What leaves it is float32, and so
/// are its gradients, since its weights are.
///
/// # Panics
/// They are further apart than `limits`, or the same: then nothing was narrow.
#[track_caller]
pub fn learns_alike(parameters: &[&Tensor], run: &dyn Fn(Pass) -> Tensor, loss: &dyn Fn(&Tensor) -> Tensor, limits: Limits) {
    tch::set_num_threads(1);
    let used = [false, true].map(|narrow| tch::no_grad(|| run(Pass { narrow, train: false })));
    let learned = [false, true].map(|narrow| {
        let loss = loss(&run(Pass { narrow, train: true }));
        let gradients = Tensor::run_backward(&[&loss], parameters, false, false);
        let seen: Vec<Tensor> = gradients.into_iter().filter(Tensor::defined).map(|gradient| gradient.reshape(-1)).collect();
        (loss.double_value(&[]), Tensor::cat(&seen, 0))
    });
    let [(wide, gradient), (narrow, other)] = &learned;
    let result = far(&used[0], &used[1]);
    let found = Limits { result, loss: ((wide - narrow) / wide).abs(), gradient: far(gradient, other) };
    let kept = found.result < limits.result && found.loss < limits.loss && found.gradient < limits.gradient;
    assert!(kept, "off by {found:?}, expected less than {limits:?}");
    assert!(found.result > 0.0 && found.gradient > 0.0, "nothing was narrow");
    if std::env::var_os("VOXLOOM_GOLDENS_SHOW").is_some() {
        println!("{found:?} of {limits:?}");
    }
}

#[track_caller]
fn far(wide: &Tensor, narrow: &Tensor) -> f64 {
    assert_eq!((wide.kind(), narrow.kind()), (Kind::Float, Kind::Float));
    ((wide - narrow).norm() / wide.norm()).double_value(&[])
}
