//! Which batches a training step leaves out: those whose loss is far above what it was.

/// The mean loss of the epoch before, and of the one that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    /// A loss of at least so many times the mean of the epoch before is left out.
    pub ratio: f64,
    /// In the first epoch, a loss of at least this.
    pub first: f64,
    /// Batches in an epoch.
    pub epoch: u64,
    pub history: History,
}

/// What a guard has seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Mean of the last full epoch.
    pub before: Option<f64>,
    pub sum: f64,
    pub count: u64,
    /// Batches so far, those left out among them.
    pub seen: u64,
    pub left_out: u64,
}

impl Guard {
    /// Whether a batch of this loss is learned from.
    pub fn takes(&mut self, loss: f64) -> bool {
        let limit = self.history.before.map_or(self.first, |mean| mean * self.ratio);
        let taken = loss < limit;
        let history = &mut self.history;
        history.seen += 1;
        if taken {
            (history.sum, history.count) = (history.sum + loss, history.count + 1);
        } else {
            history.left_out += 1;
        }
        if history.seen.is_multiple_of(self.epoch) && history.count > 0 {
            history.before = Some(history.sum / history.count as f64);
            (history.sum, history.count) = (0.0, 0);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_follows_the_epoch_before() {
        let mut guard = Guard { ratio: 10.0, first: 1000.0, epoch: 2, history: History::default() };
        assert_eq!([4.0, 2000.0, 39.0, 40.0].map(|loss| guard.takes(loss)), [true, false, true, false]);
        assert_eq!(guard.history.before, Some(39.0));
        assert!(guard.takes(389.0));
        assert_eq!((guard.history.seen, guard.history.left_out), (5, 2));
    }
}
