//! Turned about the centre, in the same size.

use super::{Filter, Plane};

/// The picture turned counter-clockwise by `degrees`; what lies outside is 0. Bilinear is taken as bicubic.
///
/// Bicubic values are cut to 0..255 and truncated, as Pillow does after rotations (and not after sizes).
pub fn rotate(plane: &Plane, degrees: f64, filter: Filter) -> Plane {
    if degrees % 360.0 == 0.0 {
        return plane.clone();
    }
    let angle = -degrees.to_radians();
    // Pillow rounds them so that right angles are exact.
    let [cos, sin] = [angle.cos(), angle.sin()].map(|value| (value * 1e15).round() / 1e15);
    let (h, w) = (plane.height as f64, plane.width as f64);
    let value = |y: usize, x: usize| {
        let (dx, dy) = (x as f64 + 0.5 - w / 2.0, y as f64 + 0.5 - h / 2.0);
        let (xs, ys) = (cos * dx + sin * dy + w / 2.0, -sin * dx + cos * dy + h / 2.0);
        if !(0.0..w).contains(&xs) || !(0.0..h).contains(&ys) {
            return 0;
        }
        match filter {
            Filter::Nearest => plane.values[ys as usize * plane.width + xs as usize],
            _ => bicubic(plane, ys - 0.5, xs - 0.5),
        }
    };
    let values = (0..plane.height).flat_map(|y| (0..plane.width).map(move |x| (y, x))).map(|(y, x)| value(y, x)).collect();
    Plane { values, ..*plane }
}

fn bicubic(plane: &Plane, y: f64, x: f64) -> u8 {
    let inside = |i: f64, n: usize| (i as i64).clamp(0, n as i64 - 1) as usize;
    let (fy, fx) = (y.floor(), x.floor());
    let line = |row: usize| {
        let pixel = |k: i32| f64::from(plane.values[row * plane.width + inside(fx + f64::from(k), plane.width)]);
        between([pixel(-1), pixel(0), pixel(1), pixel(2)], x - fx)
    };
    let rows = [-1, 0, 1, 2].map(|k| line(inside(fy + f64::from(k), plane.height)));
    between(rows, y - fy).clamp(0.0, 255.0) as u8
}

/// Keys' cubic with a = -1, at `d` between the two middle values; in Pillow's order of operations, since the result is truncated.
fn between([a, b, c, e]: [f64; 4], d: f64) -> f64 {
    b + d * ((c - a) + d * ((2.0 * (a - b) + c - e) + d * (b - a - c + e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Plane {
        Plane { height: 3, width: 3, values: vec![1, 2, 3, 4, 5, 6, 7, 8, 9] }
    }

    #[test]
    fn a_right_angle_moves_pixels_counter_clockwise() {
        let turned = [3, 6, 9, 2, 5, 8, 1, 4, 7];
        assert_eq!(rotate(&square(), 90.0, Filter::Nearest).values, turned);
        assert_eq!(rotate(&square(), 90.0, Filter::Bicubic).values, turned);
        assert_eq!(rotate(&square(), 0.0, Filter::Bicubic), square());
    }

    #[test]
    fn what_comes_from_outside_is_0() {
        let flat = Plane { height: 8, width: 8, values: vec![200; 64] };
        let turned = rotate(&flat, 45.0, Filter::Bicubic).values;
        assert_eq!((turned[0], turned[8 * 4 + 4]), (0, 200));
    }
}
