//! Several weightings of the raters on one batch, as a training step has them.

use super::coarse::CoarseOutput;
use super::{Coarse, Perception, Reconstruction, Refined};
use crate::{Fault, Result};
use tch::Tensor;
use voxloom_parts::Mode;

impl Coarse {
    /// Passes with each condition. The encoder does not see it and runs once, its statistics move as after all passes.
    ///
    /// # Shapes
    /// - in:  image `[N, 3, H, W]`, expertness `[K, N, R]`
    /// - out: logits `[K, N, C, H, W]`, features `[K, N, F, H/2, W/2]`
    ///
    /// # Errors
    /// As [`Coarse::forward`].
    pub fn conditions(&self, image: &Tensor, expertness: &Tensor, mode: Mode) -> Result<CoarseOutput> {
        let k = conditions("expertness", expertness, 3)?;
        let once = if mode == Mode::Train { Mode::Repeated(k as u32) } else { mode };
        let encoded = self.encode(image, once)?;
        let (mut logits, mut features) = (Vec::new(), Vec::new());
        for k in 0..k {
            let out = self.decode(&encoded, &expertness.get(k), mode)?;
            logits.push(out.logits);
            features.push(out.features);
        }
        Ok(CoarseOutput { logits: Tensor::stack(&logits, 0), features: Tensor::stack(&features, 0) })
    }
}

impl Reconstruction {
    /// # Shapes
    /// - in:  image `[N, 3, H, W]`, maps `[K, N, C, H, W]`, expertness `[K, N, R]`
    /// - out: `[K, N, R, C, H, W]`
    ///
    /// # Errors
    /// As [`Reconstruction::forward`].
    pub fn conditions(&self, image: &Tensor, maps: &Tensor, expertness: &Tensor, mode: Mode) -> Result<Tensor> {
        let k = conditions("expertness", expertness, 3)?;
        alike("logits", maps, k)?;
        let passes: Result<Vec<Tensor>> = (0..k).map(|k| self.forward(image, &maps.get(k), &expertness.get(k), mode)).collect();
        Ok(Tensor::stack(&passes?, 0))
    }
}

impl Perception {
    /// # Shapes
    /// - in:  raters `[K, N, R, C, H, W]`, features `[K, N, F, H/2, W/2]`, logits `[K, N, C, H, W]`
    /// - out: each `[K, N, C, H, W]`
    ///
    /// # Errors
    /// As [`Perception::forward`].
    pub fn conditions(&self, raters: &Tensor, features: &Tensor, logits: &Tensor, mode: Mode) -> Result<Refined> {
        let k = conditions("raters", raters, 6)?;
        alike("features", features, k)?;
        alike("logits", logits, k)?;
        let passes: Result<Vec<Refined>> =
            (0..k).map(|k| self.forward(&raters.get(k), &features.get(k), &logits.get(k), mode)).collect();
        let passes = passes?;
        let stack = |pick: fn(&Refined) -> &Tensor| Tensor::stack(&passes.iter().map(pick).collect::<Vec<_>>(), 0);
        Ok(Refined {
            logits: stack(|out| &out.logits),
            probability: stack(|out| &out.probability),
            uncertainty: stack(|out| &out.uncertainty),
        })
    }
}

fn conditions(what: &'static str, tensor: &Tensor, dims: usize) -> Result<i64> {
    match tensor.size() {
        size if size.len() == dims && size[0] > 0 => Ok(size[0]),
        size => {
            Err(Fault::Shape { what, text: format!("got {size:?}, expected {dims} dimensions, the first for the conditions") })
        }
    }
}

fn alike(what: &'static str, tensor: &Tensor, k: i64) -> Result<()> {
    match tensor.size().first() {
        Some(&found) if found == k => Ok(()),
        _ => Err(Fault::Shape { what, text: format!("got {:?}, expected {k} conditions first", tensor.size()) }),
    }
}
