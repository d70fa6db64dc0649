//! Grey, brightness, contrast, saturation.

use super::Picture;

/// `a + factor (b - a)`, cut off after the point: Pillow's blend, in float32 as there.
fn blend(a: u8, b: u8, factor: f32) -> u8 {
    let value = f32::from(a) + factor * (f32::from(b) - f32::from(a));
    // `as` cuts off after the point and holds to 0 to 255.
    value as u8
}

/// Luma of ITU-R 601 in 16-bit fixed point.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b) + 32_768) >> 16) as u8
}

/// Every channel the luma.
pub fn grey(picture: &Picture) -> Picture {
    if picture.is_grey() { picture.clone() } else { picture.pixels(|pixel| [luma(pixel); 3]) }
}

/// Away from black by a factor.
pub fn brightness(picture: &Picture, factor: f64) -> Picture {
    each(picture, |value| blend(0, value, factor as f32))
}

/// Away from the mean luma, rounded, by a factor.
pub fn contrast(picture: &Picture, factor: f64) -> Picture {
    let count = picture.height() * picture.width();
    let sum: u64 = (0..count).map(|i| u64::from(luma(std::array::from_fn(|channel| picture.channel(channel)[i])))).sum();
    let mean = (sum as f64 / count as f64 + 0.5) as u8;
    each(picture, |value| blend(mean, value, factor as f32))
}

/// Away from the pixel's luma by a factor.
pub fn saturation(picture: &Picture, factor: f64) -> Picture {
    if picture.is_grey() {
        return picture.clone();
    }
    picture.pixels(|pixel| pixel.map(|value| blend(luma(pixel), value, factor as f32)))
}

/// Each value through a table of 256.
fn each(picture: &Picture, change: impl Fn(u8) -> u8) -> Picture {
    let table: [u8; 256] = std::array::from_fn(|value| change(value as u8));
    let mut out = picture.clone();
    out.0.iter_mut().flat_map(|plane| &mut plane.values).for_each(|value| *value = table[usize::from(*value)]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blend_is_cut_off_and_held_in_range() {
        assert_eq!([blend(0, 101, 1.25), blend(0, 250, 1.25), blend(200, 10, 1.2)], [126, 255, 0]);
    }

    #[test]
    fn equal_channels_are_their_own_luma() {
        (0..=255).for_each(|value| assert_eq!(luma([value; 3]), value));
    }
}
