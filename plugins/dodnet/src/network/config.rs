//! What a DoDNet looks like: widths, tasks, the shape of its dynamic head.

use crate::{Fault, Result};

/// Everything that decides names and shapes of the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkConfig {
    /// Scales the channels of the trunk; 1 is the paper's 32, 64, 128, 256, 256.
    pub width: f64,
    /// Number of tasks.
    pub tasks: usize,
    /// Output channels of each task's head.
    pub channels: usize,
    /// Channels inside a head; the trunk ends in as many.
    pub head_width: usize,
    /// Layers of a head.
    pub head_depth: usize,
    /// Standardise the weights of every convolution of the trunk.
    pub weight_std: bool,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self { width: 1.0, tasks: 7, channels: 2, head_width: 8, head_depth: 3, weight_std: true }
    }
}

impl NetworkConfig {
    /// # Errors
    /// The first number that is out of range.
    pub fn check(&self) -> Result<()> {
        let fault = |name, text| Err(Fault::Config { name, text });
        if !(self.width > 0.0 && self.width <= 8.0) {
            return fault("width", format!("must be above 0 and at most 8, got {}", self.width));
        }
        let counts = [
            ("tasks", self.tasks),
            ("channels", self.channels),
            ("head_width", self.head_width),
            ("head_depth", self.head_depth),
        ];
        match counts.into_iter().find(|&(_, count)| count == 0 || count > 1024) {
            Some((name, count)) => fault(name, format!("must be from 1 to 1024, got {count}")),
            None => Ok(()),
        }
    }

    /// Channels at full size, /2, /4, /8 and /16: `width` times the paper's, rounded to the nearest multiple of 4.
    pub fn stages(&self) -> [i64; 5] {
        [32.0, 64.0, 128.0, 256.0, 256.0].map(|paper| ((paper * self.width / 4.0).round() as i64).max(1) * 4)
    }

    /// The numbers of one head and how they are laid out.
    pub fn head(&self) -> HeadShape {
        let (width, channels) = (self.head_width as i64, self.channels as i64);
        let mut layers = vec![(width, width); self.head_depth - 1];
        layers.push((channels, width));
        HeadShape { layers }
    }
}

/// Layers of a dynamic head as `(out, in)`, first layer first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadShape {
    pub layers: Vec<(i64, i64)>,
}

impl HeadShape {
    /// How many numbers make one head: all weights, then all biases.
    pub fn count(&self) -> i64 {
        self.layers.iter().map(|(out, input)| out * input + out).sum()
    }
}

/// Groups of a GroupNorm: 16, or the largest divisor of `channels` below.
pub fn groups(channels: i64) -> i64 {
    (1..=16).rev().find(|groups| channels % groups == 0).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_head_has_162_numbers() {
        assert_eq!(NetworkConfig::default().head().count(), 162);
        assert_eq!(NetworkConfig { channels: 1, ..NetworkConfig::default() }.head().count(), 153);
    }

    #[test]
    fn widths_give_multiples_of_four() {
        let stages = |width| NetworkConfig { width, ..NetworkConfig::default() }.stages();
        assert_eq!(stages(1.0), [32, 64, 128, 256, 256]);
        assert_eq!(stages(0.25), [8, 16, 32, 64, 64]);
        assert_eq!(stages(0.24), [8, 16, 32, 60, 60]);
        assert_eq!(stages(0.01), [4, 4, 4, 4, 4]);
    }

    #[test]
    fn groups_divide_the_channels() {
        assert_eq!([32, 60, 12, 8, 20].map(groups), [16, 15, 12, 8, 10]);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let config = NetworkConfig { tasks: 0, ..NetworkConfig::default() };
        assert_eq!(config.check().map_err(|fault| fault.to_string()), Err("tasks: must be from 1 to 1024, got 0".into()));
        let config = NetworkConfig { width: f64::NAN, ..NetworkConfig::default() };
        assert!(config.check().is_err());
    }
}
