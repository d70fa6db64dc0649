//! Encoder and decoder: everything before the head, the same for every task.

use super::architecture::{Architecture, Block, Conv, Norm};
use super::parameters::Ready;
use tch::Tensor;
use voxloom_parts::conv3d;
use voxloom_precision::convolution;

const GROUP_NORM_EPSILON: f64 = 1e-5;

/// What the trunk gives: all that heads need, whatever their tasks.
#[derive(Debug)]
pub struct Features {
    /// `[N, head_width, D, H, W]`: what the heads are applied to.
    pub map: Tensor,
    /// `[N, F]`: what their parameters are made from.
    pub pooled: Tensor,
}

/// Runs the trunk; `observe` is shown every stage's output under the authors' name.
///
/// # Shapes
/// - in:  `[N, 1, D, H, W]`, each of D, H, W a multiple of 16
/// - out: see [`Features`]
pub fn trunk(plan: &Architecture, weights: &Ready, image: &Tensor, observe: &mut dyn FnMut(&str, &Tensor)) -> Features {
    let mut x = convolve(weights, plan.conv1, image);
    observe("conv1", &x);
    let mut skips = Vec::with_capacity(plan.encoder.len());
    for stage in &plan.encoder {
        for blocks in &stage.blocks {
            x = block(weights, blocks, &x);
        }
        observe(stage.name, &x);
        skips.push(x.shallow_clone());
    }
    // The deepest output goes on through the fusion and is no skip.
    skips.pop();
    x = convolve(weights, plan.fusion.1, &activate(weights, plan.fusion.0, &x));
    observe("fusionConv", &x);
    // Averaged in the type of the weights, whatever autocast made of `x`.
    let wide = weights[plan.controller_weight].kind();
    let pooled = activate(weights, plan.pool, &x).mean_dim([2i64, 3, 4].as_slice(), false, Some(wide));
    for stage in &plan.decoder {
        let Some(skip) = skips.pop() else { break };
        x = double(&x);
        // The sum may overwrite the enlarged tensor: neither the enlargement nor the sum needs it to differentiate.
        let _ = x.g_add_(&skip);
        drop(skip);
        for blocks in &stage.blocks {
            x = block(weights, blocks, &x);
        }
        observe(stage.name, &x);
    }
    x = activate(weights, plan.last, &x);
    let map = x.conv3d(&weights[plan.last_weight], Some(&weights[plan.last_bias]), 1, 0, 1, 1);
    observe("precls_conv", &map);
    Features { map, pooled }
}

/// `conv2(act2(conv1(act1(x)))) + shortcut`; nothing after the sum.
pub fn block(weights: &Ready, block: &Block, x: &Tensor) -> Tensor {
    let inner = convolve(weights, block.conv1, &activate(weights, block.norm1, x));
    let mut out = convolve(weights, block.conv2, &activate(weights, block.norm2, &inner));
    drop(inner);
    match block.shortcut {
        Some((norm, conv)) => out.g_add_(&convolve(weights, conv, &activate(weights, norm, x))),
        None => out.g_add_(x),
    }
}

fn convolve(weights: &Ready, conv: Conv, x: &Tensor) -> Tensor {
    convolution(x, |x| {
        let weight = weights[conv.weight].to_kind(x.kind());
        conv3d(x, &weight, None, [conv.stride, conv.padding, 1])
    })
}

/// GroupNorm, then ReLU in place (GroupNorm does not need its own output to differentiate).
fn activate(weights: &Ready, norm: Norm, x: &Tensor) -> Tensor {
    let (weight, bias) = (&weights[norm.weight], &weights[norm.bias]);
    x.group_norm(norm.groups, Some(weight), Some(bias), GROUP_NORM_EPSILON, true).relu_()
}

/// Twice the size, trilinear with half-pixel centres.
pub fn double(x: &Tensor) -> Tensor {
    let size: Vec<i64> = x.size()[2..].iter().map(|n| 2 * n).collect();
    x.upsample_trilinear3d(size, false, Some(2.0), Some(2.0), Some(2.0))
}
