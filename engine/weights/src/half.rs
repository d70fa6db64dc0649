//! Weights at half the size.

use crate::{Dtype, Tensor};
use ::half::f16;

/// The tensor with float32 rounded to float16, to nearest and even; other types stay.
///
/// float16 has 11 significant bits and reaches from 6e-8 to 65504: weights of trained networks lie well inside. Gives `None` where a
/// finite value would become infinite.
pub fn to_half(tensor: &Tensor) -> Option<Tensor> {
    if tensor.dtype != Dtype::F32 {
        return Some(tensor.clone());
    }
    let mut bytes = Vec::with_capacity(tensor.bytes.len() / 2);
    for chunk in tensor.bytes.chunks_exact(4) {
        let value = f32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        let short = f16::from_f32(value);
        if value.is_finite() && short.is_infinite() {
            return None;
        }
        bytes.extend_from_slice(&short.to_le_bytes());
    }
    Some(Tensor::new(tensor.name.clone(), Dtype::F16, tensor.shape.clone(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float32(values: &[f32]) -> Tensor {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Tensor::new("w", Dtype::F32, vec![values.len()], bytes)
    }

    #[test]
    fn values_are_rounded_to_nearest_and_even() {
        let half = to_half(&float32(&[1.0, -0.5, 1.0 + 2.0f32.powi(-11), f32::INFINITY])).expect("all fit");
        let expected: Vec<u8> =
            [1.0f32, -0.5, 1.0, f32::INFINITY].iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect();
        assert_eq!((half.dtype, &half.bytes[..]), (Dtype::F16, &expected[..]));
    }

    #[test]
    fn a_value_too_large_is_told_and_whole_numbers_stay() {
        assert_eq!(to_half(&float32(&[65_520.0])), None);
        let count = Tensor::new("n", Dtype::I64, vec![], vec![7; 8]);
        assert_eq!(to_half(&count), Some(count));
    }
}
