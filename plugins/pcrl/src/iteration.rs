//! One whole iteration as a function: what a pipeline does step by step, for benchmarks and programs of their own.

use crate::Result;
use crate::contrast::{Contrast, Draws, Queue};
use crate::network::Network;
use crate::objective::{Parts, Total, Weights, blend, squared, total};
use tch::Tensor;
use voxloom_parts::Mode;

/// Views of a batch; all but the indicators are images of one shape.
#[derive(Debug)]
pub struct Views {
    /// Corrupted views.
    pub x1: Tensor,
    pub x2: Tensor,
    /// These, flipped and turned.
    pub m1: Tensor,
    pub m2: Tensor,
    /// Clean views.
    pub g1: Tensor,
    pub g2: Tensor,
    /// How `m1` and `m2` were flipped and turned.
    pub v1: Tensor,
    pub v2: Tensor,
}

/// What an iteration gives before the optimizer's step.
#[derive(Debug)]
pub struct Iteration {
    pub total: Total,
    /// The three calls of the queue.
    pub contrasts: [Contrast; 3],
}

/// Both calls of the teacher and of the student, three of the queue, and the loss. The optimizer's step and the teacher's
/// [`crate::network::follow`] come after it.
///
/// # Errors
/// Shapes that do not fit, a Z of 0.
pub fn iteration(
    student: &Network,
    teacher: &Network,
    queue: &mut Queue,
    views: &Views,
    draws: &Draws,
    weights: Weights,
) -> Result<Iteration> {
    let (key, features) = taught(teacher, &views.x2, draws)?;
    let (own, other) = (student.gate(&views.v1)?, student.gate(&views.v2)?);
    let gated = student.forward(&views.x1, &features, draws.alpha1, Some((&own, &other)), Mode::Train)?;
    let first = queue.contrast(&gated.embedding, &key, &[])?;

    let (mixed_key, features) = taught(teacher, &draws.mix(&views.x2), draws)?;
    let mixed = student.forward(&draws.mix(&views.x1), &features, draws.alpha2, None, Mode::Train)?;
    let second = queue.contrast(&mixed.embedding, &mixed_key, &[])?;
    let third = queue.contrast(&mixed.embedding, &draws.mix(&key), &[])?;

    let (g1, g2) = (draws.mix(&views.g1), draws.mix(&views.g2));
    let loss = |contrast: &Contrast| contrast.loss.shallow_clone();
    let parts = Parts {
        contrast: vec![("nce_plain", loss(&first)), ("nce_mixed_k", loss(&second)), ("nce_mixed_feat", loss(&third))],
        reconstruction: vec![
            ("mse_plain", squared(&gated.plain, &views.m1)?),
            ("mse_mixed", squared(&mixed.plain, &g1)?),
            ("mse_hybrid", squared(&gated.hybrid, &blend(&views.m1, &views.m2, draws.alpha1))?),
            ("mse_mixed_hybrid", squared(&mixed.hybrid, &blend(&g1, &g2, draws.alpha2))?),
        ],
    };
    Ok(Iteration { total: total(&parts, weights)?, contrasts: [first, second, third] })
}

/// Key and features of the teacher, in the batch's own order.
fn taught(teacher: &Network, image: &Tensor, draws: &Draws) -> Result<(Tensor, crate::network::Features)> {
    tch::no_grad(|| {
        let features = teacher.encode(&draws.shuffled(image), Mode::Train)?;
        let key = draws.unshuffled(&teacher.embed(&features));
        Ok((key, features.map(|x| draws.unshuffled(x))))
    })
}
