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

/// What a pixel shows along one axis: offsets of voxels from the slice's first.
struct Sample {
    below: usize,
    above: usize,
    nearest: usize,
    /// Of `above`, the rest is of `below`.
    part: f32,
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

    /// Voxels under the pixels along one axis of the picture.
    fn samples(&self, (axis, reversed): (usize, bool), n_px: usize) -> Vec<Sample> {
        let [_, h, w] = self.scene.size_zyx;
        let (size, stride) = (self.scene.size_zyx[axis], [h * w, w, 1][axis]);
        let last = (size - 1) as f64;
        let sample = |pixel: usize| {
            let along = (pixel as f64 + 0.5) / n_px as f64 * size as f64 - 0.5;
            let place = if reversed { last - along } else { along };
            let inside = place.clamp(0.0, last);
            let below = inside.floor() as usize;
            Sample {
                below: stride * below,
                above: stride * (below + 1).min(size - 1),
                nearest: stride * place.round().clamp(0.0, last) as usize,
                part: inside.fract() as f32,
            }
        };
        (0..n_px).map(sample).collect()
    }

    /// Where the slice's first voxel lies.
    fn first(&self) -> usize {
        let [_, h, w] = self.scene.size_zyx;
        self.index * [h * w, w, 1][self.normal]
    }

    /// The slice in grey or in its colours, with outlines.
    pub fn draw(&self, picture: &mut Picture, corner: [usize; 2], size_px: [usize; 2], range: (f64, f64)) {
        let n = self.scene.size_zyx.iter().product();
        let planes: Vec<&[f32]> = self.scene.image.chunks(n).collect();
        self.fill(picture, corner, size_px, |row, column| match planes[..] {
            [red, green, blue] => [red, green, blue].map(|plane| grey(self.linear(plane, row, column), range)),
            _ => [grey(self.linear(planes[0], row, column), range); 3],
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
        self.fill(picture, corner, size_px, |row, column| heat(self.linear(map, row, column), range));
    }

    fn fill(&self, picture: &mut Picture, corner: [usize; 2], size_px: [usize; 2], rgb: impl Fn(&Sample, &Sample) -> [u8; 3]) {
        let (rows, columns) = (self.samples(self.row, size_px[0]), self.samples(self.column, size_px[1]));
        for (n_row, row) in rows.iter().enumerate() {
            for (n_column, column) in columns.iter().enumerate() {
                picture.set([corner[0] + n_row, corner[1] + n_column], rgb(row, column));
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
        let (rows, columns) = (self.samples(self.row, n_rows), self.samples(self.column, n_columns));
        let nearest = |row: &Sample, column: &Sample| labels[self.first() + row.nearest + column.nearest];
        let map: Vec<i64> = rows.iter().flat_map(|row| columns.iter().map(move |column| nearest(row, column))).collect();
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

    /// Linear within the slice; the border voxel beyond it.
    fn linear(&self, values: &[f32], row: &Sample, column: &Sample) -> f32 {
        let at = |row: usize, column: usize| values[self.first() + row + column];
        let (u, v) = (row.part, column.part);
        (1.0 - u) * ((1.0 - v) * at(row.below, column.below) + v * at(row.below, column.above))
            + u * ((1.0 - v) * at(row.above, column.below) + v * at(row.above, column.above))
    }
}
