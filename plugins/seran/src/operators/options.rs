//! `seran.network`'s parameters, and the configuration that they say.

use crate::network::{self, NetworkConfig, PrrConfig, Residual, SeabConfig};
use voxloom_precision::Precision;
use voxloom_sdk::prelude::*;

/// Where a SEAB stands.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// One a group, after its last block.
    Group,
    /// One inside each block.
    Block,
    /// Nowhere: the plain backbone, to compare with.
    None,
}

/// What a SEAB's update is multiplied by.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResScale {
    /// One learned number each, 0 at first.
    Learnable,
    /// `res_scale_fixed`.
    Fixed,
}

/// How relations between descriptors are scaled.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// Divided by the number of descriptors.
    Count,
    /// Softmax over each row.
    SoftmaxRow,
}

/// Over what the attention of the excitation sums to one.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excitation {
    Descriptors,
    /// For weights of PRRGAN only.
    Positions,
}

/// SERAN: a deep residual network for slices whose attention blocks squeeze a slice into a few descriptors, relate these to each other, and let every position take its own mixture. The defaults are the full size, 15.66 million parameters at ×2.
#[derive(Params, Clone, Debug)]
#[param(check)]
pub struct NetworkParams {
    /// How much finer its images are: 2, 4, 8, …, or 3.
    #[param(default = 2, min = 2, max = 16)]
    pub scale: i64,
    /// Channels of an image.
    #[param(default = 1, min = 1, max = 64)]
    pub n_colors: i64,
    /// Features of every position.
    #[param(default = 64, min = 1, max = 1024)]
    pub n_feats: i64,
    /// Groups of blocks.
    #[param(default = 10, min = 1, max = 100)]
    pub n_resgroups: usize,
    /// Blocks in a group.
    #[param(default = 20, min = 1, max = 100)]
    pub n_resblocks: usize,
    /// Where a SEAB stands.
    #[param(default = Placement::Group)]
    pub seab_placement: Placement,
    /// What a SEAB's update is multiplied by before it is added.
    #[param(default = ResScale::Learnable)]
    pub res_scale: ResScale,
    /// For `res_scale: fixed`.
    #[param(default = 0.1)]
    pub res_scale_fixed: f64,
    /// Width of a descriptor; left out, `n_feats`.
    #[param(min = 1, max = 1024)]
    pub c_m: Option<i64>,
    /// Number of descriptors; left out, `n_feats`.
    #[param(min = 1, max = 1024)]
    pub c_n: Option<i64>,
    /// Relates the descriptors to each other (primitive relation reasoning).
    #[param(default = true)]
    pub prr: bool,
    /// Width of the reasoning; left out, `n_feats`.
    #[param(min = 1, max = 1024)]
    pub prr_inter: Option<i64>,
    /// Batch normalisation in the reasoning; such a network is trained by its entry `train`.
    #[param(default = false)]
    pub prr_bn: bool,
    /// How relations are scaled.
    #[param(default = Affinity::Count)]
    pub affinity: Affinity,
    /// Over what the attention of the excitation sums to one.
    #[param(default = Excitation::Descriptors)]
    pub excitation_softmax: Excitation,
    /// Channel attention in every block: the backbone is then RCAN's.
    #[param(default = false)]
    pub channel_attention: bool,
    /// By what channel attention divides the channels.
    #[param(default = 16, min = 1, max = 1024)]
    pub ca_reduction: i64,
    /// What a block's branch is multiplied by.
    #[param(default = 1.0)]
    pub block_res_scale: f64,
    /// A coarse volume's largest value becomes this one inside the network; kept with the weights.
    #[param(default = 255.0, above = 0.0)]
    pub data_range: f64,
    /// Element type of products and convolutions. Weights stay float32, results are float32; float16 needs CUDA and the optimizer's `loss_scale`. bfloat16 has 128 steps from one power of two to the next, so that an enlarged image loses its last digits.
    #[param(default = Precision::Float32)]
    pub precision: Precision,
    /// Take weights that have no SEAB, such as RCAN's: those of this network keep their first values, which change nothing.
    #[param(default = false)]
    pub load_plain: bool,
    /// Take weights of another scale: what enlarges (`tail.0`) begins anew.
    #[param(default = false)]
    pub load_other_scale: bool,
}

impl NetworkParams {
    fn check_relations(&self) -> Result<()> {
        self.config().check().map_err(|fault| match fault {
            crate::Fault::Config { name, text } => Error::param(name, text),
            other => Error::item(other),
        })
    }

    /// What the parameters say.
    pub fn config(&self) -> NetworkConfig {
        let width = |given: Option<i64>| given.unwrap_or(self.n_feats);
        let affinity = match self.affinity {
            Affinity::Count => network::Affinity::Count,
            Affinity::SoftmaxRow => network::Affinity::SoftmaxRow,
        };
        let seab = SeabConfig {
            c_m: width(self.c_m),
            c_n: width(self.c_n),
            prr: self.prr.then(|| PrrConfig { inter: width(self.prr_inter), affinity, norm: self.prr_bn }),
            excitation: match self.excitation_softmax {
                Excitation::Descriptors => network::Excitation::Descriptors,
                Excitation::Positions => network::Excitation::Positions,
            },
            residual: match self.res_scale {
                ResScale::Learnable => Residual::Learnable,
                ResScale::Fixed => Residual::Fixed(self.res_scale_fixed),
            },
        };
        NetworkConfig {
            n_colors: self.n_colors,
            n_feats: self.n_feats,
            n_resgroups: self.n_resgroups,
            n_resblocks: self.n_resblocks,
            scale: self.scale,
            block_res_scale: self.block_res_scale,
            ca_reduction: self.channel_attention.then_some(self.ca_reduction),
            placement: match self.seab_placement {
                Placement::Group => network::Placement::Group,
                Placement::Block => network::Placement::Block,
                Placement::None => network::Placement::None,
            },
            seab,
        }
    }
}
