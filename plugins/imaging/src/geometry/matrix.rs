//! Affine matrices as plain arrays; the last row is always (0, 0, 0, 1).

/// Row by row; the last column is the position of voxel (0, 0, 0).
pub type Matrix = [[f64; 4]; 4];

/// Voxels of one millimetre, with the first at the origin.
pub const IDENTITY: Matrix = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];

/// First `b`, then `a`.
pub fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|row| std::array::from_fn(|column| (0..4).map(|k| a[row][k] * b[k][column]).sum()))
}

/// The place of a point.
pub fn apply(matrix: &Matrix, point: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|row| matrix[row][0] * point[0] + matrix[row][1] * point[1] + matrix[row][2] * point[2] + matrix[row][3])
}

/// Lengths of a voxel's edges along i, j, k.
pub fn spacing(matrix: &Matrix) -> [f64; 3] {
    std::array::from_fn(|column| (0..3).map(|row| matrix[row][column].powi(2)).sum::<f64>().sqrt())
}

/// Determinant of the upper left 3x3: the signed volume of a voxel.
pub fn determinant(matrix: &Matrix) -> f64 {
    let m = matrix;
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

/// The way back; `None` where the matrix flattens space (axes parallel to 1e-9, or not finite).
pub fn inverse(matrix: &Matrix) -> Option<Matrix> {
    let m = matrix;
    let det = determinant(m);
    let scale: f64 = spacing(m).iter().product();
    if !det.is_finite() || !m.iter().flatten().all(|value| value.is_finite()) || det.abs() <= 1e-9 * scale || scale == 0.0 {
        return None;
    }
    let minor = |r: [usize; 2], c: [usize; 2]| m[r[0]][c[0]] * m[r[1]][c[1]] - m[r[0]][c[1]] * m[r[1]][c[0]];
    let others = [[1, 2], [0, 2], [0, 1]];
    let mut out = IDENTITY;
    for row in 0..3 {
        for column in 0..3 {
            let sign = if (row + column) % 2 == 0 { 1.0 } else { -1.0 };
            out[row][column] = sign * minor(others[column], others[row]) / det;
        }
    }
    let origin = [m[0][3], m[1][3], m[2][3]];
    for row in out.iter_mut().take(3) {
        row[3] = -(row[0] * origin[0] + row[1] * origin[1] + row[2] * origin[2]);
    }
    Some(out)
}

/// The voxel coordinates of the eight corner voxels' centres.
pub fn corners(shape_ijk: [usize; 3]) -> [[f64; 3]; 8] {
    std::array::from_fn(|n| {
        std::array::from_fn(|axis| if n >> axis & 1 == 1 { shape_ijk[axis].saturating_sub(1) as f64 } else { 0.0 })
    })
}

/// How far two placements of one grid lie apart at the worst corner, in voxels of the first; infinite where the first is
/// singular or either is not finite.
pub fn corner_distance(first: &Matrix, second: &Matrix, shape_ijk: [usize; 3]) -> f64 {
    let Some(back) = inverse(first) else { return f64::INFINITY };
    let mut worst = 0.0_f64;
    for corner in corners(shape_ijk) {
        let found = apply(&back, apply(second, corner));
        let distance = (0..3).map(|axis| (found[axis] - corner[axis]).powi(2)).sum::<f64>().sqrt();
        if distance.is_nan() {
            return f64::INFINITY;
        }
        worst = worst.max(distance);
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBLIQUE: Matrix = [[0.9, 0.3, 0.1, -40.0], [-0.2, 1.1, 0.4, 12.5], [0.05, -0.3, 2.4, 7.0], [0.0, 0.0, 0.0, 1.0]];

    #[test]
    fn inverse_undoes() {
        let product = multiply(&inverse(&OBLIQUE).unwrap(), &OBLIQUE);
        for (row, expected) in product.iter().flatten().zip(IDENTITY.iter().flatten()) {
            assert!((row - expected).abs() < 1e-12, "{product:?}");
        }
    }

    #[test]
    fn flat_and_infinite_matrices_have_no_inverse() {
        let mut flat = OBLIQUE;
        for row in &mut flat {
            row[2] = row[1];
        }
        flat[3] = [0.0, 0.0, 0.0, 1.0];
        assert_eq!(inverse(&flat), None);
        assert_eq!(inverse(&[[f64::NAN; 4]; 4]), None);
        assert_eq!(inverse(&[[0.0; 4]; 4]), None);
    }

    #[test]
    fn corner_distance_is_in_voxels() {
        let mut moved = OBLIQUE;
        for row in 0..3 {
            moved[row][3] += 0.5 * OBLIQUE[row][2];
        }
        assert!((corner_distance(&OBLIQUE, &moved, [4, 5, 6]) - 0.5).abs() < 1e-12);
        assert_eq!(corner_distance(&OBLIQUE, &OBLIQUE, [4, 5, 6]).max(1e-9), 1e-9);
    }
}
