//! Types of parameters that several operators share, and volumes as kernels take them.

use crate::degrade::Alignment;
use voxloom_sdk::prelude::*;

/// Across which axis a volume is cut into slices.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceAxis {
    /// The file's slowest axis, that of its slices.
    Z,
    Y,
    X,
    /// That with the largest voxel step; the first of several.
    Coarsest,
}

impl SliceAxis {
    /// 0 for z.
    pub fn of(self, affine: &Affine) -> i64 {
        match self {
            Self::Z => 0,
            Self::Y => 1,
            Self::X => 2,
            Self::Coarsest => {
                let spacing = affine.spacing_zyx();
                // Steps that went through float32 headers differ in the seventh digit.
                (1..3).fold(0, |best, axis| if spacing[axis] > spacing[best] * (1.0 + 1e-5) { axis } else { best }) as i64
            }
        }
    }
}

/// Where coarse pixels lie among the fine ones.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grid {
    /// Both grids cover the same extent.
    Center,
    /// The first pixels coincide, as public code has it for k-space; such pairs must not be flipped.
    Corner,
}

impl Grid {
    pub fn alignment(self) -> Alignment {
        match self {
            Self::Center => Alignment::Center,
            Self::Corner => Alignment::Corner,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Center => "center",
            Self::Corner => "corner",
        }
    }

    /// What was asked for, or what `seran.degrade` noted with the volume, or the centre.
    pub fn of(wanted: Option<Self>, volume: &Volume) -> Self {
        let noted = || match volume.meta.get(NOTE)?.get("alignment")?.as_str()? {
            "corner" => Some(Self::Corner),
            _ => Some(Self::Center),
        };
        wanted.or_else(noted).unwrap_or(Self::Center)
    }
}

/// Where `seran.degrade` notes in a volume's meta what it did.
pub const NOTE: &str = "degraded";

/// A volume that has voxels, real ones.
///
/// # Errors
/// It has none, or they are complex.
pub fn expect_voxels(volume: &Volume, port: &str) -> Result<()> {
    volume.size_zyx()?;
    if volume.data.numel() == 0 {
        return Err(Error::item(format!("`{port}` has no voxels, its shape is {:?}", volume.data.size())));
    }
    match volume.data.kind() {
        Kind::ComplexFloat | Kind::ComplexDouble | Kind::ComplexHalf => {
            Err(Error::item(format!("`{port}` is complex; take its magnitude first")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarsest_axis_is_that_of_the_slices() {
        assert_eq!(SliceAxis::Coarsest.of(&Affine::upright([0.5, 4.0, 0.5], [0.0; 3])), 1);
        assert_eq!(SliceAxis::Coarsest.of(&Affine::upright([1.000_000_1, 1.0, 1.0], [0.0; 3])), 0);
        assert_eq!(SliceAxis::X.of(&Affine::IDENTITY), 2);
    }
}
