//! The inverse cosine transform of a block (A.3.3), in float64.
//!
//! Rationale: decoders with whole numbers differ from the exact sum by a grey value here and there, and from each other; the exact
//! sum is what they approximate.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::sync::LazyLock;

type Block = [[f64; 8]; 8];

/// `BASIS[u][x]`: half the cosine of frequency `u` at place `x`.
static BASIS: LazyLock<Block> = LazyLock::new(|| {
    let cosine = |u: usize, x: usize| ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos() / 2.0;
    std::array::from_fn(|u| std::array::from_fn(|x| if u == 0 { FRAC_1_SQRT_2 / 2.0 } else { cosine(u, x) }))
});

pub fn inverse(block: &Block) -> Block {
    transposed_rows(&transposed_rows(block))
}

/// Every row transformed, and rows made columns.
fn transposed_rows(block: &Block) -> Block {
    let basis = &*BASIS;
    let mut out = [[0.0; 8]; 8];
    for (y, row) in block.iter().enumerate() {
        for (u, coefficient) in row.iter().enumerate().filter(|(_, coefficient)| **coefficient != 0.0) {
            for (x, wave) in basis[u].iter().enumerate() {
                out[x][y] += coefficient * wave;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_coefficient_is_one_wave() {
        let mut block = [[0.0; 8]; 8];
        block[0][0] = 80.0;
        assert!(inverse(&block).as_flattened().iter().all(|value| (value - 10.0).abs() < 1e-12));
        block[0][0] = 0.0;
        // One period and a half downwards: rows differ, columns do not.
        block[3][0] = 8.0;
        let values = inverse(&block);
        let expected = |y: usize| 8.0 * FRAC_1_SQRT_2 / 4.0 * ((2 * y + 1) as f64 * 3.0 * PI / 16.0).cos();
        assert!((0..8).all(|y| values[y].iter().all(|value| (value - expected(y)).abs() < 1e-12)), "{values:?}");
    }
}
