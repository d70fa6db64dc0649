//! Where a window may lie, and how much two of them share.

use crate::{Fault, Result};
use rand::Rng;
use rand::seq::IndexedRandom;

/// A box of a scan: first voxel and sides along x, y, z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub start: [usize; 3],
    pub sides: [usize; 3],
}

impl Window {
    pub fn volume(&self) -> usize {
        self.sides.iter().product()
    }
}

/// Volume of the intersection over that of the union.
pub fn iou(a: &Window, b: &Window) -> f64 {
    let shared: usize = (0..3)
        .map(|axis| {
            let from = a.start[axis].max(b.start[axis]);
            let to = (a.start[axis] + a.sides[axis]).min(b.start[axis] + b.sides[axis]);
            to.saturating_sub(from)
        })
        .product();
    shared as f64 / (a.volume() + b.volume() - shared) as f64
}

/// Sizes and places of windows.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowRule {
    /// Sides along x, y, z; each window has one of them.
    pub sizes: Vec<[usize; 3]>,
    /// Voxels at either end along x and y that no window reaches.
    pub border_xy: usize,
    /// The same along z.
    pub border_z: usize,
    /// Slices beyond a window that are cut with it, for the test of tissue.
    pub extra: usize,
    /// Sides along x and y are so much smaller where a window does not fit.
    pub shrink: usize,
    /// As the authors' code: whether it fits is asked along x only.
    pub x_only: bool,
}

impl WindowRule {
    /// A window of a random size, if need be a smaller one, anywhere between the borders.
    ///
    /// # Errors
    /// A scan in which no window has room.
    pub fn draw(&self, shape: [usize; 3], rng: &mut impl Rng) -> Result<Window> {
        let fitting: Vec<[usize; 3]> = self.sizes.iter().filter_map(|sides| self.fitted(*sides, shape)).collect();
        let Some(&sides) = fitting.choose(rng) else {
            let need = self.sizes.iter().map(|sides| self.needed(*sides)).min().unwrap_or_default();
            let text = format!(
                "a scan of {shape:?} voxels (x, y, z) has no room for a window: the smallest needs {need:?}; narrow the borders or the windows"
            );
            return Err(Fault::Shape { what: "volume", text });
        };
        let start = std::array::from_fn(|axis| rng.random_range(self.border(axis)..=self.last(axis, sides, shape)));
        Ok(Window { start, sides })
    }

    /// The sides that a window gets; none where it has no room.
    fn fitted(&self, sides: [usize; 3], shape: [usize; 3]) -> Option<[usize; 3]> {
        // Rationale: the authors shrink where one place only is left, too.
        let tight = |axis: usize| shape[axis] < sides[axis] + 2 * self.border_xy + 2;
        let asked = if self.x_only { 0..1 } else { 0..2 };
        let mut sides = sides;
        if asked.into_iter().any(tight) {
            sides = [sides[0].checked_sub(self.shrink)?, sides[1].checked_sub(self.shrink)?, sides[2]];
        }
        let needed = self.needed(sides);
        ((0..3).all(|axis| sides[axis] > 0 && shape[axis] >= needed[axis])).then_some(sides)
    }

    /// The smallest scan that holds a window.
    fn needed(&self, sides: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|axis| sides[axis] + 1 + 2 * self.border(axis) + if axis == 2 { self.extra } else { 0 })
    }

    fn border(&self, axis: usize) -> usize {
        if axis == 2 { self.border_z } else { self.border_xy }
    }

    /// The last voxel at which a window may begin.
    fn last(&self, axis: usize, sides: [usize; 3], shape: [usize; 3]) -> usize {
        let extra = if axis == 2 { self.extra } else { 0 };
        shape[axis] - sides[axis] - extra - 1 - self.border(axis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rule() -> WindowRule {
        let sizes = vec![[64, 64, 32], [96, 96, 48], [96, 96, 96], [32, 32, 16], [112, 112, 64]];
        WindowRule { sizes, border_xy: 70, border_z: 15, extra: 3, shrink: 32, x_only: false }
    }

    #[test]
    fn windows_keep_the_borders_and_shrink_where_they_must() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        // 250 holds 96 + 141 and not 112 + 142.
        for _ in 0..300 {
            let window = rule().draw([250, 300, 140], &mut rng).unwrap();
            assert!((0..2).all(|axis| window.start[axis] >= 70));
            assert!(window.start[0] + window.sides[0] <= 250 - 71 && window.start[1] + window.sides[1] <= 300 - 71);
            assert!(window.start[2] >= 15 && window.start[2] + window.sides[2] + 3 <= 140 - 16);
            assert!([64, 96, 32, 80].contains(&window.sides[0]));
        }
    }

    #[test]
    fn the_authors_ask_along_x_only() {
        let narrow = [400, 230, 140];
        assert_eq!(rule().fitted([96, 96, 48], narrow), Some([64, 64, 48]));
        let compat = WindowRule { x_only: true, ..rule() };
        assert_eq!(compat.fitted([96, 96, 48], narrow), None, "its y does not fit and is not shrunk");
    }

    #[test]
    fn a_scan_without_room_is_refused_with_what_it_needs() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let fault = rule().draw([128, 128, 32], &mut rng).unwrap_err().to_string();
        assert_eq!(
            fault,
            "volume: a scan of [128, 128, 32] voxels (x, y, z) has no room for a window: the smallest needs [173, 173, 50]; narrow the borders or the windows"
        );
    }
}
