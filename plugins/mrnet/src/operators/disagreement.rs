//! `mrnet.disagreement`: where several maps of one thing differ.

use crate::network::disagreement;
use voxloom_sdk::prelude::*;

/// How far K maps differ at each place: their unbiased standard deviation. Maps of raters, of an ensemble, or the channels of any network.
///
/// # Shapes
/// - in:  `[K, …]`, K at least 2, of any rank; for a volume `[K, D, H, W]`
/// - out: `[…]`
#[derive(Params, Clone, Debug)]
pub struct Disagreement {
    /// Take the sigmoid of the maps first.
    #[param(default = false)]
    pub logits: bool,
}

impl Operator for Disagreement {
    const NAME: &'static str = "mrnet.disagreement";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("maps").optional().about("[K, …]; this or `volume`"))
            .input(Port::volume("volume").optional().about("its K channels are compared; this or `maps`"))
            .output(Port::tensor("map").dtype("float32").about("[…]; `imaging.from_tensor` puts it on a grid"))
            .output(Port::json("spread").about("`mean` and `max` over all places"))
    }

    fn device() -> DeviceKind {
        DeviceKind::Any
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (maps, volume): (Option<Tensor>, Option<Volume>) = (call.optional("maps")?, call.optional("volume")?);
        let maps = match (maps, volume) {
            (Some(maps), None) => maps,
            (None, Some(volume)) => volume.data,
            _ => return Err(Error::item("connect one of `maps` and `volume`")),
        };
        let map = self.map(&maps)?;
        let spread = json!({ "mean": map.mean(Kind::Double).double_value(&[]), "max": map.max().double_value(&[]) });
        call.output("map", map)?;
        call.output("spread", spread)
    }
}

impl Disagreement {
    fn map(&self, maps: &Tensor) -> Result<Tensor> {
        let size = maps.size();
        if size.first().is_none_or(|&k| k < 2) || maps.numel() == 0 {
            return Err(Error::item(format!(
                "the maps are {size:?}, expected [K, …] with K at least 2: one map alone has nothing to differ from"
            )));
        }
        let maps = maps.detach().to_kind(Kind::Float);
        let maps = if self.logits { maps.sigmoid() } else { maps };
        Ok(disagreement(&maps.unsqueeze(0)).squeeze_dim(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_of_any_rank_are_compared() {
        let maps = Tensor::from_slice(&[0f32, 1.0, 1.0, 1.0]).view([2, 2]);
        let found = Disagreement { logits: false }.map(&maps).unwrap();
        assert_eq!(Vec::<f32>::try_from(&found).unwrap(), [0.5f32.sqrt(), 0.0]);
        for size in [vec![3], vec![3, 2, 2], vec![4, 2, 2, 2, 2]] {
            let maps = Tensor::ones(size.as_slice(), (Kind::Float, Device::Cpu));
            let found = Disagreement { logits: true }.map(&maps).unwrap();
            assert_eq!((found.size(), found.abs().max().double_value(&[])), (size[1..].to_vec(), 0.0));
        }
        assert!(Disagreement { logits: false }.map(&maps.narrow(0, 0, 1)).unwrap_err().to_string().contains("at least 2"));
    }
}
