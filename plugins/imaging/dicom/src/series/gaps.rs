//! Whether the steps between slices are one step: duplicates and gaps are named.

use super::choose::{MARKS, values};
use super::head::Head;
use super::stack::few;

/// A step may differ from the median one by this part: positions are rounded to 0.1 mm by some.
const LOOSE: f64 = 0.1;

/// Checks depths along the normal, in order.
///
/// # Errors
/// Two slices at one depth, missing slices, or steps of no one size; the text names the slices.
pub fn check(heads: &[Head], slices: &[(usize, usize)], depths: &[f64]) -> Result<(), String> {
    let name = |index: usize| heads[slices[index].0].name(slices[index].1);
    let steps: Vec<f64> = depths.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let median = median(steps.iter().copied().filter(|step| *step > SAME_PLACE));
    let double: Vec<usize> = (0..steps.len()).filter(|index| steps[*index] <= SAME_PLACE.max(median * LOOSE)).collect();
    if let Some(first) = double.first() {
        let pairs: Vec<String> = double.iter().map(|index| format!("{} and {}", name(*index), name(index + 1))).collect();
        let hint = apart(heads, slices, *first);
        return Err(format!("{} pairs of slices lie at one place: {}{hint}", pairs.len(), few(&pairs)));
    }
    let wide: Vec<usize> = (0..steps.len()).filter(|index| steps[*index] > median * (1.0 + LOOSE)).collect();
    let narrow: Vec<usize> = (0..steps.len()).filter(|index| steps[*index] < median * (1.0 - LOOSE)).collect();
    let place = |index: &usize| {
        let missing = (steps[*index] / median).round() as usize - 1;
        format!(
            "{missing} between {} and {} ({:.2} to {:.2} mm)",
            name(*index),
            name(index + 1),
            depths[*index],
            depths[index + 1]
        )
    };
    let whole = |index: &usize| {
        let times = steps[*index] / median;
        times.round() >= 2.0 && (times - times.round()).abs() < LOOSE * times.round()
    };
    if !wide.is_empty() && narrow.is_empty() && wide.iter().all(whole) {
        let places: Vec<String> = wide.iter().map(place).collect();
        return Err(format!("slices are missing where {median:.2} mm is the step: {}", few(&places)));
    }
    if let Some(index) = wide.iter().chain(&narrow).min() {
        return Err(format!(
            "the steps between slices differ: {:.2} mm between {} and {}, while {median:.2} mm is the median; \
             resample the series to one step first",
            steps[*index],
            name(*index),
            name(index + 1)
        ));
    }
    drift(depths, median).map_err(|index| format!("the steps between slices grow along the stack; {} is off a grid", name(index)))
}

/// Nearer than this, in millimetres, two slices lie at one place.
const SAME_PLACE: f64 = 1e-3;

fn median(steps: impl Iterator<Item = f64>) -> f64 {
    let mut steps: Vec<f64> = steps.collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or_default()
}

/// Small deviations must not add up to a quarter of a step.
fn drift(depths: &[f64], median: f64) -> Result<(), usize> {
    let n = depths.len() as f64 - 1.0;
    let step = (depths[depths.len() - 1] - depths[0]) / n;
    let off = |index: usize| (depths[index] - depths[0] - index as f64 * step).abs();
    (0..depths.len()).find(|index| off(*index) > 0.25 * median).map_or(Ok(()), Err)
}

/// What tells a slice and the next one apart, as a hint, with all values there are to choose from.
fn apart(heads: &[Head], slices: &[(usize, usize)], first: usize) -> String {
    let frame = |(head, frame): (usize, usize)| &heads[head].frames[frame];
    let (a, b) = (slices[first], slices[first + 1]);
    if heads[a.0].instance_uid == heads[b.0].instance_uid && a.1 == b.1 {
        return "; they are the same instance twice: keep one".into();
    }
    let pair = |name: &&&str| values([a, b].map(frame).into_iter(), name).len() > 1;
    let Some(name) = MARKS.iter().find(pair) else { return String::new() };
    let all = values(slices.iter().map(|slice| frame(*slice)), name);
    let shown: Vec<String> = all.iter().map(|value| if value.is_empty() { "none".into() } else { value.clone() }).collect();
    let one = all.iter().find(|value| !value.is_empty()).cloned().unwrap_or_default();
    format!(
        "; {name} tells them apart ({}): choose one with `where`, such as {{{name:?}: {one:?}}}, or give the files of one volume as a list",
        few(&shown)
    )
}
