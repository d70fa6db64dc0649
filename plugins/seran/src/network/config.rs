//! What a network is: sizes and options, and which of them fit together.

use crate::{Fault, Result};

/// Where a SEAB stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// One a group, after its last block and before its tail convolution.
    Group,
    /// One a block, on the branch before the block's skip.
    Block,
    /// Nowhere: the plain backbone.
    None,
}

/// What the block's update is multiplied by before it is added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Residual {
    /// One learned number a SEAB, 0 at first: a fresh SEAB changes nothing.
    Learnable,
    /// This number.
    Fixed(f64),
}

/// How relations between descriptors are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// Divided by the number of descriptors.
    Count,
    /// Softmax over each row; then reasoning is linear in the descriptors.
    SoftmaxRow,
}

/// Over what the attention of the excitation sums to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excitation {
    /// Every position mixes the descriptors.
    Descriptors,
    /// As third-party weights were trained; for loading such weights only.
    Positions,
}

/// Relations between descriptors.
#[derive(Clone, Debug, PartialEq)]
pub struct PrrConfig {
    /// Width inside.
    pub inter: i64,
    pub affinity: Affinity,
    /// Batch normalisation behind the last convolution; then training and use differ.
    pub norm: bool,
}

/// A squeeze and excitation attention block.
#[derive(Clone, Debug, PartialEq)]
pub struct SeabConfig {
    /// Width of a descriptor.
    pub c_m: i64,
    /// Number of descriptors.
    pub c_n: i64,
    /// `None`: the descriptors are used as they are (double attention).
    pub prr: Option<PrrConfig>,
    pub excitation: Excitation,
    pub residual: Residual,
}

/// A whole network. The default is the full size: 15.66 million parameters at ×2.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkConfig {
    pub n_colors: i64,
    pub n_feats: i64,
    pub n_resgroups: usize,
    pub n_resblocks: usize,
    /// 2, 4, 8, … or 3.
    pub scale: i64,
    pub block_res_scale: f64,
    /// Channel attention in every block, with this reduction.
    pub ca_reduction: Option<i64>,
    pub placement: Placement,
    pub seab: SeabConfig,
}

impl SeabConfig {
    /// All widths alike, every option at its default.
    pub fn of_width(width: i64) -> Self {
        Self {
            c_m: width,
            c_n: width,
            prr: Some(PrrConfig { inter: width, affinity: Affinity::Count, norm: false }),
            excitation: Excitation::Descriptors,
            residual: Residual::Learnable,
        }
    }
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            n_colors: 1,
            n_feats: 64,
            n_resgroups: 10,
            n_resblocks: 20,
            scale: 2,
            block_res_scale: 1.0,
            ca_reduction: None,
            placement: Placement::Group,
            seab: SeabConfig::of_width(64),
        }
    }
}

impl NetworkConfig {
    /// # Errors
    /// A size below 1, a scale that the tail cannot make, a reduction that leaves no channel.
    pub fn check(&self) -> Result<()> {
        let inter = self.seab.prr.as_ref().map_or(1, |prr| prr.inter);
        let sizes = [
            ("n_colors", self.n_colors),
            ("n_feats", self.n_feats),
            ("n_resgroups", self.n_resgroups as i64),
            ("n_resblocks", self.n_resblocks as i64),
            ("c_m", self.seab.c_m),
            ("c_n", self.seab.c_n),
            ("prr_inter", inter),
        ];
        if let Some((name, size)) = sizes.into_iter().find(|(_, size)| *size < 1) {
            return Err(Fault::Config { name, text: format!("must be at least 1, got {size}") });
        }
        if self.scale != 3 && (self.scale < 2 || !self.scale.cast_unsigned().is_power_of_two()) {
            let text = format!("must be 2, 3, 4, 8 or another power of two, got {}", self.scale);
            return Err(Fault::Config { name: "scale", text });
        }
        match self.ca_reduction {
            Some(reduction) if reduction < 1 || self.n_feats / reduction < 1 => {
                let text = format!("must be from 1 to n_feats ({}), got {reduction}", self.n_feats);
                Err(Fault::Config { name: "ca_reduction", text })
            }
            _ => Ok(()),
        }
    }

    /// Whether learning updates running statistics.
    pub fn has_statistics(&self) -> bool {
        self.placement != Placement::None && self.seab.prr.as_ref().is_some_and(|prr| prr.norm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_powers_of_two_or_three() {
        let fits = |scale| NetworkConfig { scale, ..NetworkConfig::default() }.check().is_ok();
        assert!([2, 3, 4, 8].into_iter().all(fits));
        assert!(![-2, 0, 1, 5, 6].into_iter().any(fits));
        let narrow = NetworkConfig { n_feats: 8, ca_reduction: Some(16), ..NetworkConfig::default() };
        assert_eq!(
            narrow.check().map_err(|fault| fault.to_string()),
            Err("ca_reduction must be from 1 to n_feats (8), got 16".into())
        );
    }
}
