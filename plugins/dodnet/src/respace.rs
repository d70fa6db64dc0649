//! Volumes at the spacing that a network was trained at.

use voxloom_imaging::resample::{AxisMap, Border, Interpolation, gaussian, nearest, resample};

/// The paper's spacing along z, y, x, in millimetres.
pub const MOTS_SPACING_MM: [f64; 3] = [1.5, 0.8, 0.8];

/// How sizes, borders and labels are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Sizes rounded, edge values go on beyond the border, labels by plain nearest neighbour.
    Plain,
    /// The authors' script: sizes truncated, zeros beyond an image's border, labels smoothed before their nearest
    /// neighbour is taken, results rounded to whole numbers.
    Compat,
    /// The authors' script for kidneys: as `Compat`, but mirrored at the border.
    CompatKidney,
}

impl Manner {
    fn borders(self) -> (Border, Border) {
        match self {
            Self::Plain => (Border::Edge, Border::Edge),
            Self::Compat => (Border::Constant(0.0), Border::Edge),
            Self::CompatKidney => (Border::Mirror, Border::Mirror),
        }
    }
}

/// Size at another spacing; `spacing` as the file has it, which for `Compat` is its float32.
pub fn new_size(shape: [usize; 3], spacing: [f64; 3], target: [f64; 3], manner: Manner) -> [usize; 3] {
    std::array::from_fn(|axis| {
        let plain = shape[axis] as f64 * spacing[axis] / target[axis];
        let stored = shape[axis] as f64 * f64::from(spacing[axis] as f32) / target[axis];
        (if manner == Manner::Plain { plain.round() } else { stored.trunc() }).max(1.0) as usize
    })
}

/// An image at another size: smoothed where an axis shrinks, then a cubic spline, within the image's range.
pub fn image(values: &[f64], shape: [usize; 3], size: [usize; 3], manner: Manner) -> Vec<f64> {
    let (border, _) = manner.borders();
    let smooth = smoothed(values, shape, size, border);
    let mut out = resample(&smooth, shape, &maps(shape, size), Interpolation::Cubic, border, 1);
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
    out.iter_mut().for_each(|value| *value = value.clamp(low, high));
    if manner != Manner::Plain {
        out.iter_mut().for_each(|value| *value = value.round_ties_even());
    }
    out
}

/// A label volume at another size.
pub fn label(values: &[f64], shape: [usize; 3], size: [usize; 3], manner: Manner) -> Vec<f64> {
    let (_, border) = manner.borders();
    if manner == Manner::Plain {
        return nearest(values, shape, &maps(shape, size), border, 0.0);
    }
    let smooth = smoothed(values, shape, size, border);
    let out = nearest(&smooth, shape, &maps(shape, size), Border::Edge, 0.0);
    out.into_iter().map(f64::round_ties_even).collect()
}

fn maps(shape: [usize; 3], size: [usize; 3]) -> [AxisMap; 3] {
    std::array::from_fn(|axis| AxisMap::zoom(shape[axis], size[axis]))
}

/// Against aliasing: `sigma = (factor - 1) / 2` along each axis that shrinks.
fn smoothed(values: &[f64], shape: [usize; 3], size: [usize; 3], border: Border) -> Vec<f64> {
    let sigma = std::array::from_fn(|axis| ((shape[axis] as f64 / size[axis] as f64 - 1.0) / 2.0).max(0.0));
    gaussian(values, shape, sigma, 4.0, border, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authors_truncate_what_float32_stored() {
        let size = |manner| new_size([16, 20, 20], [0.9, 0.8, 0.8], [0.8; 3], manner);
        assert_eq!((size(Manner::Compat), size(Manner::Plain)), ([17, 20, 20], [18, 20, 20]));
    }

    #[test]
    fn plain_labels_are_never_invented() {
        let values: Vec<f64> = (0..12).map(|i| if i < 8 { 0.0 } else { 2.0 }).collect();
        assert_eq!(label(&values, [1, 1, 12], [1, 1, 4], Manner::Plain), [0.0, 0.0, 0.0, 2.0]);
        // The authors smooth them: between 0 and 2 lies a rim of 1.
        assert_eq!(label(&values, [1, 1, 12], [1, 1, 4], Manner::Compat), [0.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn images_keep_their_range() {
        let values: Vec<f64> = (0..5 * 5 * 5).map(|i| if i % 2 == 0 { -1000.0 } else { 1000.0 }).collect();
        let out = image(&values, [5; 3], [9, 3, 5], Manner::Plain);
        assert_eq!(out.len(), 135);
        assert!(out.iter().all(|value| value.abs() <= 1000.0));
    }
}
