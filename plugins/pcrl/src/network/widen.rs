//! What leaves a pass of another precision is float32.

use super::{Features, Output};
use voxloom_precision::Widen;

impl Widen for Features {
    fn widen(self) -> Self {
        Self { bottleneck: self.bottleneck.widen(), skips: self.skips.widen() }
    }
}

impl Widen for Output {
    fn widen(self) -> Self {
        Self { embedding: self.embedding.widen(), hybrid: self.hybrid.widen(), plain: self.plain.widen() }
    }
}
