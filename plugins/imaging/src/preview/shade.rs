//! From values to colours.

use super::{Look, Scene};

/// Values shown black and white. A volume of one value is shown black.
pub(super) fn grey_range(scene: &Scene, look: &Look) -> Result<(f64, f64), String> {
    let (low, high) = match look.window {
        Some([low, high]) if low < high => (low, high),
        Some([low, high]) => return Err(format!("window must run from low to high, got [{low}, {high}]")),
        None => match scene.whole {
            // Colours are shown as they are.
            Some(range) => range,
            None => percentiles(&scene.image, look.percentiles)?,
        },
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

/// Values of a map that are shown black and white-hot.
///
/// # Errors
/// A range whose ends are the wrong way round.
pub(super) fn map_range(map: &[f32], wanted: Option<[f64; 2]>) -> Result<(f64, f64), String> {
    let (low, high) = match wanted {
        Some([low, high]) if low < high => (low, high),
        Some([low, high]) => return Err(format!("map_range must run from low to high, got [{low}, {high}]")),
        None => {
            let finite = map.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value));
            finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        }
    };
    let low = if low.is_finite() { low } else { 0.0 };
    Ok((low, if high > low { high } else { low + 1.0 }))
}

/// A value as grey; what is no number is black.
pub(super) fn grey(value: f32, (low, high): (f64, f64)) -> u8 {
    let grey = ((f64::from(value) - low) / (high - low) * 255.0).clamp(0.0, 255.0);
    if grey.is_nan() { 0 } else { grey.round() as u8 }
}

/// A value as heat: black, red, yellow, white.
pub(super) fn heat(value: f32, range: (f64, f64)) -> [u8; 3] {
    let level = 3 * u16::from(grey(value, range));
    [0, 255, 510].map(|start| level.saturating_sub(start).min(255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_goes_from_black_over_red_and_yellow_to_white() {
        let range = map_range(&[0.0, f32::NAN, 3.0], None).unwrap();
        assert_eq!(range, (0.0, 3.0));
        assert_eq!(
            [0.0, 1.0, 2.0, 3.0, f32::NAN].map(|value| heat(value, range)),
            [[0; 3], [255, 0, 0], [255, 255, 0], [255; 3], [0; 3]]
        );
        assert_eq!(map_range(&[2.0], None).unwrap(), (2.0, 3.0));
        assert_eq!(map_range(&[f32::NAN], None).unwrap(), (0.0, 1.0));
        assert_eq!(map_range(&[], Some([1.0, 1.0])).unwrap_err(), "map_range must run from low to high, got [1, 1]");
    }
}
