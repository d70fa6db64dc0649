//! A new header, for volumes whose geometry is no file's.

use super::layout::Layout;
use super::{Endian, Version};
use crate::geometry::{IDENTITY, Matrix, determinant, inverse, spacing};

/// A little-endian header that places a volume by its sform, and by its qform where there is no shear.
pub fn fresh(affine: &Matrix, shape_ijk: [usize; 3]) -> (Vec<u8>, Version, Endian) {
    let long = shape_ijk.iter().any(|&size| size > i16::MAX as usize);
    let (version, endian) = (if long { Version::Two } else { Version::One }, Endian::Little);
    let layout = Layout::of(version);
    let mut bytes = vec![0; version.size()];
    endian.put_i32(&mut bytes, 0, version.size() as i32);
    layout.put_single_magic(&mut bytes);
    if version == Version::One {
        bytes[38] = b'r';
    }
    let sizes = [3, shape_ijk[0], shape_ijk[1], shape_ijk[2], 1, 1, 1, 1];
    for (axis, size) in sizes.into_iter().enumerate() {
        layout.put_dim(endian, &mut bytes, axis, size as i64);
    }
    layout.put_units_mm(endian, &mut bytes);
    let mut real = |at: usize, i: usize, value: f64| layout.put_real(endian, &mut bytes, at + i * layout.real_size, value);
    for (at, value) in affine[..3].iter().flatten().enumerate() {
        real(layout.srow, at, *value);
    }
    let steps = spacing(affine);
    let quaternion = quaternion(affine);
    real(layout.pixdim, 0, quaternion.map_or(1.0, |(_, qfac)| qfac));
    for axis in 0..3 {
        real(layout.pixdim, axis + 1, steps[axis]);
        real(layout.qoffset, axis, affine[axis][3]);
        real(layout.quatern, axis, quaternion.map_or(0.0, |(bcd, _)| bcd[axis]));
    }
    layout.put_code(endian, &mut bytes, layout.sform_code, 1);
    // A quaternion cannot say shear; then only the sform places the volume.
    layout.put_code(endian, &mut bytes, layout.qform_code, i32::from(quaternion.is_some()));
    (bytes, version, endian)
}

/// A header that places nothing: voxels of 1 without a unit.
pub fn placeless(shape_ijk: [usize; 3]) -> (Vec<u8>, Version, Endian) {
    let (mut bytes, version, endian) = fresh(&IDENTITY, shape_ijk);
    let layout = Layout::of(version);
    layout.put_code(endian, &mut bytes, layout.sform_code, 0);
    layout.put_code(endian, &mut bytes, layout.qform_code, 0);
    layout.put_no_units(endian, &mut bytes);
    (bytes, version, endian)
}

/// Quaternion b, c, d and qfac of a matrix without shear; `None` with shear (axes more than 1e-4 off square).
fn quaternion(affine: &Matrix) -> Option<([f64; 3], f64)> {
    let steps = spacing(affine);
    inverse(affine)?;
    let mut r: [[f64; 3]; 3] = std::array::from_fn(|row| std::array::from_fn(|column| affine[row][column] / steps[column]));
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        if (0..3).map(|row| r[row][a] * r[row][b]).sum::<f64>().abs() > 1e-4 {
            return None;
        }
    }
    let qfac = if determinant(affine) < 0.0 { -1.0 } else { 1.0 };
    for row in &mut r {
        row[2] *= qfac;
    }
    // The branch with the largest divisor, as in the format's own code.
    let trace = r[0][0] + r[1][1] + r[2][2];
    let (a, b, c, d) = if trace > 0.0 {
        let a = 0.5 * (1.0 + trace).sqrt();
        (a, (r[2][1] - r[1][2]) / (4.0 * a), (r[0][2] - r[2][0]) / (4.0 * a), (r[1][0] - r[0][1]) / (4.0 * a))
    } else if r[0][0] >= r[1][1] && r[0][0] >= r[2][2] {
        let b = 0.5 * (1.0 + r[0][0] - r[1][1] - r[2][2]).max(0.0).sqrt();
        ((r[2][1] - r[1][2]) / (4.0 * b), b, (r[0][1] + r[1][0]) / (4.0 * b), (r[0][2] + r[2][0]) / (4.0 * b))
    } else if r[1][1] >= r[2][2] {
        let c = 0.5 * (1.0 + r[1][1] - r[0][0] - r[2][2]).max(0.0).sqrt();
        ((r[0][2] - r[2][0]) / (4.0 * c), (r[0][1] + r[1][0]) / (4.0 * c), c, (r[1][2] + r[2][1]) / (4.0 * c))
    } else {
        let d = 0.5 * (1.0 + r[2][2] - r[0][0] - r[1][1]).max(0.0).sqrt();
        ((r[1][0] - r[0][1]) / (4.0 * d), (r[0][2] + r[2][0]) / (4.0 * d), (r[1][2] + r[2][1]) / (4.0 * d), d)
    };
    let sign = if a < 0.0 { -1.0 } else { 1.0 };
    Some(([sign * b, sign * c, sign * d], qfac))
}

#[cfg(test)]
mod tests {
    use super::super::{Header, place};
    use super::*;
    use crate::geometry::corner_distance;

    /// Turns about axes at random angles, mirrored or not, with unequal voxels.
    fn turned(seed: u32) -> Matrix {
        let angle = |n: u32| f64::from((seed * 7 + n) * 2_654_435_761_u32.wrapping_mul(n + seed) % 6283) / 1000.0;
        let (a, b, c) = (angle(1), angle(2), angle(3));
        let rotate = |p: usize, q: usize, angle: f64| {
            let mut m = crate::geometry::IDENTITY;
            (m[p][p], m[q][q], m[p][q], m[q][p]) = (angle.cos(), angle.cos(), -angle.sin(), angle.sin());
            m
        };
        let mut m = crate::geometry::multiply(&rotate(0, 1, a), &crate::geometry::multiply(&rotate(1, 2, b), &rotate(0, 2, c)));
        let steps = [0.7, 1.3, if seed.is_multiple_of(2) { 2.5 } else { -2.5 }];
        for row in m.iter_mut().take(3) {
            for (value, step) in row.iter_mut().zip(steps) {
                *value *= step;
            }
            row[3] = 10.0 * f64::from(seed);
        }
        m
    }

    #[test]
    fn sform_and_qform_say_the_same() {
        for seed in 0..40 {
            let affine = turned(seed);
            let (bytes, ..) = fresh(&affine, [30, 40, 50]);
            let mut header = Header::parse(&bytes).unwrap();
            assert_eq!((header.sform_code, header.qform_code), (1, 1));
            let by_sform = place(&header, [30, 40, 50]).unwrap();
            header.sform_code = 0;
            let by_qform = place(&header, [30, 40, 50]).unwrap();
            // float32 fields: 1e-7 of positions up to a few hundred millimetres.
            assert!(corner_distance(&affine, &by_sform.affine, [30, 40, 50]) < 1e-3, "{seed}");
            assert!(corner_distance(&affine, &by_qform.affine, [30, 40, 50]) < 1e-3, "{seed}: {by_qform:?} {affine:?}");
        }
    }

    #[test]
    fn shear_has_no_qform_and_long_axes_take_nifti_2() {
        let mut affine = crate::geometry::IDENTITY;
        affine[0][1] = 0.3;
        let (bytes, version, _) = fresh(&affine, [40_000, 1, 1]);
        assert_eq!(version, Version::Two);
        let header = Header::parse(&bytes).unwrap();
        assert_eq!((header.qform_code, header.shape_ijk().unwrap()), (0, [40_000, 1, 1]));
    }
}
