//! Pillow's Gaussian blur: three box passes along each axis.

use super::Picture;
use voxloom_parts::pillow::Plane;

/// Bits behind the point of Pillow's weights.
const BITS: u32 = 24;
const PASSES: usize = 3;

/// Blurs with the boxes whose variance is that of a Gaussian of `sigma` pixels; the border's values go on.
///
/// It differs from a true Gaussian by up to 9 levels, and so did what the authors' networks saw.
pub fn gaussian_blur(picture: &Picture, sigma: f64) -> Picture {
    let radius = box_radius(sigma as f32);
    if radius <= 0.0 {
        return picture.clone();
    }
    picture.planes(|plane| {
        let across = boxes(plane, radius);
        transposed(&boxes(&transposed(&across), radius))
    })
}

/// Radius of one of the boxes, in float32 as Pillow's; it has a part behind the point.
fn box_radius(sigma: f32) -> f32 {
    let variance = f64::from(sigma * sigma / PASSES as f32);
    let length = (12.0 * variance + 1.0).sqrt();
    let whole = ((length - 1.0) / 2.0).floor();
    let part = (2.0 * whole + 1.0) * (whole * (whole + 1.0) - 3.0 * variance);
    (whole + part / (6.0 * (variance - (whole + 1.0) * (whole + 1.0)))) as f32
}

/// Three box passes along the rows, each rounded to 8 bit.
fn boxes(plane: &Plane, radius: f32) -> Plane {
    let reach = radius as usize;
    let weight = ((1u32 << BITS) as f32 / (radius * 2.0 + 1.0)) as u32;
    let far = ((1u32 << BITS) - (reach as u32 * 2 + 1) * weight) / 2;
    let mut values = plane.values.clone();
    let mut row = vec![0u8; plane.width];
    for line in values.chunks_exact_mut(plane.width) {
        for _ in 0..PASSES {
            pass(line, &mut row, reach, weight, far);
            line.copy_from_slice(&row);
        }
    }
    Plane { height: plane.height, width: plane.width, values }
}

/// Weight `weight` up to `reach` on either side, `far` one beyond.
fn pass(line: &[u8], out: &mut [u8], reach: usize, weight: u32, far: u32) {
    let last = line.len() as i64 - 1;
    let at = |i: i64| u32::from(line[i.clamp(0, last) as usize]);
    let reach = reach as i64;
    let mut sum: u32 = (-reach - 1..reach).map(at).sum();
    for (x, out) in (0..).zip(out) {
        sum = sum + at(x + reach) - at(x - reach - 1);
        let total = sum * weight + (at(x - reach - 1) + at(x + reach + 1)) * far;
        *out = ((total + (1 << (BITS - 1))) >> BITS) as u8;
    }
}

fn transposed(plane: &Plane) -> Plane {
    let (height, width) = (plane.width, plane.height);
    let value = |i: usize| plane.values[i % width * plane.width + i / width];
    Plane { height, width, values: (0..height * width).map(value).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_stays_and_a_radius_grows_with_sigma() {
        let mut line = [9u8; 5];
        pass(&[9; 5], &mut line, 1, (1 << BITS) / 4, ((1 << BITS) - 3 * ((1 << BITS) / 4)) / 2);
        assert_eq!(line, [9; 5]);
        assert!(box_radius(0.5) < box_radius(1.0) && box_radius(1.0) < box_radius(2.0));
        // A box of radius r has the variance ((2r + 1)² - 1) / 12: three of them that of sigma where r is whole.
        assert!((box_radius(2f32.sqrt()) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn one_bright_row_spreads_along_both_axes() {
        let mut values = vec![0u8; 49];
        values[24] = 255;
        let out = transposed(&boxes(&transposed(&boxes(&Plane { height: 7, width: 7, values }, 1.0)), 1.0));
        assert_eq!(out.values, transposed(&out).values, "the same along rows and columns");
        assert!(out.values[24] > out.values[25] && out.values[25] > out.values[26]);
    }
}
