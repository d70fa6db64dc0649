//! How a teacher's parameters follow a student's.

use tch::Tensor;

/// `momentum · target + (1 - momentum) · source`, in place; with momentum 0 a copy.
pub fn follow(target: &Tensor, source: &Tensor, momentum: f64) {
    tch::no_grad(|| {
        let mut target = target.shallow_clone();
        if momentum == 0.0 {
            target.copy_(source);
        } else {
            let _ = target.g_mul_scalar_(momentum).g_add_(&(source * (1.0 - momentum)));
        }
    });
}
