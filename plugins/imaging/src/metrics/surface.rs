//! Distances between the surfaces of two masks: Hausdorff percentiles and averages.

use super::edt::squared_distances;

/// HD95 that DoDNet's published evaluation gives when exactly one mask is empty: the diagonal of a 240 x 240 x 155 image.
pub const OFFICIAL_ONE_EMPTY: f64 = 373.128_66;

/// Distances from each surface voxel of one mask to the other's surface, both ways.
///
/// The surface is the mask minus its erosion by the 6-neighbourhood cross; outside the volume is background, so that
/// mask voxels at the border are surface. Distances are exact, between voxel centres.
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceDistances {
    pub from_prediction: Vec<f64>,
    pub from_reference: Vec<f64>,
}

impl SurfaceDistances {
    /// `None` where a mask is empty and the other is not: there is nothing to measure to. Two empty masks have no distances.
    ///
    /// # Shapes
    /// - in: both masks `shape`, `spacing` per axis of it
    pub fn measure(prediction: &[bool], reference: &[bool], shape: [usize; 3], spacing: [f64; 3]) -> Option<Self> {
        let boxes = (bounding_box(prediction, shape), bounding_box(reference, shape));
        let (a, b) = match boxes {
            (None, None) => return Some(Self { from_prediction: Vec::new(), from_reference: Vec::new() }),
            (Some(a), Some(b)) => (a, b),
            _ => return None,
        };
        let low: [usize; 3] = std::array::from_fn(|axis| a[axis].0.min(b[axis].0));
        let size: [usize; 3] = std::array::from_fn(|axis| a[axis].1.max(b[axis].1) - low[axis]);
        let prediction = surface(&cut(prediction, shape, low, size), size);
        let reference = surface(&cut(reference, shape, low, size), size);
        Some(Self {
            from_prediction: distances(&prediction, &reference, size, spacing),
            from_reference: distances(&reference, &prediction, size, spacing),
        })
    }

    /// Percentile of both sets together, linear between ranks (rank `q (n - 1)`), as medpy's `hd95`; 0 for two empty masks.
    pub fn percentile(&self, q: f64) -> f64 {
        let mut all = [self.from_prediction.as_slice(), &self.from_reference].concat();
        percentile(&mut all, q)
    }

    /// The larger of the two directed percentiles, as Metrics Reloaded (Maier-Hein et al., Nature Methods 21, 2024) defines HD95.
    pub fn percentile_max(&self, q: f64) -> f64 {
        percentile(&mut self.from_prediction.clone(), q).max(percentile(&mut self.from_reference.clone(), q))
    }

    /// Average symmetric surface distance (ASSD): the mean of both sets together (T. Heimann et al., IEEE Trans. Medical
    /// Imaging 28, 2009; medpy 0.5 `assd`); 0 for two empty masks.
    pub fn assd(&self) -> f64 {
        let n = self.from_prediction.len() + self.from_reference.len();
        let sum: f64 = self.from_prediction.iter().chain(&self.from_reference).sum();
        if n == 0 { 0.0 } else { sum / n as f64 }
    }

    /// Mean average surface distance (MASD): the mean of the two directed means (Maier-Hein et al. 2024).
    pub fn masd(&self) -> f64 {
        let mean = |set: &[f64]| if set.is_empty() { 0.0 } else { set.iter().sum::<f64>() / set.len() as f64 };
        0.5 * (mean(&self.from_prediction) + mean(&self.from_reference))
    }
}

/// HD95 in voxels as DoDNet's published evaluation computes it: unit spacing, both sets together, [`OFFICIAL_ONE_EMPTY`]
/// when one mask is empty, 0 when both are.
pub fn hd95_official(prediction: &[bool], reference: &[bool], shape: [usize; 3]) -> f64 {
    SurfaceDistances::measure(prediction, reference, shape, [1.0; 3])
        .map_or(OFFICIAL_ONE_EMPTY, |distances| distances.percentile(0.95))
}

/// Voxels of the mask that have a face neighbour outside of it (or outside the volume).
pub fn surface(mask: &[bool], [d, h, w]: [usize; 3]) -> Vec<bool> {
    let mut surface = vec![false; mask.len()];
    for z in 0..d {
        for y in 0..h {
            let row = (z * h + y) * w;
            let rim = z == 0 || z + 1 == d || y == 0 || y + 1 == h;
            for x in 0..w {
                let i = row + x;
                surface[i] = mask[i]
                    && (rim
                        || x == 0
                        || x + 1 == w
                        || !(mask[i - 1] && mask[i + 1] && mask[i - w] && mask[i + w] && mask[i - h * w] && mask[i + h * w]));
            }
        }
    }
    surface
}

