//! Overlap of two masks.

/// What an undefined score (both masks empty) counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenEmpty {
    /// 1: nothing to find, nothing found.
    One,
    /// 0.
    Zero,
    /// No score: the case does not count.
    Skip,
}

/// Sizes of two masks and of their intersection, in voxels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    pub prediction: usize,
    pub reference: usize,
    pub both: usize,
}

impl Overlap {
    pub fn count(prediction: &[bool], reference: &[bool]) -> Self {
        prediction.iter().zip(reference).fold(Self::default(), |sum, (&p, &r)| Self {
            prediction: sum.prediction + usize::from(p),
            reference: sum.reference + usize::from(r),
            both: sum.both + usize::from(p && r),
        })
    }

    /// `2 |P and R| / (|P| + |R|)`: L. R. Dice, "Measures of the amount of ecologic association between species",
    /// Ecology 26 (1945).
    pub fn dice(&self, when_empty: WhenEmpty) -> Option<f64> {
        match (self.prediction + self.reference, when_empty) {
            (0, WhenEmpty::One) => Some(1.0),
            (0, WhenEmpty::Zero) => Some(0.0),
            (0, WhenEmpty::Skip) => None,
            (sum, _) => Some(2.0 * self.both as f64 / sum as f64),
        }
    }

    /// `2 |P and R| / (|P| + |R| + 1)`: the score of DoDNet's published evaluation. A perfect 27-voxel object has 0.982, two
    /// empty masks have 0.
    pub fn dice_official(&self) -> f64 {
        2.0 * self.both as f64 / (self.prediction + self.reference + 1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_of_known_overlaps() {
        let overlap = Overlap::count(&[true, true, false, false], &[false, true, true, false]);
        assert_eq!(overlap, Overlap { prediction: 2, reference: 2, both: 1 });
        assert_eq!(overlap.dice(WhenEmpty::Skip), Some(0.5));
        assert_eq!(overlap.dice_official(), 0.4);
        let full = Overlap { prediction: 27, reference: 27, both: 27 };
        assert!((full.dice_official() - 54.0 / 55.0).abs() < 1e-15);
    }

    #[test]
    fn two_empty_masks_score_as_asked() {
        let empty = Overlap::default();
        assert_eq!(empty.dice(WhenEmpty::One), Some(1.0));
        assert_eq!(empty.dice(WhenEmpty::Zero), Some(0.0));
        assert_eq!(empty.dice(WhenEmpty::Skip), None);
        assert_eq!(empty.dice_official(), 0.0);
    }
}
