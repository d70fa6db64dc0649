//! From an upright volume to pixels. Knows no engine and no files.

use crate::palette::colour;
use voxloom_sdk::{Choice, Error, Result};

/// A plane through the body.
#[derive(Clone, Copy, Choice, Debug, PartialEq, Eq)]
pub enum Plane {
    Axial,
    Coronal,
    Sagittal,
}

/// What is shown: an upright (RAS) volume, x fastest.
pub struct Scene {
    pub image: Vec<f32>,
    pub labels: Option<Vec<i64>>,
    pub truth: Option<Vec<i64>>,
    pub size_zyx: [usize; 3],
    pub spacing_zyx: [f64; 3],
}

/// How it is shown.
pub struct Look {
    pub planes: Vec<Plane>,
    pub n_slices: usize,
    pub n_columns: usize,
    /// The patient's right is on the left of the picture.
    pub right_is_left: bool,
    pub percentiles: [f64; 2],
    pub window: Option<[f64; 2]>,
    pub size_px: usize,
}

/// Pixels: red, green, blue, row by row.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

/// Pixels between slices.
const GAP: usize = 4;

/// Draws all slices.
///
/// # Errors
/// A volume without voxels, or a window whose ends are the wrong way round.
pub fn render(scene: &Scene, look: &Look) -> Result<Picture, String> {
    if scene.image.is_empty() || scene.image.len() != scene.size_zyx.iter().product::<usize>() {
        return Err(format!("cannot show {} voxels of a volume of {:?}", scene.image.len(), scene.size_zyx));
    }
    let (low, high) = grey_range(scene, look)?;
    let slices: Vec<Slice> = look.planes.iter().flat_map(|&plane| slices(scene, look, plane)).collect();
    let extent = slices.iter().flat_map(|slice| slice.extent_mm()).fold(0.0, f64::max);
    let px_per_mm = look.size_px as f64 / extent;
    let sizes: Vec<[usize; 2]> = slices.iter().map(|slice| slice.size_px(px_per_mm)).collect();
    let n_columns = look.n_columns.min(slices.len());
    // Every row is as high, every column as wide, as its largest slice.
    let heights: Vec<usize> = sizes.chunks(n_columns).map(|row| row.iter().map(|size| size[0]).max().unwrap_or(0)).collect();
    let widths: Vec<usize> =
        (0..n_columns).map(|n| sizes.iter().skip(n).step_by(n_columns).map(|size| size[1]).max().unwrap_or(0)).collect();
    let along = |sizes: &[usize]| sizes.iter().map(|size| size + GAP).sum::<usize>();
    let (width, height) = (along(&widths) - GAP, along(&heights) - GAP);
    let mut picture = Picture { width, height, rgb: vec![0; 3 * width * height] };
    for (n, (slice, size)) in slices.iter().zip(sizes).enumerate() {
        let (row, column) = (n / n_columns, n % n_columns);
        let margin = [(heights[row] - size[0]) / 2, (widths[column] - size[1]) / 2];
        let corner = [along(&heights[..row]) + margin[0], along(&widths[..column]) + margin[1]];
        slice.draw(&mut picture, corner, size, (low, high));
    }
    Ok(picture)
}

/// One slice: where its rows and columns run in the volume.
struct Slice<'a> {
    scene: &'a Scene,
    /// Axis (0 is z), and whether it runs against the volume's.
    row: (usize, bool),
    column: (usize, bool),
    normal: usize,
    index: usize,
}

fn slices<'a>(scene: &'a Scene, look: &Look, plane: Plane) -> Vec<Slice<'a>> {
    // In RAS, z grows to the head, y to the front, x to the right; rows of a picture grow downwards.
    let (normal, row, column) = match plane {
        Plane::Axial => (0, (1, true), (2, look.right_is_left)),
        Plane::Coronal => (1, (0, true), (2, look.right_is_left)),
        Plane::Sagittal => (2, (0, true), (1, true)),
    };
    let chosen = choose(scene, normal, look.n_slices);
    chosen.into_iter().map(|index| Slice { scene, row, column, normal, index }).collect()
}

