//! Parameters that `pcrl.pairs3d` and `pcrl.windows3d` share, and the scan they work on.

use super::images::scan;
use crate::augment::Grid;
use crate::prepare::{PairRule, WindowRule, isotropic, unit_range};
use voxloom_sdk::prelude::*;

/// How windows are chosen; the defaults are those for LUNA16.
#[derive(Clone, Debug)]
pub struct Choosing {
    pub rule: PairRule,
    pub spacing_mm: Option<f64>,
    pub range: [f64; 2],
    pub depth: usize,
}

impl Choosing {
    /// The volume as windows are cut from it, and the step between its voxels in voxels of the volume, along x, y, z.
    ///
    /// # Errors
    /// Several channels, no voxels.
    pub fn prepared(&self, volume: &Volume) -> Result<(Grid, [f64; 3])> {
        let (mut grid, spacing) = scan(volume)?;
        let mut step = [1.0; 3];
        if let Some(target) = self.spacing_mm {
            step = spacing.map(|spacing| target / spacing);
            grid = isotropic(&grid, spacing, target);
        }
        unit_range(&mut grid, self.range);
        Ok((deepened(grid, self.depth), step))
    }
}

/// At least `depth` slices along z; what is added is air.
fn deepened(grid: Grid, depth: usize) -> Grid {
    let [x, y, z] = grid.shape;
    if z >= depth {
        return grid;
    }
    let column = |column: &[f32]| [column, &vec![0.0; depth - z]].concat();
    Grid { shape: [x, y, depth], values: grid.values.chunks_exact(z).flat_map(column).collect() }
}

/// Defines an operator's parameters: the shared ones, then its own.
macro_rules! pair_params {
    ($(#[$about:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Params)]
        #[param(check)]
        pub struct $name {
            /// Voxel size at which windows are cut; left out, the volume's own voxels are taken as they are.
            #[param(above = 0.0, unit = "mm")]
            pub spacing_mm: Option<f64>,
            /// Values that become 0 and 1.
            #[param(default = [-1000.0, 1000.0])]
            pub range: [f64; 2],
            /// Sides of the windows along x, y, z; each window gets one of them.
            #[param(default = crate::operators::pair_params::luna_windows())]
            pub windows: Vec<[usize; 3]>,
            /// What every window is brought to, along x, y, z.
            #[param(default = [64, 64, 32], min = 1)]
            pub size: [usize; 3],
            /// Voxels at either end of x and y that no window reaches.
            #[param(default = 70)]
            pub border_xy: usize,
            /// The same along z.
            #[param(default = 15)]
            pub border_z: usize,
            /// Sides along x and y are so much smaller where a window has no room.
            #[param(default = 32)]
            pub shrink: usize,
            /// Shallower volumes get air behind them.
            #[param(default = 98, unit = "voxels")]
            pub depth: usize,
            /// Two windows are a pair when their intersection over union is above this.
            #[param(default = 0.25, min = 0.0, below = 1.0)]
            pub iou: f64,
            /// From this value on (0 to 1) a voxel is tissue; 0.425 is -150 HU.
            #[param(default = 0.425)]
            pub tissue: f64,
            /// A pair is rejected when the tissue of one window, counted at the size it is brought to, is above this share of the window's own volume. Above 1, nothing is rejected.
            #[param(default = 0.15, min = 0.0)]
            pub tissue_share: f64,
            /// As the authors' code: whether a window has room is asked along x only.
            #[param(default = false)]
            pub compat: bool,
            $($own)*
        }

        impl $name {
            fn check_relations(&self) -> Result<()> {
                crate::operators::images::rising("range", self.range)?;
                if self.size[0] != self.size[1] {
                    let text = format!("must be square in x and y, for quarter turns; got {:?}", self.size);
                    return Err(Error::param("size", text));
                }
                if self.windows.is_empty() || self.windows.iter().flatten().any(|side| *side == 0) {
                    return Err(Error::param("windows", "must name at least one window, each side at least 1"));
                }
                Ok(())
            }

            fn choosing(&self) -> crate::operators::pair_params::Choosing {
                crate::operators::pair_params::Choosing {
                    rule: crate::operators::pair_params::rule(
                        &self.windows,
                        [self.border_xy, self.border_z, self.shrink],
                        self.size,
                        [self.iou, self.tissue, self.tissue_share],
                        self.compat,
                    ),
                    spacing_mm: self.spacing_mm,
                    range: self.range,
                    depth: self.depth,
                }
            }
        }
    };
}
pub(super) use pair_params;

/// The paper's windows.
pub fn luna_windows() -> Vec<[usize; 3]> {
    vec![[64, 64, 32], [96, 96, 48], [96, 96, 96], [32, 32, 16], [112, 112, 64]]
}

/// Slices that are cut with a window for the test of tissue.
const EXTRA: usize = 3;
/// Draws until two windows overlap; on LUNA16 a few dozen are enough.
const TRIES: usize = 10_000;

/// Borders along x and y, along z, and what windows shrink by; IoU, level and share of tissue.
pub fn rule(
    sizes: &[[usize; 3]],
    [border_xy, border_z, shrink]: [usize; 3],
    output: [usize; 3],
    [iou, tissue, share]: [f64; 3],
    x_only: bool,
) -> PairRule {
    let windows = WindowRule { sizes: sizes.to_vec(), border_xy, border_z, extra: EXTRA, shrink, x_only };
    PairRule { windows, output, iou, tissue: tissue as f32, share, tries: TRIES }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shallow_scans_get_air_behind_them() {
        let grid = Grid { shape: [2, 1, 2], values: vec![0.5, 0.6, 0.7, 0.8] };
        let deep = deepened(grid.clone(), 3);
        assert_eq!((deep.shape, deep.values), ([2, 1, 3], vec![0.5, 0.6, 0.0, 0.7, 0.8, 0.0]));
        assert_eq!(deepened(grid.clone(), 2), grid);
    }
}
