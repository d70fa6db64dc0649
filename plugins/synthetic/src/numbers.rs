//! Numbers of any element type from a call's generator.

use rand::Rng;
use voxloom_sdk::kind_of;
use voxloom_sdk::prelude::*;

/// A tensor of `shape`: floating types lie in [-1, 1), whole ones and `bool` are from 0 to `n_labels - 1`.
pub fn fill(call: &Call, shape: &[i64], dtype: &str, n_labels: usize) -> Result<Tensor> {
    let kind = kind_of(dtype).ok_or_else(|| Error::param("dtype", format!("`{dtype}` is no element type that is known here")))?;
    let n_elements: i64 = shape.iter().product();
    let mut rng = call.rng();
    let floating = matches!(kind, Kind::Half | Kind::BFloat16 | Kind::Float | Kind::Double);
    let numbers: Vec<f32> = (0..n_elements)
        .map(|_| if floating { rng.random_range(-1.0..1.0) } else { rng.random_range(0..n_labels) as f32 })
        .collect();
    Ok(Tensor::from_slice(&numbers).view(shape).to_kind(kind))
}
