//! From the header's three ways to place a volume to one matrix.

use super::{Fault, Header};
use crate::geometry::{Matrix, corner_distance, inverse};

/// The field of the header that placed the volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacementSource {
    Sform,
    Qform,
    Pixdim,
}

impl PlacementSource {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sform => "sform",
            Self::Qform => "qform",
            Self::Pixdim => "pixdim",
        }
    }
}

/// Where a volume lies.
#[derive(Clone, Debug)]
pub struct Placement {
    /// Voxel (i, j, k) to RAS+ millimetres.
    pub affine: Matrix,
    pub source: PlacementSource,
    /// What a careful reader should know.
    pub warnings: Vec<String>,
}

/// Places a volume as nibabel does: sform where its code is above 0, else qform, else voxel sizes alone (x to the left,
/// origin in the middle); metres and micrometres become millimetres. Oblique and sheared matrices are fine.
///
/// # Errors
/// The matrix in charge is singular or not finite.
pub fn place(header: &Header, shape_ijk: [usize; 3]) -> Result<Placement, Fault> {
    let mut warnings = Vec::new();
    let sform = (header.sform_code > 0).then(|| sform(header)).transpose()?;
    let qform = (header.qform_code > 0).then(|| qform(header, &mut warnings));
    let (matrix, source) = match (sform, qform) {
        (Some(sform), qform) => {
            warnings.clear();
            if let Some(Ok(qform)) = qform {
                warn_of_disagreement(&sform, &qform, shape_ijk, &mut warnings);
            }
            (sform, PlacementSource::Sform)
        }
        (None, Some(qform)) => (qform?, PlacementSource::Qform),
        (None, None) => {
            warnings.push(
                "has no sform and no qform, so that left and right are unknown; placed by voxel sizes alone, as nibabel does"
                    .into(),
            );
            (by_pixdim(header, shape_ijk)?, PlacementSource::Pixdim)
        }
    };
    let factor = millimetres(header, &mut warnings);
    let mut affine = matrix;
    for value in affine.iter_mut().take(3).flatten() {
        *value *= factor;
    }
    Ok(Placement { affine, source, warnings })
}

fn sform(header: &Header) -> Result<Matrix, Fault> {
    let [x, y, z] = header.srow;
    let matrix = [x, y, z, [0.0, 0.0, 0.0, 1.0]];
    match inverse(&matrix) {
        Some(_) => Ok(matrix),
        None => Err(Fault::Damaged(format!(
            "sform_code is {} but the sform cannot place a volume (rows {x:?}, {y:?}, {z:?}); set it from the qform (fslorient -copyqform2sform) or its code to 0",
            header.sform_code
        ))),
    }
}

fn qform(header: &Header, warnings: &mut Vec<String>) -> Result<Matrix, Fault> {
    let rotation = rotation(header.quatern, warnings)?;
    let sizes = voxel_sizes(header, warnings)?;
    // qfac: below 0 turns the k axis round; 0 and anything odd mean 1.
    let qfac = if header.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
    let mut matrix = crate::geometry::IDENTITY;
    for row in 0..3 {
        matrix[row][0] = rotation[row][0] * sizes[0];
        matrix[row][1] = rotation[row][1] * sizes[1];
        matrix[row][2] = rotation[row][2] * sizes[2] * qfac;
        matrix[row][3] = header.qoffset[row];
    }
    match inverse(&matrix) {
        Some(_) => Ok(matrix),
        None => Err(Fault::Damaged(format!(
            "qform_code is {} but its offsets are not finite: {:?}",
            header.qform_code, header.qoffset
        ))),
    }
}

/// The rotation of a unit quaternion of which b, c, d are given. Where rounding made them longer than 1 they are
/// shortened, as in the format's own code.
fn rotation(quatern: [f64; 3], warnings: &mut Vec<String>) -> Result<[[f64; 3]; 3], Fault> {
    let square: f64 = quatern.iter().map(|value| value * value).sum();
    if !square.is_finite() {
        return Err(Fault::Damaged(format!("the qform's quaternion is not finite: {quatern:?}")));
    }
    if square > 1.001 {
        warnings.push(format!("the qform's quaternion is too long (b, c, d = {quatern:?}); it was shortened to length 1"));
    }
    let shorten = if square > 1.0 { square.sqrt().recip() } else { 1.0 };
    let [b, c, d] = quatern.map(|value| value * shorten);
    let a = (1.0 - square).max(0.0).sqrt();
    Ok([
        [1.0 - 2.0 * (c * c + d * d), 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), 1.0 - 2.0 * (b * b + d * d), 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), 1.0 - 2.0 * (b * b + c * c)],
    ])
}

/// Voxel sizes by pixdim. Negative ones count without their sign, as in nibabel; axes that the file leaves out are 1 where
/// nothing is said.
fn voxel_sizes(header: &Header, warnings: &mut Vec<String>) -> Result<[f64; 3], Fault> {
    let mut sizes = [1.0; 3];
    for (axis, out) in sizes.iter_mut().enumerate() {
        let size = header.pixdim[axis + 1];
        if size == 0.0 && axis as i64 >= header.dim[0] {
            continue;
        }
        if !size.is_finite() || size == 0.0 {
            return Err(Fault::Damaged(format!("pixdim[{}], a voxel size, is {size}, expected above 0", axis + 1)));
        }
        if size < 0.0 {
            warnings.push(format!("pixdim[{}] is {size}; its sign was passed over", axis + 1));
        }
        *out = size.abs();
    }
    Ok(sizes)
}

fn by_pixdim(header: &Header, shape_ijk: [usize; 3]) -> Result<Matrix, Fault> {
    let sizes = voxel_sizes(header, &mut Vec::new())?;
    let mut matrix = crate::geometry::IDENTITY;
    for axis in 0..3 {
        let step = if axis == 0 { -sizes[axis] } else { sizes[axis] };
        matrix[axis][axis] = step;
        matrix[axis][3] = -step * (shape_ijk[axis] as f64 - 1.0) / 2.0;
    }
    Ok(matrix)
}

fn warn_of_disagreement(sform: &Matrix, qform: &Matrix, shape_ijk: [usize; 3], warnings: &mut Vec<String>) {
    let distance = corner_distance(sform, qform, shape_ijk);
    if distance > 0.5 {
        warnings.push(format!(
            "sform and qform lie {distance:.1} voxels apart at a corner; the sform was taken, other programs may take the qform"
        ));
    }
}

fn millimetres(header: &Header, warnings: &mut Vec<String>) -> f64 {
    match header.xyzt_units & 7 {
        0 | 2 => 1.0,
        1 => 1000.0,
        3 => 0.001,
        other => {
            warnings.push(format!("names the unknown unit {other} for lengths; taken as millimetres"));
            1.0
        }
    }
}