/// First and one-past-last index of the mask along each axis; `None` when it is empty.
pub fn bounding_box(mask: &[bool], [_, h, w]: [usize; 3]) -> Option<[(usize, usize); 3]> {
    let mut found: Option<[(usize, usize); 3]> = None;
    for (row, voxels) in mask.chunks(w.max(1)).enumerate() {
        let Some(first) = voxels.iter().position(|&inside| inside) else { continue };
        let last = voxels.iter().rposition(|&inside| inside).unwrap_or(first);
        let here = [(row / h, row / h + 1), (row % h, row % h + 1), (first, last + 1)];
        found = Some(match found {
            None => here,
            Some(old) => std::array::from_fn(|axis| (old[axis].0.min(here[axis].0), old[axis].1.max(here[axis].1))),
        });
    }
    found
}

fn cut(mask: &[bool], [_, h, w]: [usize; 3], low: [usize; 3], size: [usize; 3]) -> Vec<bool> {
    let mut out = Vec::with_capacity(size.iter().product());
    for z in low[0]..low[0] + size[0] {
        for y in low[1]..low[1] + size[1] {
            let row = (z * h + y) * w + low[2];
            out.extend_from_slice(&mask[row..row + size[2]]);
        }
    }
    out
}

fn distances(from: &[bool], to: &[bool], shape: [usize; 3], spacing: [f64; 3]) -> Vec<f64> {
    let field = squared_distances(to, shape, spacing);
    from.iter().zip(field).filter(|(from, _)| **from).map(|(_, squared)| squared.sqrt()).collect()
}

fn percentile(values: &mut [f64], q: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable_by(f64::total_cmp);
    let rank = q * (values.len() - 1) as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + (values[above] - values[below]) * (rank - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuboid(shape: [usize; 3], low: [usize; 3], high: [usize; 3]) -> Vec<bool> {
        (0..shape.iter().product())
            .map(|i: usize| {
                let at = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
                (0..3).all(|axis| (low[axis]..high[axis]).contains(&at[axis]))
            })
            .collect()
    }

    #[test]
    fn a_shift_is_the_distance() {
        let shape = [9, 9, 9];
        let a = cuboid(shape, [2, 2, 2], [5, 5, 5]);
        let b = cuboid(shape, [4, 2, 2], [7, 5, 5]);
        let distances = SurfaceDistances::measure(&a, &b, shape, [3.0, 1.0, 1.0]).expect("both have voxels");
        assert_eq!(distances.percentile(1.0), 6.0);
        assert_eq!(distances.percentile_max(1.0), 6.0);
        assert_eq!(SurfaceDistances::measure(&a, &a, shape, [1.0; 3]).expect("both have voxels").assd(), 0.0);
    }

    #[test]
    fn a_full_volume_has_its_rim_as_surface() {
        let surface = surface(&[true; 27], [3, 3, 3]);
        assert_eq!(surface.iter().filter(|&&s| s).count(), 26);
    }

    #[test]
    fn empty_masks_are_told_apart() {
        let shape = [6, 6, 6];
        let (none, some) = (vec![false; 216], cuboid(shape, [1, 1, 1], [4, 4, 4]));
        assert!(SurfaceDistances::measure(&none, &some, shape, [1.0; 3]).is_none());
        assert_eq!(hd95_official(&none, &none, shape), 0.0);
        assert_eq!(hd95_official(&some, &none, shape), OFFICIAL_ONE_EMPTY);
        assert_eq!(hd95_official(&none, &some, shape), OFFICIAL_ONE_EMPTY);
    }

    #[test]
    fn one_voxel_each() {
        let mut a = vec![false; 60];
        let mut b = a.clone();
        a[0] = true;
        b[59] = true;
        let distances = SurfaceDistances::measure(&a, &b, [3, 4, 5], [1.0; 3]).expect("both have voxels");
        assert_eq!(distances.assd(), (4.0f64 + 9.0 + 16.0).sqrt());
        assert_eq!(distances.masd(), distances.assd());
    }
}
