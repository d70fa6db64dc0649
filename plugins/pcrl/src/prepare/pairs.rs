//! Pairs: two windows that overlap enough and show enough tissue.

use super::{Window, WindowRule, iou, resized};
use crate::Result;
use crate::augment::Grid;
use rand::Rng;

/// When a pair is taken, and what is made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PairRule {
    pub windows: WindowRule,
    /// Size that every window is brought to.
    pub output: [usize; 3],
    /// The windows' intersection over union is above this.
    pub iou: f64,
    /// A voxel from this on is tissue.
    pub tissue: f32,
    /// A window whose sum of tissue is above this share of its volume is left out.
    pub share: f64,
    /// Draws of two windows until they overlap enough.
    pub tries: usize,
}

/// Two windows that overlap, and whether they are taken.
#[derive(Clone, Debug)]
pub struct Pair {
    pub windows: [Window; 2],
    pub iou: f64,
    /// See [`tissue`].
    pub tissue: [f64; 2],
    /// What `tissue` may be at most.
    pub limits: [f64; 2],
    pub images: [Grid; 2],
}

impl Pair {
    /// Neither window shows too much tissue: lungs are air for the most part.
    pub fn accepted(&self) -> bool {
        self.tissue.iter().zip(&self.limits).all(|(sum, limit)| sum <= limit)
    }
}

impl PairRule {
    /// Two windows that overlap enough, cut, brought to size, and measured. `None` where none were found in `tries` draws.
    ///
    /// # Errors
    /// A scan in which no window has room.
    pub fn draw(&self, scan: &Grid, rng: &mut impl Rng) -> Result<Option<Pair>> {
        for _ in 0..self.tries {
            let windows = [self.windows.draw(scan.shape, rng)?, self.windows.draw(scan.shape, rng)?];
            if iou(&windows[0], &windows[1]) > self.iou {
                return Ok(Some(self.measure(scan, windows)));
            }
        }
        Ok(None)
    }

    /// The pair of two given windows.
    pub fn measure(&self, scan: &Grid, windows: [Window; 2]) -> Pair {
        let deep = windows.map(|window| self.cut(scan, &window));
        let tissue = [&deep[0], &deep[1]].map(|image| tissue(image, self.output[2], self.tissue));
        Pair {
            iou: iou(&windows[0], &windows[1]),
            limits: windows.map(|window| self.share * window.volume() as f64),
            images: deep.map(|image| first_slices(&image, self.output[2])),
            windows,
            tissue,
        }
    }

    /// A window with its extra slices, at the output's size with as many.
    fn cut(&self, scan: &Grid, window: &Window) -> Grid {
        let extra = self.windows.extra;
        let [x, y, z] = window.start;
        let [nx, ny, nz] = [window.sides[0], window.sides[1], window.sides[2] + extra];
        let mut values = Vec::with_capacity(nx * ny * nz);
        for x in x..x + nx {
            for y in y..y + ny {
                let row = scan.index([x, y, z]);
                values.extend_from_slice(&scan.values[row..row + nz]);
            }
        }
        let [ox, oy, oz] = self.output;
        resized(&Grid { shape: [nx, ny, nz], values }, [ox, oy, oz + extra])
    }
}

/// Sum over the first `depth` slices of 1 where a voxel is tissue, and 1/2 where it is not but the one behind it is.
///
/// A third slice, which the authors look at too, counts nothing.
pub fn tissue(image: &Grid, depth: usize, level: f32) -> f64 {
    let column = |column: &[f32]| -> f64 {
        let value = |d: usize| match (column[d] >= level, column.get(d + 1).is_some_and(|next| *next >= level)) {
            (true, _) => 1.0,
            (false, true) => 0.5,
            (false, false) => 0.0,
        };
        (0..depth).map(value).sum()
    };
    image.values.chunks_exact(image.shape[2]).map(column).sum()
}

fn first_slices(image: &Grid, depth: usize) -> Grid {
    let [x, y, z] = image.shape;
    let values = image.values.chunks_exact(z).flat_map(|column| &column[..depth]).copied().collect();
    Grid { shape: [x, y, depth], values }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rule() -> PairRule {
        let windows =
            WindowRule { sizes: vec![[8, 8, 4], [12, 12, 6]], border_xy: 1, border_z: 1, extra: 3, shrink: 4, x_only: false };
        PairRule { windows, output: [8, 8, 4], iou: 0.25, tissue: 0.425, share: 0.15, tries: 1000 }
    }

    #[test]
    fn lung_is_taken_and_flesh_is_not() {
        let scan = |value: f32| Grid { shape: [20, 20, 16], values: vec![value; 6400] };
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let lung = rule().draw(&scan(0.1), &mut rng).unwrap().unwrap();
        assert!(lung.accepted() && lung.iou > 0.25 && lung.tissue == [0.0; 2]);
        assert_eq!(lung.images[0].shape, [8, 8, 4]);
        let flesh = rule().draw(&scan(0.55), &mut rng).unwrap().unwrap();
        assert!(!flesh.accepted());
        assert_eq!(flesh.tissue, [256.0; 2], "the output's voxels, whatever the window's size");
    }

    #[test]
    fn an_impossible_overlap_is_told_and_not_waited_for() {
        let scan = Grid { shape: [20, 20, 16], values: vec![0.0; 6400] };
        let impossible = PairRule { iou: 1.0, tries: 50, ..rule() };
        assert!(impossible.draw(&scan, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1)).unwrap().is_none());
    }

    #[test]
    fn the_slice_behind_counts_half() {
        let image = Grid { shape: [1, 1, 5], values: vec![0.1, 0.1, 0.9, 0.1, 0.9] };
        assert_eq!(tissue(&image, 3, 0.425), 0.0 + 0.5 + 1.0);
    }
}