/// Slices evenly over the labels' extent (the whole volume's without labels); for one slice the mean of the labelled voxels.
fn choose(scene: &Scene, normal: usize, n: usize) -> Vec<usize> {
    let size = scene.size_zyx[normal];
    let counts = label_counts(scene, normal);
    let total: usize = counts.iter().sum();
    if n == 1 {
        let moment: usize = counts.iter().enumerate().map(|(at, count)| at * count).sum();
        return vec![(moment + total / 2).checked_div(total).unwrap_or(size / 2)];
    }
    let first = counts.iter().position(|&count| count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|&count| count > 0).unwrap_or(size - 1);
    let n = n.min(last - first + 1);
    if n == 1 {
        return vec![(first + last) / 2];
    }
    (0..n).map(|step| first + (step * (last - first) + (n - 1) / 2) / (n - 1)).collect()
}

fn label_counts(scene: &Scene, normal: usize) -> Vec<usize> {
    let [_, h, w] = scene.size_zyx;
    let mut counts = vec![0; scene.size_zyx[normal]];
    for labels in scene.labels.iter().chain(&scene.truth) {
        for (at, _) in labels.iter().enumerate().filter(|(_, label)| **label != 0) {
            counts[[at / (h * w), at / w % h, at % w][normal]] += 1;
        }
    }
    counts
}

