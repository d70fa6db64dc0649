//! The network: head, groups of blocks, tail, under the names of published checkpoints.

mod blocks;
mod config;
mod prr;
mod seab;

use crate::{Fault, Result};
use blocks::{Group, Tail, conv3};
use tch::Tensor;
use voxloom_parts::{Builder, Conv, Entries};

pub use config::{Affinity, Excitation, NetworkConfig, Placement, PrrConfig, Residual, SeabConfig};
pub use prr::Prr;
pub use seab::{Seab, Seen};
pub use voxloom_parts::Mode;

/// A network and its state.
#[derive(Debug)]
pub struct Network {
    config: NetworkConfig,
    head: Conv,
    groups: Vec<Group>,
    body_tail: Conv,
    tail: Tail,
    entries: Entries,
}

impl Network {
    /// Declares every tensor through `build`.
    ///
    /// # Errors
    /// A configuration that does not fit together.
    pub fn new(build: &Builder, config: NetworkConfig) -> Result<Self> {
        config.check()?;
        let (c, body) = (config.n_feats, build.at("body"));
        let head = conv3(&build.at("head.0"), config.n_colors, c);
        let groups: Vec<Group> = (0..config.n_resgroups).map(|group| Group::new(&body.at(group), &config)).collect();
        let body_tail = conv3(&body.at(config.n_resgroups), c, c);
        let tail = Tail::new(&build.at("tail"), &config);
        Ok(Self { config, head, groups, body_tail, tail, entries: build.finish() })
    }

    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// Names and tensors, in the order of checkpoints.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// Enlarges images. [`Mode`] makes a difference only with batch normalisation.
    ///
    /// # Shapes
    /// - in:  `[N, n_colors, H, W]`
    /// - out: `[N, n_colors, scale·H, scale·W]`
    ///
    /// # Errors
    /// Another rank or number of channels, no elements.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        Ok(self.tail.forward(&self.features(x, mode)?).contiguous())
    }

    /// What the tail makes an image of.
    ///
    /// # Shapes
    /// - out: `[N, n_feats, H, W]`
    ///
    /// # Errors
    /// As [`Network::forward`].
    pub fn features(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let size = x.size();
        let fits = matches!(size[..], [n, c, h, w] if c == self.config.n_colors && n > 0 && h > 0 && w > 0);
        if !fits || !x.is_floating_point() {
            let text = format!(
                "got {} {size:?}, expected float32 [N, {}, H, W] with H and W of at least 1",
                voxloom_sdk::dtype_name(x.kind()),
                self.config.n_colors
            );
            return Err(Fault::Shape { what: "image", text });
        }
        let h = channels_last(&self.head.forward(x));
        let r = self.groups.iter().fold(h.shallow_clone(), |r, group| group.forward(&r, mode));
        Ok(self.body_tail.forward(&r) + h)
    }

    /// Every SEAB with its place, in order.
    pub fn seabs(&self) -> impl Iterator<Item = (String, &Seab)> {
        self.groups.iter().enumerate().flat_map(|(g, group)| {
            let inner = group.blocks.iter().enumerate();
            let inner = inner.filter_map(move |(b, block)| Some((format!("body.{g}.body.{b}.seab"), block.seab.as_ref()?)));
            inner.chain(group.seab.iter().map(move |seab| (format!("body.{g}.seab"), seab)))
        })
    }
}

/// The same values with channels beside each other in memory.
///
/// Rationale: convolutions keep this layout from one to the next and are spared reordering; on a CPU that saves a tenth to a
/// third of the time.
fn channels_last(x: &Tensor) -> Tensor {
    x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use tch::{Device, Kind};

    #[test]
    fn images_that_do_not_fit_are_refused() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let seab = SeabConfig::of_width(4);
        let config = NetworkConfig { n_feats: 4, n_resgroups: 1, n_resblocks: 1, seab, ..NetworkConfig::default() };
        let net = Network::new(&Builder::random(Device::Cpu, &mut rng), config).unwrap();
        let image = |shape: &[i64], kind| Tensor::ones(shape, (kind, Device::Cpu));
        assert_eq!(net.forward(&image(&[2, 1, 1, 3], Kind::Float), Mode::Eval).unwrap().size(), [2, 1, 2, 6]);
        let refused = |image: &Tensor| net.forward(image, Mode::Eval).unwrap_err().to_string();
        assert_eq!(
            refused(&image(&[1, 3, 4, 4], Kind::Float)),
            "image: got float32 [1, 3, 4, 4], expected float32 [N, 1, H, W] with H and W of at least 1"
        );
        assert!(refused(&image(&[1, 1, 4, 4], Kind::Int16)).contains("got int16"));
        assert_eq!(net.seabs().map(|(name, seab)| (name, seab.lambda())).collect::<Vec<_>>(), [("body.0.seab".into(), 0.0)]);
    }
}
