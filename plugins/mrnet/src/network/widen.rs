//! What leaves a pass of another precision is float32.

use super::{CoarseOutput, Refined, Seen};
use voxloom_precision::Widen;

impl Widen for CoarseOutput {
    fn widen(self) -> Self {
        Self { logits: self.logits.widen(), features: self.features.widen() }
    }
}

impl Widen for Seen {
    fn widen(self) -> Self {
        Self { features: self.features.map(Widen::widen), low: self.low.widen() }
    }
}

impl Widen for Refined {
    fn widen(self) -> Self {
        let Self { logits, probability, uncertainty } = self;
        Self { logits: logits.widen(), probability: probability.widen(), uncertainty: uncertainty.widen() }
    }
}
