//! Sizes of the three networks.

use crate::{Fault, Result};

/// What the networks are made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkConfig {
    /// R, 6 in the paper.
    pub raters: i64,
    /// C, 2 in the paper: optic disc, then cup.
    pub structures: i64,
    /// Scales the channels; 1 is the paper's.
    pub width: f64,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self { raters: 6, structures: 2, width: 1.0 }
    }
}

impl NetworkConfig {
    /// The paper's number of channels, scaled; at least 4.
    pub fn channels(&self, of_paper: i64) -> i64 {
        ((of_paper as f64 * self.width).round() as i64).max(4)
    }

    /// Channels of the coarse network's feature map F.
    pub fn feature_channels(&self) -> i64 {
        2 * self.channels(128)
    }

    /// # Errors
    /// Fewer than two raters (a standard deviation needs two), no structure, a width out of range.
    pub fn check(&self) -> Result<()> {
        let text = match self {
            Self { raters, .. } if *raters < 2 => format!("`raters` is {raters}, and disagreement needs at least 2"),
            Self { structures, .. } if *structures < 1 => format!("`structures` is {structures}, expected at least 1"),
            Self { width, .. } if !(*width > 0.0 && *width <= 4.0) => {
                format!("`width` is {width}, expected above 0 and at most 4")
            }
            _ => return Ok(()),
        };
        Err(Fault::Config { text })
    }
}

/// Sizes along rows and columns must be multiples of this: the coarse network halves five times.
pub const DIVISOR: i64 = 32;

/// # Errors
/// Not `[N, channels, H%32, W%32]`.
pub fn check_image(what: &'static str, size: &[i64], channels: i64) -> Result<()> {
    match size {
        [n, c, h, w] if *n > 0 && *c == channels && *h > 0 && *w > 0 && h % DIVISOR == 0 && w % DIVISOR == 0 => Ok(()),
        _ => {
            let text = format!(
                "got {size:?}, expected [N, {channels}, H, W] with H and W multiples of {DIVISOR}; pad, crop or resize it"
            );
            Err(Fault::Shape { what, text })
        }
    }
}

/// # Errors
/// Not `[N, R]`.
pub fn check_expertness(size: &[i64], n: i64, raters: i64) -> Result<()> {
    if size == [n, raters] {
        return Ok(());
    }
    let text = format!("got {size:?}, expected [{n}, {raters}]: one weight for each rater and sample");
    Err(Fault::Shape { what: "expertness", text })
}
