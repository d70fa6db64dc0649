//! Hue, by way of Pillow's 8-bit HSV.

use super::Picture;

/// Moves the hue by `shift` of the whole circle.
pub fn hue(picture: &Picture, shift: f64) -> Picture {
    if picture.is_grey() {
        return picture.clone();
    }
    // To an integer towards 0, then modulo 256.
    let by = (shift * 255.0) as i32 as u8;
    picture.pixels(|pixel| {
        let [h, s, v] = to_hsv(pixel);
        to_rgb([h.wrapping_add(by), s, v])
    })
}

fn to_hsv([r, g, b]: [u8; 3]) -> [u8; 3] {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    if most == least {
        return [0, 0, most];
    }
    let span = f32::from(most - least);
    let part = |value: u8| f32::from(most - value) / span;
    let (rc, gc, bc) = (part(r), part(g), part(b));
    let sector = if r == most {
        bc - gc
    } else if g == most {
        2.0 + rc - bc
    } else {
        4.0 + gc - rc
    };
    let turn = (f64::from(sector) / 6.0 + 1.0).fract() as f32;
    [(f64::from(turn) * 255.0) as u8, (f64::from(span / f32::from(most)) * 255.0) as u8, most]
}

fn to_rgb([h, s, v]: [u8; 3]) -> [u8; 3] {
    if s == 0 {
        return [v; 3];
    }
    let place = f64::from(h) * 6.0 / 255.0;
    let (sextant, part) = (place.floor(), place.fract());
    let (value, strength) = (f64::from(v), f64::from(s) / 255.0);
    let level = |by: f64| (value * (1.0 - strength * by)).round() as u8;
    let (p, q, t) = (level(1.0), level(part), level(1.0 - part));
    match sextant as u8 % 6 {
        0 => [v, t, p],
        1 => [q, v, p],
        2 => [p, v, t],
        3 => [p, q, v],
        4 => [t, p, v],
        _ => [v, p, q],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pure_colours_have_their_sextants() {
        let turn = |pixel| to_hsv(pixel)[0];
        assert_eq!([turn([255, 0, 0]), turn([0, 255, 0]), turn([0, 0, 255])], [0, 85, 170]);
        assert_eq!(to_rgb([85, 255, 200]), [0, 200, 0]);
        assert_eq!(to_hsv([7, 7, 7]), [0, 0, 7]);
    }
}