impl Slice<'_> {
    fn extent_mm(&self) -> [f64; 2] {
        [self.row.0, self.column.0].map(|axis| self.scene.size_zyx[axis] as f64 * self.scene.spacing_zyx[axis])
    }

    fn size_px(&self, px_per_mm: f64) -> [usize; 2] {
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

    fn draw(&self, picture: &mut Picture, corner: [usize; 2], size_px: [usize; 2], (low, high): (f64, f64)) {
        for row in 0..size_px[0] {
            for column in 0..size_px[1] {
                let value = f64::from(self.linear(self.place([row, column], size_px)));
                let grey = ((value - low) / (high - low) * 255.0).clamp(0.0, 255.0);
                let grey = if grey.is_nan() { 0 } else { grey.round() as u8 };
                picture.set([corner[0] + row, corner[1] + column], [grey; 3]);
            }
        }
        if let Some(truth) = &self.scene.truth {
            self.outline(picture, corner, size_px, truth, |label| colour(label).map(|value| 128 + value / 2));
        }
        if let Some(labels) = &self.scene.labels {
            self.outline(picture, corner, size_px, labels, colour);
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
    fn linear(&self, place: [f64; 3]) -> f32 {
        let (row, column) = (self.row.0, self.column.0);
        let last = |axis: usize| (self.scene.size_zyx[axis] - 1) as f64;
        let place: [f64; 3] = std::array::from_fn(|axis| place[axis].clamp(0.0, last(axis)));
        let at = |row_step: usize, column_step: usize| {
            let mut voxel = place.map(|value| value.floor() as usize);
            voxel[row] = (voxel[row] + row_step).min(self.scene.size_zyx[row] - 1);
            voxel[column] = (voxel[column] + column_step).min(self.scene.size_zyx[column] - 1);
            self.scene.image[self.offset(voxel)]
        };
        let (u, v) = (place[row].fract() as f32, place[column].fract() as f32);
        (1.0 - u) * ((1.0 - v) * at(0, 0) + v * at(0, 1)) + u * ((1.0 - v) * at(1, 0) + v * at(1, 1))
    }
}

/// Values shown black and white. A volume of one value is shown black.
fn grey_range(scene: &Scene, look: &Look) -> Result<(f64, f64), String> {
    let (low, high) = match look.window {
        Some([low, high]) if low < high => (low, high),
        Some([low, high]) => return Err(format!("window must run from low to high, got [{low}, {high}]")),
        None => percentiles(&scene.image, look.percentiles)?,
    };
    Ok((low, if high > low { high } else { low + 1.0 }))
}

fn percentiles(image: &[f32], [low, high]: [f64; 2]) -> Result<(f64, f64), String> {
    if low >= high {
        return Err(format!("percentiles must run from low to high, got [{low}, {high}]"));
    }
    // A million voxels tell the percentiles well enough for a picture; the same ones every time.
    let step = (image.len() / 1_000_000).max(1);
    let mut values: Vec<f32> = image.iter().step_by(step).copied().filter(|value| value.is_finite()).collect();
    values.sort_by(f32::total_cmp);
    let at = |percent: f64| match values.len() {
        0 => 0.0,
        n => f64::from(values[((n - 1) as f64 * percent / 100.0).round() as usize]),
    };
    Ok((at(low), at(high)))
}

impl Picture {
    fn set(&mut self, [row, column]: [usize; 2], rgb: [u8; 3]) {
        let at = 3 * (row * self.width + column);
        self.rgb[at..at + 3].copy_from_slice(&rgb);
    }

    /// The colour of a pixel.
    pub fn get(&self, [row, column]: [usize; 2]) -> [u8; 3] {
        let at = 3 * (row * self.width + column);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// Sizes beyond what PNG holds.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let size = |n: usize| u32::try_from(n).map_err(Error::item);
        let mut encoder = png::Encoder::new(&mut bytes, size(self.width)?, size(self.height)?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.rgb)?;
        writer.finish()?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2x2x2 mm voxels but 6 mm along z; one bright voxel at the right, front, top.
    fn scene() -> Scene {
        let mut image = vec![0.0; 3 * 4 * 5];
        image[(2 * 4 + 3) * 5 + 4] = 1.0;
        Scene { image, labels: None, truth: None, size_zyx: [3, 4, 5], spacing_zyx: [6.0, 2.0, 2.0] }
    }

    fn look(plane: Plane) -> Look {
        Look {
            planes: vec![plane],
            n_slices: 3,
            n_columns: 3,
            right_is_left: true,
            percentiles: [0.0, 100.0],
            window: None,
            size_px: 20,
        }
    }

    #[test]
    fn the_right_front_is_up_and_left_for_radiologists() {
        let mut look = look(Plane::Axial);
        let picture = render(&scene(), &look).unwrap();
        // 5x4 voxels of 2 mm: 20 by 16 pixels, three side by side.
        assert_eq!((picture.width, picture.height), (3 * 24 - 4, 16));
        assert_eq!((picture.get([0, 48]), picture.get([0, 67]), picture.get([15, 48])), ([255; 3], [0; 3], [0; 3]));
        look.right_is_left = false;
        let picture = render(&scene(), &look).unwrap();
        assert_eq!((picture.get([0, 48]), picture.get([0, 67])), ([0; 3], [255; 3]));
    }

    #[test]
    fn from_the_side_the_head_is_up_and_the_front_left() {
        let mut look = look(Plane::Sagittal);
        look.n_slices = 5;
        look.n_columns = 5;
        let picture = render(&scene(), &look).unwrap();
        // 18 mm high, 8 mm wide: 20 by 9 pixels.
        assert_eq!((picture.width, picture.height), (5 * 13 - 4, 20));
        assert_eq!((picture.get([0, 52]), picture.get([19, 52]), picture.get([0, 60])), ([255; 3], [0; 3], [0; 3]));
    }

    #[test]
    fn outlines_are_rims_in_the_label_colour() {
        let mut scene = scene();
        scene.image = vec![0.5; 60];
        let mut labels = vec![0; 60];
        for (y, x) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            labels[(4 + y) * 5 + x] = 2;
        }
        (scene.truth, scene.labels) = (Some(labels), None);
        let mut look = look(Plane::Axial);
        look.n_slices = 1;
        look.window = Some([0.0, 1.0]);
        let picture = render(&scene, &look).unwrap();
        let pale = colour(2).map(|value| 128 + value / 2);
        // Voxels 1 and 2 of five from the right edge: pixels 8 to 15; rows 4 to 11.
        assert_eq!(
            (picture.get([4, 8]), picture.get([11, 15]), picture.get([7, 11]), picture.get([3, 8])),
            (pale, pale, [128; 3], [128; 3])
        );
        scene.labels = scene.truth.take();
        assert_eq!(render(&scene, &look).unwrap().get([4, 8]), colour(2));
    }

    #[test]
    fn one_voxel_and_no_finite_value_can_be_shown() {
        let scene = Scene { image: vec![f32::NAN], labels: None, truth: None, size_zyx: [1; 3], spacing_zyx: [1.0; 3] };
        let picture = render(&scene, &look(Plane::Coronal)).unwrap();
        assert_eq!((picture.width, picture.height, picture.get([0, 0])), (20, 20, [0; 3]));
        assert_eq!(&picture.png().unwrap()[1..4], b"PNG");
    }

    #[test]
    fn windows_the_wrong_way_round_are_refused() {
        let mut look = look(Plane::Axial);
        look.window = Some([3.0, 3.0]);
        assert_eq!(render(&scene(), &look).unwrap_err(), "window must run from low to high, got [3, 3]");
        (look.window, look.percentiles) = (None, [50.0, 50.0]);
        assert_eq!(render(&scene(), &look).unwrap_err(), "percentiles must run from low to high, got [50, 50]");
    }
}
