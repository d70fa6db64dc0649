//! How well probabilities agree with raters: overlap over thresholds, Brier score, calibration (spec 5).

/// Where prediction and soft truth are both cut.
pub const THRESHOLDS: [f32; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

/// Of one structure of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// At each threshold, both sides inclusive; two empty masks agree: 1.
    pub dice: [f64; 5],
    pub iou: [f64; 5],
    /// Above 0.5 on both sides: half of the raters is background here.
    pub hard_dice: f64,
    /// Mean squared difference.
    pub brier: f64,
}

impl Scores {
    /// # Panics
    /// Another number of probabilities than of targets.
    pub fn of(probability: &[f32], target: &[f32]) -> Self {
        assert_eq!(probability.len(), target.len(), "a probability for every target");
        let at = |t: f32, smooth: f64| {
            let counts = Counts::of(probability, target, |value| value >= t);
            (counts.dice(), (counts.both + smooth) / (counts.either() + smooth))
        };
        let pairs = THRESHOLDS.map(|t| at(t, 1e-6));
        let squares: f64 = probability.iter().zip(target).map(|(p, y)| f64::from(p - y).powi(2)).sum();
        Self {
            dice: pairs.map(|(dice, _)| dice),
            iou: pairs.map(|(_, iou)| iou),
            hard_dice: Counts::of(probability, target, |value| value > 0.5).dice(),
            brier: squares / probability.len().max(1) as f64,
        }
    }

    /// The paper's measure: Dice averaged over the thresholds.
    pub fn soft_dice(&self) -> f64 {
        self.dice.iter().sum::<f64>() / 5.0
    }

    pub fn soft_iou(&self) -> f64 {
        self.iou.iter().sum::<f64>() / 5.0
    }
}

/// Pixels of two masks.
struct Counts {
    both: f64,
    found: f64,
    wanted: f64,
}

impl Counts {
    fn of(probability: &[f32], target: &[f32], marks: impl Fn(f32) -> bool) -> Self {
        let (mut both, mut found, mut wanted) = (0u64, 0u64, 0u64);
        for (&p, &y) in probability.iter().zip(target) {
            let (p, y) = (marks(p), marks(y));
            found += u64::from(p);
            wanted += u64::from(y);
            both += u64::from(p && y);
        }
        Self { both: both as f64, found: found as f64, wanted: wanted as f64 }
    }

    fn dice(&self) -> f64 {
        (2.0 * self.both + 1e-4) / (self.found + self.wanted + 1e-4)
    }

    fn either(&self) -> f64 {
        self.found + self.wanted - self.both
    }
}

/// Pixels by their probability: how often the truth was what was foretold.
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    bins: Vec<Bin>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    pub n: u64,
    pub probability: f64,
    pub target: f64,
}

impl Reliability {
    pub fn new(bins: usize) -> Self {
        Self { bins: vec![Bin::default(); bins.max(1)] }
    }

    pub fn add(&mut self, probability: &[f32], target: &[f32]) {
        let last = self.bins.len() - 1;
        for (p, y) in probability.iter().zip(target) {
            let bin = &mut self.bins[((p * (last + 1) as f32) as usize).min(last)];
            bin.n += 1;
            bin.probability += f64::from(*p);
            bin.target += f64::from(*y);
        }
    }

    /// Number, mean probability and mean truth of each bin; NaN where it is empty.
    pub fn curve(&self) -> impl Iterator<Item = Bin> {
        self.bins.iter().map(|bin| {
            let n = bin.n as f64;
            Bin { n: bin.n, probability: bin.probability / n, target: bin.target / n }
        })
    }

    /// Expected calibration error: the gap between foretold and found, by the share of pixels; 0 without pixels.
    pub fn error(&self) -> f64 {
        let n: u64 = self.bins.iter().map(|bin| bin.n).sum();
        self.bins.iter().map(|bin| (bin.probability - bin.target).abs()).sum::<f64>() / n.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_empty_masks_agree_and_ties_are_background_where_it_is_strict() {
        let none = Scores::of(&[0.0; 4], &[0.0; 4]);
        assert_eq!((none.soft_dice(), none.soft_iou(), none.hard_dice, none.brier), (1.0, 1.0, 1.0, 0.0));
        let half = Scores::of(&[0.5, 0.0], &[0.5, 0.0]);
        assert_eq!(half.dice, [1.0; 5]);
        let wrong = Scores::of(&[1.0, 0.0], &[0.0, 1.0]);
        assert!(wrong.soft_dice() < 1e-4 && wrong.brier == 1.0);
    }

    #[test]
    fn a_foretold_share_that_comes_true_is_calibrated() {
        let mut curve = Reliability::new(15);
        curve.add(&[0.25; 4], &[1.0, 0.0, 0.0, 0.0]);
        assert!(curve.error() < 1e-9);
        curve.add(&[1.0; 4], &[0.5; 4]);
        assert!((curve.error() - 0.25).abs() < 1e-9);
        assert_eq!(curve.curve().filter(|bin| bin.n > 0).count(), 2);
    }
}
