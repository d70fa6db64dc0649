//! From the scores of a voxel to its label.

/// How scores become a label.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// The label of the channel with the highest score; of equal ones the first channel.
    Argmax { labels: Vec<i32> },
    /// Every step whose channel exceeds its threshold writes its label; later steps win. 0 where none does.
    Thresholds(Vec<Step>),
}

/// One step of [`Rule::Thresholds`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    pub channel: usize,
    /// The score must be above it; exactly it is not enough.
    pub threshold: f32,
    pub label: i32,
}

impl Rule {
    /// Channels in the order in which they are looked at.
    pub(super) fn n_steps(&self) -> usize {
        match self {
            Self::Argmax { labels } => labels.len(),
            Self::Thresholds(steps) => steps.len(),
        }
    }

    pub(super) fn channel(&self, step: usize) -> usize {
        match self {
            Self::Argmax { .. } => step,
            Self::Thresholds(steps) => steps[step].channel,
        }
    }

    /// Takes the scores of one step into the row so far.
    pub(super) fn take(&self, step: usize, scores: impl Iterator<Item = f32>, best: &mut [f32], labels: &mut [i32]) {
        let row = best.iter_mut().zip(labels).zip(scores);
        match self {
            Self::Argmax { labels } if step == 0 => {
                row.for_each(|((best, label), score)| (*best, *label) = (score, labels[0]));
            }
            Self::Argmax { labels } => {
                let this = labels[step];
                for ((best, label), score) in row {
                    let better = score > *best;
                    *best = if better { score } else { *best };
                    *label = if better { this } else { *label };
                }
            }
            Self::Thresholds(steps) => {
                let Step { threshold, label: this, .. } = steps[step];
                for ((_, label), score) in row {
                    let before = if step == 0 { 0 } else { *label };
                    *label = if score > threshold { this } else { before };
                }
            }
        }
    }

    /// Smallest and largest label that can come out, `outside` (0) included.
    pub fn range(&self) -> (i32, i32) {
        let labels: Vec<i32> = match self {
            Self::Argmax { labels } => labels.clone(),
            Self::Thresholds(steps) => steps.iter().map(|step| step.label).collect(),
        };
        labels.iter().fold((0, 0), |(low, high), &label| (low.min(label), high.max(label)))
    }

    /// Highest channel that is looked at.
    pub fn last_channel(&self) -> Option<usize> {
        (0..self.n_steps()).map(|step| self.channel(step)).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(rule: &Rule, scores: &[f32]) -> i32 {
        let (mut best, mut label) = ([9.0], [99]);
        for step in 0..rule.n_steps() {
            rule.take(step, std::iter::once(scores[rule.channel(step)]), &mut best, &mut label);
        }
        label[0]
    }

    #[test]
    fn the_first_of_equal_scores_wins() {
        let rule = Rule::Argmax { labels: vec![0, 5, 7] };
        assert_eq!(decide(&rule, &[0.2, 0.9, 0.9]), 5);
        assert_eq!(decide(&rule, &[-1.0, -2.0, -3.0]), 0);
        assert_eq!(rule.range(), (0, 7));
    }

    #[test]
    fn later_thresholds_win_and_a_tie_is_background() {
        let step = |channel, label| Step { channel, threshold: 0.5, label };
        let rule = Rule::Thresholds(vec![step(0, 1), step(1, 2)]);
        assert_eq!(decide(&rule, &[0.9, 0.1]), 1);
        assert_eq!(decide(&rule, &[0.9, 0.6]), 2);
        assert_eq!(decide(&rule, &[0.1, 0.6]), 2);
        assert_eq!(decide(&rule, &[0.5, 0.5]), 0);
        assert_eq!(rule.last_channel(), Some(1));
    }
}
