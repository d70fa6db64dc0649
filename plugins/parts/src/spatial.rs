//! Flips, quarter turns and transpositions of tensors.

use tch::Tensor;

/// Reversed along every axis whose flag is set; the flags stand for the last axes.
pub fn flip(x: &Tensor, flags: &[bool]) -> Tensor {
    let first = x.dim() - flags.len();
    let axes: Vec<i64> = flags.iter().enumerate().filter(|(_, flag)| **flag).map(|(i, _)| (first + i) as i64).collect();
    if axes.is_empty() { x.shallow_clone() } else { x.flip(axes) }
}

/// `k` quarter turns in the plane of two axes, from the first towards the second.
///
/// With k = 1 and n the size along `to`: `out[i, j] = in[j, n - 1 - i]`.
pub fn quarter_turns(x: &Tensor, k: i64, from: i64, to: i64) -> Tensor {
    if k.rem_euclid(4) == 0 { x.shallow_clone() } else { x.rot90(k, [from, to]) }
}

/// Rows and columns exchanged: the last two axes.
pub fn transpose(x: &Tensor) -> Tensor {
    x.transpose(-2, -1).contiguous()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Tensor {
        Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0]).view([1, 2, 2])
    }

    fn values(x: &Tensor) -> Vec<f32> {
        Vec::try_from(x.contiguous().view(-1)).unwrap()
    }

    #[test]
    fn flags_stand_for_the_last_axes() {
        assert_eq!(values(&flip(&square(), &[true, false])), [3.0, 4.0, 1.0, 2.0]);
        assert_eq!(values(&flip(&square(), &[false, true])), [2.0, 1.0, 4.0, 3.0]);
        assert_eq!(values(&flip(&square(), &[false, false])), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_quarter_turn_goes_from_the_first_axis_to_the_second() {
        assert_eq!(values(&quarter_turns(&square(), 1, 1, 2)), [2.0, 4.0, 1.0, 3.0]);
        assert_eq!(values(&quarter_turns(&square(), -3, 1, 2)), [2.0, 4.0, 1.0, 3.0]);
        assert_eq!(values(&quarter_turns(&square(), 4, 1, 2)), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(values(&transpose(&square())), [1.0, 3.0, 2.0, 4.0]);
    }
}
