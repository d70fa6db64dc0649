//! From an upright volume to pixels. Knows no engine and no files.

use super::Picture;
use super::shade::{grey_range, map_range};
use super::slice::Slice;
use voxloom_sdk::Choice;

/// A plane through the body.
#[derive(Clone, Copy, Choice, Debug, PartialEq, Eq)]
pub enum Plane {
    Axial,
    Coronal,
    Sagittal,
}

impl Plane {
    /// All of them, as `planes` shows them.
    pub const ALL: [Self; 3] = [Self::Axial, Self::Coronal, Self::Sagittal];

    /// The axis across it: 0 is z.
    pub fn normal(self) -> usize {
        match self {
            Self::Axial => 0,
            Self::Coronal => 1,
            Self::Sagittal => 2,
        }
    }
}

/// What is shown: an upright (RAS) volume, x fastest.
pub struct Scene {
    /// Grey, or red, green and blue, plane after plane.
    pub image: Vec<f32>,
    /// What is black and white where no window says so; without it percentiles do.
    pub whole: Option<(f64, f64)>,
    /// Outlined in strong colours, later ones above.
    pub labels: Vec<Vec<i64>>,
    /// Outlined in pale colours, beneath.
    pub truth: Vec<Vec<i64>>,
    /// Shown as heat beside the picture.
    pub map: Option<Vec<f32>>,
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
    /// What is black and white-hot in the map.
    pub map_range: Option<[f64; 2]>,
    pub size_px: usize,
}

/// Pixels between slices.
const GAP: usize = 4;

/// Draws all slices.
///
/// # Errors
/// A volume without voxels, or a window whose ends are the wrong way round.
pub fn render(scene: &Scene, look: &Look) -> Result<Picture, String> {
    let n: usize = scene.size_zyx.iter().product();
    if n == 0 || (scene.image.len() != n && scene.image.len() != 3 * n) {
        return Err(format!("cannot show {} voxels of a volume of {:?}", scene.image.len(), scene.size_zyx));
    }
    let range = grey_range(scene, look)?;
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
    let map = scene.map.as_deref().map(|map| map_range(map, look.map_range).map(|range| (map, range))).transpose()?;
    let mut picture = Picture::black(if map.is_some() { 2 * width + GAP } else { width }, height);
    for (n, (slice, size)) in slices.iter().zip(sizes).enumerate() {
        let (row, column) = (n / n_columns, n % n_columns);
        let margin = [(heights[row] - size[0]) / 2, (widths[column] - size[1]) / 2];
        let corner = [along(&heights[..row]) + margin[0], along(&widths[..column]) + margin[1]];
        slice.draw(&mut picture, corner, size, range);
        if let Some((map, range)) = map {
            slice.draw_map(&mut picture, [corner[0], corner[1] + width + GAP], size, map, range);
        }
    }
    Ok(picture)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::palette::colour;

    /// 2x2x2 mm voxels but 6 mm along z; one bright voxel at the right, front, top.
    fn scene() -> Scene {
        let mut image = vec![0.0; 3 * 4 * 5];
        image[(2 * 4 + 3) * 5 + 4] = 1.0;
        Scene { image, whole: None, labels: vec![], truth: vec![], map: None, size_zyx: [3, 4, 5], spacing_zyx: [6.0, 2.0, 2.0] }
    }

    fn look(plane: Plane) -> Look {
        Look {
            planes: vec![plane],
            n_slices: 3,
            n_columns: 3,
            right_is_left: true,
            percentiles: [0.0, 100.0],
            window: None,
            map_range: None,
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
        scene.truth = vec![labels];
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
        scene.labels = std::mem::take(&mut scene.truth);
        assert_eq!(render(&scene, &look).unwrap().get([4, 8]), colour(2));
    }

    #[test]
    fn one_voxel_and_no_finite_value_can_be_shown() {
        let scene = Scene {
            image: vec![f32::NAN],
            whole: None,
            labels: vec![],
            truth: vec![],
            map: None,
            size_zyx: [1; 3],
            spacing_zyx: [1.0; 3],
        };
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

    #[test]
    fn colours_are_shown_as_they_are() {
        let image = [10.0, 20.0, 30.0].iter().flat_map(|&value| [value; 60]).collect();
        let colours = Scene { image, whole: Some((0.0, 255.0)), ..scene() };
        let picture = render(&colours, &look(Plane::Axial)).unwrap();
        assert_eq!(picture.get([3, 3]), [10, 20, 30]);
    }

    #[test]
    fn a_map_lies_beside_the_picture_and_changes_nothing_of_it() {
        let mut map = vec![0.0; 60];
        map[(2 * 4 + 3) * 5 + 4] = 1.0;
        let alone = render(&scene(), &look(Plane::Axial)).unwrap();
        let both = render(&Scene { map: Some(map), ..scene() }, &look(Plane::Axial)).unwrap();
        assert_eq!((both.width, both.height), (2 * alone.width + 4, alone.height));
        for (row, column) in (0..alone.height).flat_map(|row| (0..alone.width).map(move |column| (row, column))) {
            assert_eq!(both.get([row, column]), alone.get([row, column]));
        }
        // The bright voxel of the last slice, as in the picture.
        assert_eq!((both.get([0, alone.width + 4 + 48]), both.get([15, alone.width + 4 + 48])), ([255; 3], [0; 3]));
    }

    #[test]
    fn layers_are_outlined_each_in_its_colour() {
        let mut scene = scene();
        scene.image = vec![0.5; 60];
        let layer = |at: usize, label: i64| (0..60).map(|n| if n == at { label } else { 0 }).collect::<Vec<i64>>();
        scene.labels = vec![layer(20, 1), layer(24, 2), layer(24, 3)];
        let mut look = look(Plane::Axial);
        (look.n_slices, look.right_is_left) = (1, false);
        let picture = render(&scene, &look).unwrap();
        // Voxels 0 and 4 of the lowest row; the later of two layers lies above.
        assert_eq!((picture.get([15, 0]), picture.get([15, 19])), (colour(1), colour(3)));
    }
}
