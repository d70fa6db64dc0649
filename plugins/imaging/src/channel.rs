//! `imaging.channel`: some channels of a volume.

use voxloom_sdk::prelude::*;

/// Takes channels of a volume, in the order given.
///
/// # Shapes
/// - in:  `[C, D, H, W]`, or `[D, H, W]`, which counts as one channel
/// - out: `[D, H, W]` for one channel, `[n, D, H, W]` for several
#[derive(Debug, Params)]
pub struct Channel {
    /// Which channels, from 0; each may stand several times.
    #[param(min_len = 1, min = 0)]
    pub index: Vec<i64>,
}

impl Operator for Channel {
    const NAME: &'static str = "imaging.channel";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").shape("[…, D, H, W]").about("any element type"))
            .output(Port::volume("volume").shape("[…, D, H, W]").about("on the same grid"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let data = channels(&volume.data, &self.index).map_err(|fault| fault.context(volume.name()))?;
        let mut chosen = volume.with_data(data);
        // Three channels out of many are no colours.
        if self.index != [0, 1, 2] {
            chosen.meta.remove("colour");
        }
        call.output("volume", chosen)
    }
}

/// Channels of `[C, D, H, W]` or of `[D, H, W]` as one.
///
/// # Errors
/// A channel that is not there.
pub fn channels(data: &Tensor, index: &[i64]) -> Result<Tensor> {
    let data = if data.dim() == 3 { data.unsqueeze(0) } else { data.shallow_clone() };
    let n = data.size()[0];
    if let Some(missing) = index.iter().find(|&&at| at < 0 || at >= n) {
        return Err(Error::item(format!("has {n} channels, there is no channel {missing} (they count from 0)")));
    }
    let index = match index {
        [one] => return Ok(data.select(0, *one)),
        several => Tensor::from_slice(several).to_device(data.device()),
    };
    Ok(data.f_index_select(0, &index)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_channel_is_a_plain_volume_and_several_keep_their_order() {
        let data = Tensor::arange(12, (Kind::Int16, Device::Cpu)).view([3, 1, 2, 2]);
        let one = channels(&data, &[2]).unwrap();
        assert_eq!((one.size(), Vec::<i16>::try_from(one.reshape(-1)).unwrap()), (vec![1, 2, 2], vec![8, 9, 10, 11]));
        let two = channels(&data, &[2, 0]).unwrap();
        assert_eq!((two.size(), two.kind()), (vec![2, 1, 2, 2], Kind::Int16));
        assert_eq!(Vec::<i16>::try_from(two.view(-1)).unwrap(), [8, 9, 10, 11, 0, 1, 2, 3]);
        assert_eq!(channels(&data.select(0, 1), &[0]).unwrap().size(), [1, 2, 2]);
    }

    #[test]
    fn a_channel_that_is_not_there_is_refused() {
        let data = Tensor::zeros([2, 1, 1, 1], (Kind::Float, Device::Cpu));
        assert_eq!(
            channels(&data, &[0, 2]).unwrap_err().to_string(),
            "has 2 channels, there is no channel 2 (they count from 0)"
        );
    }
}
