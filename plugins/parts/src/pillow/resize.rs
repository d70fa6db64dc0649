//! Another size: along rows, rounded to 8 bit, then along columns.

use super::{Filter, Plane};

/// Fraction bits of a weight.
const BITS: u32 = 22;

/// The picture in another size; a pass along an axis whose size stays is left out.
///
/// # Panics
/// A size of 0.
pub fn resize(plane: &Plane, height: usize, width: usize, filter: Filter) -> Plane {
    assert!(height > 0 && width > 0 && plane.height > 0 && plane.width > 0, "a picture has at least one pixel");
    if filter == Filter::Nearest {
        return nearest(plane, height, width);
    }
    let mut now = plane.clone();
    if width != now.width {
        let taps = taps(now.width, width, filter);
        let rows = now.values.chunks(now.width).flat_map(|row| taps.iter().map(|tap| tap.of(|j| row[j])).collect::<Vec<u8>>());
        now = Plane { height: now.height, width, values: rows.collect() };
    }
    if height != now.height {
        let taps = taps(now.height, height, filter);
        let at = |tap: &Tap, x: usize| tap.of(|j| now.values[j * width + x]);
        let values = taps.iter().flat_map(|tap| (0..width).map(move |x| at(tap, x))).collect();
        now = Plane { height, width, values };
    }
    now
}

fn nearest(plane: &Plane, height: usize, width: usize) -> Plane {
    let source = |i: usize, from: usize, to: usize| (((i as f64 + 0.5) * (from as f64 / to as f64)) as usize).min(from - 1);
    let columns: Vec<usize> = (0..width).map(|x| source(x, plane.width, width)).collect();
    let row = |y: usize| &plane.values[source(y, plane.height, height) * plane.width..][..plane.width];
    Plane { height, width, values: (0..height).flat_map(|y| columns.iter().map(move |&x| row(y)[x])).collect() }
}

/// The pixels and whole-numbered weights of one result.
struct Tap {
    first: usize,
    weights: Vec<i64>,
}

impl Tap {
    fn of(&self, value: impl Fn(usize) -> u8) -> u8 {
        let sum: i64 = self.weights.iter().enumerate().map(|(j, weight)| weight * i64::from(value(self.first + j))).sum();
        ((sum + (1 << (BITS - 1))) >> BITS).clamp(0, 255) as u8
    }
}

fn taps(from: usize, to: usize, filter: Filter) -> Vec<Tap> {
    let scale = from as f64 / to as f64;
    let wide = scale.max(1.0);
    let support = wide * if filter == Filter::Bicubic { 2.0 } else { 1.0 };
    let weight = |t: f64| match filter {
        Filter::Bicubic => cubic(t),
        _ => (1.0 - t.abs()).max(0.0),
    };
    (0..to)
        .map(|i| {
            let centre = (i as f64 + 0.5) * scale;
            let first = (centre - support + 0.5).max(0.0) as usize;
            let last = (centre + support + 0.5).min(from as f64) as usize;
            let weights: Vec<f64> = (first..last).map(|j| weight((j as f64 - centre + 0.5) / wide)).collect();
            let sum: f64 = weights.iter().sum();
            // `round` is half away from zero, as Pillow rounds.
            Tap { first, weights: weights.iter().map(|w| (w / sum * f64::from(1u32 << BITS)).round() as i64).collect() }
        })
        .collect()
}

/// Keys' cubic, a = -0.5.
fn cubic(t: f64) -> f64 {
    const A: f64 = -0.5;
    let t = t.abs();
    if t < 1.0 {
        ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0
    } else if t < 2.0 {
        (((t - 5.0) * t + 8.0) * t - 4.0) * A
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(height: usize, width: usize) -> Plane {
        Plane { height, width, values: (0..height * width).map(|i| (i * 37 % 256) as u8).collect() }
    }

    #[test]
    fn constant_pictures_stay_and_the_same_size_is_a_copy() {
        let flat = Plane { height: 3, width: 4, values: vec![77; 12] };
        for filter in [Filter::Nearest, Filter::Bilinear, Filter::Bicubic] {
            assert!(resize(&flat, 7, 9, filter).values.iter().all(|&value| value == 77));
            assert!(resize(&flat, 1, 2, filter).values.iter().all(|&value| value == 77));
            assert_eq!(resize(&ramp(5, 6), 5, 6, filter), ramp(5, 6));
        }
    }

    #[test]
    fn halving_bilinearly_weighs_four_pixels() {
        // Weights 1, 3, 3, 1 of 8 inside, and the outer pixel left out at the border: (3·0 + 3·80 + 1·160) / 7.
        let row = Plane { height: 1, width: 4, values: vec![0, 80, 160, 240] };
        assert_eq!(resize(&row, 1, 2, Filter::Bilinear).values, [57, 183]);
    }

    #[test]
    fn nearest_takes_the_pixel_under_the_centre() {
        let row = Plane { height: 1, width: 4, values: vec![1, 2, 3, 4] };
        assert_eq!(resize(&row, 1, 2, Filter::Nearest).values, [2, 4]);
        assert_eq!(resize(&row, 2, 8, Filter::Nearest).values[..8], [1, 1, 2, 2, 3, 3, 4, 4]);
    }
}
