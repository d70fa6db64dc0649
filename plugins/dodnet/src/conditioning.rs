//! Does the network heed the task? Two ways in which it does not, and how they show.
//!
//! Early in training the network finds one mask, roughly the union of all objects, for every task; with few volumes, each
//! always shown with one task, it may stay so. And it may collapse to empty masks, out of which Dice leads nowhere.

/// Overlap of the tasks' masks and mean scores, summed up volume by volume.
#[derive(Clone, Debug)]
pub struct Conditioning {
    tasks: usize,
    channels: usize,
    /// Per channel, task × task: sum of Dice and number of volumes that it was measured on.
    overlap: Vec<(f64, u32)>,
    /// Per task and channel: sum of mean scores.
    score: Vec<f64>,
    volumes: u32,
}

/// Two tasks whose masks of one channel coincide.
#[derive(Clone, Debug, PartialEq)]
pub struct Coincidence {
    pub channel: usize,
    pub tasks: (usize, usize),
    /// Mean Dice of the two masks.
    pub overlap: f64,
}

impl Conditioning {
    pub fn new(tasks: usize, channels: usize) -> Self {
        Self {
            tasks,
            channels,
            overlap: vec![(0.0, 0); channels * tasks * tasks],
            score: vec![0.0; tasks * channels],
            volumes: 0,
        }
    }

    /// Adds one volume. Pairs with two empty masks are not measured.
    ///
    /// # Shapes
    /// - in: `[T·C, n]` scores (probabilities), task by task; others are refused with `false`
    pub fn add(&mut self, scores: &[f32], threshold: f32) -> bool {
        let rows = self.tasks * self.channels;
        if scores.is_empty() || !scores.len().is_multiple_of(rows) {
            return false;
        }
        let n = scores.len() / rows;
        let row = |task: usize, channel: usize| &scores[(task * self.channels + channel) * n..][..n];
        self.volumes += 1;
        for channel in 0..self.channels {
            for a in 0..self.tasks {
                self.score[a * self.channels + channel] += row(a, channel).iter().map(|&p| f64::from(p)).sum::<f64>() / n as f64;
                for b in 0..self.tasks {
                    let (mut both, mut sum) = (0u64, 0u64);
                    for (p, q) in row(a, channel).iter().zip(row(b, channel)) {
                        let (p, q) = (*p > threshold, *q > threshold);
                        both += u64::from(p && q);
                        sum += u64::from(p) + u64::from(q);
                    }
                    if sum > 0 {
                        let cell = &mut self.overlap[(channel * self.tasks + a) * self.tasks + b];
                        *cell = (cell.0 + 2.0 * both as f64 / sum as f64, cell.1 + 1);
                    }
                }
            }
        }
        true
    }

    pub fn volumes(&self) -> u32 {
        self.volumes
    }

    /// Mean Dice of two tasks' masks of one channel; `None` where both were always empty.
    pub fn overlap(&self, channel: usize, a: usize, b: usize) -> Option<f64> {
        let (sum, count) = self.overlap[(channel * self.tasks + a) * self.tasks + b];
        (count > 0).then(|| sum / f64::from(count))
    }

    /// Mean score of one channel of a task; 0 before the first volume.
    pub fn mean_score(&self, task: usize, channel: usize) -> f64 {
        self.score[task * self.channels + channel] / f64::from(self.volumes.max(1))
    }

    /// Pairs of tasks that both label a channel and whose masks overlap by more than `above`.
    pub fn coincidences(&self, labelled: &dyn Fn(usize, usize) -> bool, above: f64) -> Vec<Coincidence> {
        let mut found = Vec::new();
        for channel in 0..self.channels {
            for a in 0..self.tasks {
                for b in (a + 1..self.tasks).filter(|&b| labelled(a, channel) && labelled(b, channel)) {
                    found.extend(self.overlap(channel, a, b).filter(|overlap| *overlap > above).map(|overlap| Coincidence {
                        channel,
                        tasks: (a, b),
                        overlap,
                    }));
                }
            }
        }
        found
    }
}

/// Counts, task by task, for how many rounds in a row its masks have been empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollapseWatch {
    /// Rounds in a row, one count a task.
    pub streak: Vec<u32>,
}

impl CollapseWatch {
    pub fn new(tasks: usize) -> Self {
        Self { streak: vec![0; tasks] }
    }

    /// One validation round; a task counts as empty when its highest mean score over channels is below `below`.
    /// Gives the tasks that have been empty for at least `rounds` rounds.
    pub fn round(&mut self, highest: &[f64], below: f64, rounds: u32) -> Vec<usize> {
        for (streak, score) in self.streak.iter_mut().zip(highest) {
            *streak = if *score < below { *streak + 1 } else { 0 };
        }
        self.streak.iter().enumerate().filter(|(_, streak)| **streak >= rounds).map(|(task, _)| task).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tasks of one channel on four voxels.
    fn measured(a: [f32; 4], b: [f32; 4]) -> Conditioning {
        let mut conditioning = Conditioning::new(2, 1);
        assert!(conditioning.add(&[a, b].concat(), 0.5));
        conditioning
    }

    #[test]
    fn one_mask_for_all_tasks_is_noticed() {
        let same = measured([0.9, 0.9, 0.1, 0.1], [0.8, 0.7, 0.1, 0.2]);
        let found = same.coincidences(&|_, _| true, 0.5);
        assert_eq!(found, [Coincidence { channel: 0, tasks: (0, 1), overlap: 1.0 }]);
        assert!(same.coincidences(&|task, _| task == 0, 0.5).is_empty(), "untrained channels do not count");
    }

    #[test]
    fn separate_masks_are_fine_and_empty_ones_are_not_measured() {
        let apart = measured([0.9, 0.9, 0.1, 0.1], [0.1, 0.1, 0.9, 0.1]);
        assert_eq!((apart.overlap(0, 0, 1), apart.overlap(0, 0, 0)), (Some(0.0), Some(1.0)));
        let empty = measured([0.0; 4], [0.0; 4]);
        assert_eq!(empty.overlap(0, 0, 1), None);
        assert_eq!(empty.mean_score(0, 0), 0.0);
        assert!((apart.mean_score(1, 0) - 0.3).abs() < 1e-6);
    }

    #[test]
    fn other_shapes_are_refused() {
        assert!(!Conditioning::new(2, 1).add(&[0.0; 5], 0.5));
        assert!(!Conditioning::new(2, 1).add(&[], 0.5));
    }

    #[test]
    fn collapse_is_told_after_rounds_in_a_row() {
        let mut watch = CollapseWatch::new(2);
        assert!(watch.round(&[1e-5, 0.1], 1e-3, 2).is_empty());
        assert_eq!(watch.round(&[1e-5, 1e-5], 1e-3, 2), [0]);
        assert_eq!(watch.round(&[0.2, 1e-5], 1e-3, 2), [1]);
        assert_eq!(watch.streak, [0, 2]);
    }
}
