//! One slice: from voxels to pixels.

use super::shade::{grey, heat};
use super::{Picture, Scene};
use crate::palette::colour;

/// One slice: where its rows and columns run in the volume.
pub(super) struct Slice<'a> {
    pub scene: &'a Scene,
    /// Axis (0 is z), and whether it runs against the volume's.
    pub row: (usize, bool),
    pub column: (usize, bool),
    pub normal: usize,
    pub index: usize,
}

impl Slice<'_> {
    /// Height and width in millimetres.
    pub fn extent_mm(&self) -> [f64; 2] {
        [self.row.0, self.column.0].map(|axis| self.scene.size_zyx[axis] as f64 * self.scene.spacing_zyx[axis])
    }

    /// Height and width in pixels.
    pub fn size_px(&self, px_per_mm: f64) -> [usize; 2] {
        self.extent_mm().map(|mm| ((mm * px_per_mm).round() as usize).max(1))
    }

    /// Place in the volume, in voxels along z, y, x, of a pixel's centre.
    fn place(&self, pixel: [usize; 2], size_px: [usize; 2]) -> [f64; 3] {
        let mut place = [0.0; 3];
        place[self.normal] = self.index as f64;
        for (n, (axis, reversed)) in [self.row, self.column].into_iter().enumerate() {
            let size = self.scene.size_zyx[axis] as f64;
            let along = (pixel[n] as f64 + 0.5) / size_px[n] as f64 * size - 0.5;
            place[axis] = if reversed { size - 1.0 - along } else { along };
        }
        place
    }

    /// The slice in grey or in its colours, with outlines.
    pub fn draw(&self, picture: &mut Picture, corner: [usize; 2], size_px: [usize; 2], range: (f64, f64)) {
        let n = self.scene.size_zyx.iter().product();
        let planes: Vec<&[f32]> = self.scene.image.chunks(n).collect();
        self.fill(picture, corner, size_px, |place| match planes[..] {
            [red, green, blue] => [red, green, blue].map(|plane| grey(self.linear(plane, place), range)),
            _ => [grey(self.linear(planes[0], place), range); 3],
        });
        for truth in &self.scene.truth {
            self.outline(picture, corner, size_px, truth, |label| colour(label).map(|value| 128 + value / 2));
        }
        for labels in &self.scene.labels {
            self.outline(picture, corner, size_px, labels, colour);
        }
    }

    /// The same slice of a map, as heat.
    pub fn draw_map(&self, picture: &mut Picture, corner: [usize; 2], size_px: [usize; 2], map: &[f32], range: (f64, f64)) {
        self.fill(picture, corner, size_px, |place| heat(self.linear(map, place), range));
    }

    fn fill(&self, picture: &mut Picture, corner: [usize; 2], size_px: [usize; 2], rgb: impl Fn([f64; 3]) -> [u8; 3]) {
        for row in 0..size_px[0] {
            for column in 0..size_px[1] {
                picture.set([corner[0] + row, corner[1] + column], rgb(self.place([row, column], size_px)));
            }
        }
    }

    /// Pixels of a label beside a pixel that is not of it.
    fn outline(
        &self,
        picture: &mut Picture,
        corner: [usize; 2],
        size_px: [usize; 2],
        labels: &[i64],
        colour: impl Fn(i64) -> [u8; 3],
    ) {
        let [n_rows, n_columns] = size_px;
        let nearest = |row: usize, column: usize| {
            let place = self.place([row, column], size_px);
            labels[self.offset(std::array::from_fn(|axis| {
                place[axis].round().clamp(0.0, (self.scene.size_zyx[axis] - 1) as f64) as usize
            }))]
        };
        let map: Vec<i64> = (0..n_rows * n_columns).map(|n| nearest(n / n_columns, n % n_columns)).collect();
        for row in 0..n_rows {
            for column in 0..n_columns {
                let label = map[row * n_columns + column];
                let beside = [(row.wrapping_sub(1), column), (row + 1, column), (row, column.wrapping_sub(1)), (row, column + 1)];
                let rim = beside.iter().any(|&(r, c)| r >= n_rows || c >= n_columns || map[r * n_columns + c] != label);
                if label != 0 && rim {
                    picture.set([corner[0] + row, corner[1] + column], colour(label));
                }
            }
        }
    }

    fn offset(&self, [z, y, x]: [usize; 3]) -> usize {
        let [_, h, w] = self.scene.size_zyx;
        (z * h + y) * w + x
    }

    /// Linear within the slice; the border voxel beyond it.
    fn linear(&self, values: &[f32], place: [f64; 3]) -> f32 {
        let (row, column) = (self.row.0, self.column.0);
        let last = |axis: usize| (self.scene.size_zyx[axis] - 1) as f64;
        let place: [f64; 3] = std::array::from_fn(|axis| place[axis].clamp(0.0, last(axis)));
        let at = |row_step: usize, column_step: usize| {
            let mut voxel = place.map(|value| value.floor() as usize);
            voxel[row] = (voxel[row] + row_step).min(self.scene.size_zyx[row] - 1);
            voxel[column] = (voxel[column] + column_step).min(self.scene.size_zyx[column] - 1);
            values[self.offset(voxel)]
        };
        let (u, v) = (place[row].fract() as f32, place[column].fract() as f32);
        (1.0 - u) * ((1.0 - v) * at(0, 0) + v * at(0, 1)) + u * ((1.0 - v) * at(1, 0) + v * at(1, 1))
    }
}
