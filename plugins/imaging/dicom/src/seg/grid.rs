//! Brings a label map to its source's grid, where it differs by flips and the order of axes only.

use crate::Fault;

type Affine = [[f64; 4]; 4];

/// Labels in the order of the source: i fastest.
///
/// # Errors
/// The grids differ by more than flips and order of axes, or a corner lies more than 0.01 voxel off.
pub fn align(labels: &[u16], shape: [usize; 3], affine: &Affine, wanted: [usize; 3], to: &Affine) -> Result<Vec<u16>, Fault> {
    let refuse = |what: String| Fault::Target {
        what: format!("the label map {what}; resample it to its source before it is written as SEG"),
    };
    let inverse = inverse(affine).ok_or_else(|| refuse("has no proper affine".into()))?;
    // Where a place of the source lies in the label map.
    let place = |ijk: [f64; 3]| apply(&inverse, apply(to, ijk));
    let origin = place([0.0; 3]);
    let mut axes = [(0, 1_i64); 3];
    for (axis, entry) in axes.iter_mut().enumerate() {
        let mut unit = [0.0; 3];
        unit[axis] = 1.0;
        let end = place(unit);
        let step = [0, 1, 2].map(|other: usize| end[other] - origin[other]);
        let main = (0..3).max_by(|a, b| step[*a].abs().total_cmp(&step[*b].abs())).unwrap_or(0);
        let reach = wanted[axis].max(2) as f64 - 1.0;
        let off = (0..3).any(|other| {
            let ideal = if other == main { step[main].signum() } else { 0.0 };
            (step[other] - ideal).abs() * reach > 0.01
        });
        // One slice has no step to compare.
        if off && wanted[axis] > 1 {
            return Err(refuse("lies on another grid than its source".into()));
        }
        *entry = (main, step[main].signum() as i64);
    }
    let permuted = [0, 1, 2].iter().all(|axis| axes.iter().any(|(main, _)| main == axis));
    let sizes_match = (0..3).all(|axis| shape[axes[axis].0] == wanted[axis]);
    if !permuted || !sizes_match {
        return Err(refuse(format!("has {shape:?} voxels along i, j, k, its source {wanted:?}")));
    }
    if origin.iter().zip(shape).any(|(at, size)| (at - at.round()).abs() > 0.01 || at.round() < 0.0 || at.round() >= size as f64)
    {
        return Err(refuse("is shifted against its source".into()));
    }
    let strides = [1, shape[0], shape[0] * shape[1]];
    let start: usize = (0..3).map(|axis| origin[axis].round() as usize * strides[axis]).sum();
    let step = axes.map(|(main, sign)| sign * strides[main] as i64);
    let at = |i: usize, j: usize, k: usize| start as i64 + i as i64 * step[0] + j as i64 * step[1] + k as i64 * step[2];
    let mut aligned = Vec::with_capacity(labels.len());
    for k in 0..wanted[2] {
        for j in 0..wanted[1] {
            aligned.extend((0..wanted[0]).map(|i| labels[at(i, j, k) as usize]));
        }
    }
    Ok(aligned)
}

pub fn apply(affine: &Affine, at: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|axis: usize| {
        let row = affine[axis];
        row[0] * at[0] + row[1] * at[1] + row[2] * at[2] + row[3]
    })
}

/// Of a grid; nothing where it is flat.
pub fn inverse(affine: &Affine) -> Option<Affine> {
    let m = |row: usize, column: usize| affine[row % 3][column % 3];
    let cofactor = |r: usize, c: usize| m(r + 1, c + 1) * m(r + 2, c + 2) - m(r + 1, c + 2) * m(r + 2, c + 1);
    let determinant: f64 = (0..3).map(|column| m(0, column) * cofactor(0, column)).sum();
    if !determinant.is_finite() || determinant.abs() < 1e-12 {
        return None;
    }
    let mut inverse = [[0.0; 4]; 4];
    for (row, line) in inverse.iter_mut().take(3).enumerate() {
        for (column, value) in line.iter_mut().take(3).enumerate() {
            *value = cofactor(column, row) / determinant;
        }
        line[3] = -(0..3).map(|column| line[column] * affine[column][3]).sum::<f64>();
    }
    inverse[3][3] = 1.0;
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Affine = [[-1.0, 0.0, 0.0, 10.0], [0.0, -1.0, 0.0, 20.0], [0.0, 0.0, 2.0, 30.0], [0.0, 0.0, 0.0, 1.0]];

    #[test]
    fn an_inverse_leads_back() {
        let affine = [[0.5, 0.1, 0.0, 3.0], [-0.2, 2.0, 0.3, -4.0], [0.0, 0.1, 1.5, 5.0], [0.0, 0.0, 0.0, 1.0]];
        let back = apply(&inverse(&affine).unwrap(), apply(&affine, [1.0, 2.0, 3.0]));
        assert!(back.iter().zip([1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{back:?}");
    }

    #[test]
    fn flips_and_turned_axes_are_undone() {
        // The same voxels in RAS order: i and j run the other way.
        let flipped = [[1.0, 0.0, 0.0, 9.0], [0.0, 1.0, 0.0, 18.0], [0.0, 0.0, 2.0, 30.0], [0.0, 0.0, 0.0, 1.0]];
        let aligned = align(&[1, 2, 3, 4, 5, 6], [2, 3, 1], &flipped, [2, 3, 1], &SOURCE).unwrap();
        assert_eq!(aligned, [6, 5, 4, 3, 2, 1]);
        let turned = [[0.0, 0.0, -1.0, 10.0], [-1.0, 0.0, 0.0, 20.0], [0.0, 2.0, 0.0, 30.0], [0.0, 0.0, 0.0, 1.0]];
        let aligned = align(&[1, 2, 3, 4, 5, 6], [3, 1, 2], &turned, [2, 3, 1], &SOURCE).unwrap();
        assert_eq!(aligned, [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn other_grids_are_refused() {
        let mut shifted = SOURCE;
        shifted[0][3] += 0.5;
        let fault = align(&[0; 6], [2, 3, 1], &shifted, [2, 3, 1], &SOURCE).unwrap_err();
        assert!(fault.to_string().contains("shifted"), "{fault}");
        let mut scaled = SOURCE;
        scaled[1][1] = -2.0;
        assert!(align(&[0; 6], [2, 3, 1], &scaled, [2, 3, 1], &SOURCE).unwrap_err().to_string().contains("another grid"));
        assert!(align(&[0; 12], [2, 3, 2], &SOURCE, [2, 3, 1], &SOURCE).is_err());
    }
}
