//! From scores to label values.

use tch::{Kind, Tensor};

/// Whose value a voxel gets where several tasks claim it. Within a task the later channel always wins (a tumour over its organ).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflict {
    /// The task whose channel has the highest score.
    #[default]
    Strongest,
    /// The last task of the list.
    Last,
}

/// One task's channels as a label volume: channel c writes c + 1, later channels over earlier ones, where a score is above
/// `threshold` (equal is background).
///
/// `shown` says which channels were trained; the authors' code also writes the untrained organ of colon and lung.
///
/// # Shapes
/// - in:  `[C, …]`
/// - out: `[…]`, uint8
pub fn merge_task(scores: &Tensor, threshold: f64, shown: &[bool]) -> Tensor {
    let labels = scores.get(0).zeros_like().to_kind(Kind::Uint8);
    (0..shown.len() as i64)
        .filter(|&channel| shown[channel as usize])
        .fold(labels, |labels, channel| labels.masked_fill(&scores.get(channel).gt(threshold), channel + 1))
}

/// One voxel of several tasks: `scores` task by task with `values[task].len()` channels each; 0 where none is above `threshold`.
///
/// `values` are the labels to write, `None` for channels that were not trained.
pub fn merge_tasks(scores: &[f32], values: &[Vec<Option<i64>>], threshold: f32, conflict: Conflict) -> i64 {
    let (mut label, mut best) = (0, f32::NEG_INFINITY);
    let mut rest = scores;
    for values in values {
        let (scores, after) = rest.split_at(values.len());
        rest = after;
        let mut claims = scores.iter().zip(values).filter_map(|(&score, value)| Some((score, (*value)?)));
        let Some((score, value)) = claims.rfind(|(score, _)| *score > threshold) else { continue };
        if conflict == Conflict::Last || score > best {
            (label, best) = (value, score);
        }
    }
    label
}

/// The Dice of scores that the authors' validation prints: `2 Σpt / (Σp + Σt + 1)`.
pub fn soft_dice(scores: &Tensor, labels: &Tensor) -> f64 {
    let (scores, labels) = (scores.to_kind(Kind::Double), labels.to_kind(Kind::Double));
    let sum = |x: &Tensor| x.sum(Kind::Double).double_value(&[]);
    2.0 * sum(&(&scores * &labels)) / (sum(&scores) + sum(&labels) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tumour_lies_over_its_organ_and_half_is_background() {
        let scores = Tensor::from_slice(&[0.9f32, 0.5, 0.9, 0.1, 0.1, 0.1, 0.6, 0.51]).view([2, 4]);
        let merged =
            |shown: [bool; 2]| Vec::<i64>::try_from(merge_task(&scores, 0.5, &shown).to_kind(Kind::Int64)).expect("flat");
        assert_eq!(merged([true, true]), [1, 0, 2, 2]);
        assert_eq!(merged([false, true]), [0, 0, 2, 2]);
        assert_eq!(merged([true, false]), [1, 0, 1, 0]);
    }

    #[test]
    fn tasks_settle_by_score_or_by_order() {
        let values = vec![vec![Some(1), Some(2)], vec![None, Some(3)]];
        let merged = |scores: [f32; 4], conflict| merge_tasks(&scores, &values, 0.5, conflict);
        assert_eq!(merged([0.9, 0.8, 0.99, 0.6], Conflict::Strongest), 2);
        assert_eq!(merged([0.9, 0.8, 0.99, 0.6], Conflict::Last), 3);
        assert_eq!(merged([0.6, 0.1, 0.99, 0.7], Conflict::Strongest), 3);
        assert_eq!(merged([0.5, 0.1, 0.99, 0.5], Conflict::Strongest), 0);
    }
}
