//! `imaging.to_tensor`: what a network takes, of a volume.

use voxloom_sdk::prelude::*;

/// Makes a float32 tensor of a volume: values divided by `scale`, then `(value - mean) / std` channel by channel, as PyTorch's `ToTensor` and
/// `Normalize`.
///
/// # Shapes
/// - in:  `[D, H, W]` or `[C, D, H, W]`
/// - out: `[C, D, H, W]`, or `[C, H, W]` with `dims: 2`, where D must be 1; behind a 1 with `batch`
#[derive(Debug, Params)]
#[param(check)]
pub struct ToTensor {
    /// 3 gives `[C, D, H, W]`, 2 gives `[C, H, W]` of a volume of one slice.
    #[param(default = 3, min = 2, max = 3)]
    pub dims: usize,
    /// Puts a batch of one in front, for a network that takes `[N, …]`.
    #[param(default = false)]
    pub batch: bool,
    /// Channels of the result: a volume of one channel is repeated. Left out, as many as the volume has.
    #[param(min = 1, max = 4096)]
    pub channels: Option<i64>,
    /// What values are divided by, such as 255 for 8-bit pictures.
    #[param(default = 1.0, above = 0.0)]
    pub scale: f64,
    /// What is then taken away: one number for all channels, or one a channel.
    #[param(default = Vec::new())]
    pub mean: Vec<f64>,
    /// What it is then divided by: one number for all channels, or one a channel.
    #[param(default = Vec::new())]
    pub std: Vec<f64>,
}

impl Operator for ToTensor {
    const NAME: &'static str = "imaging.to_tensor";

    fn entry() -> Entry {
        Entry::map().input(Port::volume("volume").shape("[…, D, H, W]").about("any element type")).output(
            Port::tensor("tensor")
                .dtype("float32")
                .shape("[…, C, H, W]")
                .about("[C, D, H, W], or [C, H, W]; with `batch` [1, C, …]"),
        )
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        call.output("tensor", self.tensor(&volume)?)
    }
}

impl ToTensor {
    fn check_relations(&self) -> Result<()> {
        if let Some(at) = self.std.iter().position(|&std| std <= 0.0) {
            return Err(Error::param(format!("std[{at}]"), format!("must be above 0, got {}", self.std[at])));
        }
        let mut counts = vec![("channels", self.channels.map_or(1, |channels| channels as usize))];
        counts.extend([("mean", self.mean.len()), ("std", self.std.len())]);
        let several: Vec<_> = counts.into_iter().filter(|&(_, n)| n > 1).collect();
        match several.windows(2).find(|pair| pair[0].1 != pair[1].1) {
            Some(&[(one, n), (other, m)]) => Err(Error::param(other, format!("is for {m} channels, and {one} for {n}"))),
            _ => Ok(()),
        }
    }

    /// The tensor of a volume.
    ///
    /// # Errors
    /// More slices or channels than the parameters say.
    pub fn tensor(&self, volume: &Volume) -> Result<Tensor> {
        let [d, ..] = volume.size_zyx()?;
        let data = if volume.data.dim() == 3 { volume.data.unsqueeze(0) } else { volume.data.shallow_clone() };
        let found = data.size()[0];
        let data = match self.channels {
            Some(wanted) if found == 1 => data.f_expand([wanted, -1, -1, -1], false)?,
            Some(wanted) if found != wanted => {
                return Err(Error::item(format!(
                    "{} has {found} channels, `channels` says {wanted}; only one is repeated",
                    volume.name()
                )));
            }
            _ => data,
        };
        let data = match (self.dims, d) {
            (2, 1) => data.squeeze_dim(1),
            (2, _) => return Err(Error::item(format!("{} has {d} slices, and `dims: 2` takes one", volume.name()))),
            _ => data,
        };
        let tensor = normalise(&data, self.scale, &self.mean, &self.std)?;
        Ok(if self.batch { tensor.unsqueeze(0) } else { tensor })
    }
}

/// `(value / scale - mean) / std` in float32, in this order; the first dimension is the channel. Always memory of its own.
///
/// # Errors
/// As many means or deviations as channels, or one, or none; else which.
pub fn normalise(data: &Tensor, scale: f64, mean: &[f64], std: &[f64]) -> Result<Tensor> {
    let n = data.size()[0];
    let along_channels = |name: &str, values: &[f64]| {
        if values.len() != 1 && values.len() as i64 != n {
            return Err(Error::item(format!("`{name}` is for {} channels, the volume has {n}", values.len())));
        }
        let mut shape = vec![1; data.dim()];
        shape[0] = values.len() as i64;
        Ok(Tensor::from_slice(values).to_kind(Kind::Float).to_device(data.device()).view(shape.as_slice()))
    };
    let mut out = data.f_to_dtype(Kind::Float, false, true)?.contiguous();
    if scale != 1.0 {
        out = out.f_div_scalar(scale)?;
    }
    if !mean.is_empty() {
        out = out.f_sub(&along_channels("mean", mean)?)?;
    }
    if !std.is_empty() {
        out = out.f_div(&along_channels("std", std)?)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey() -> Volume {
        Volume::new(Tensor::from_slice(&[0_u8, 51, 102, 153, 204, 255]).view([1, 2, 3]), Affine::IDENTITY)
    }

    fn tensor(params: Json, volume: &Volume) -> Result<Tensor> {
        ToTensor::read(&params)?.tensor(volume)
    }

    #[test]
    fn a_grey_picture_becomes_what_a_network_of_three_channels_takes() {
        let params = json!({"dims": 2, "channels": 3, "scale": 255, "mean": [0.5, 0.25, 0.0], "std": [0.5, 0.5, 0.25]});
        let out = tensor(params, &grey()).unwrap();
        assert_eq!((out.size(), out.kind()), (vec![3, 2, 3], Kind::Float));
        // In float32, operation by operation.
        let expected =
            |mean: f32, std: f32| [0.0_f32, 51.0, 102.0, 153.0, 204.0, 255.0].map(|value| (value / 255.0 - mean) / std);
        let expected = [expected(0.5, 0.5), expected(0.25, 0.5), expected(0.0, 0.25)].concat();
        assert_eq!(Vec::<f32>::try_from(out.view(-1)).unwrap(), expected);
    }

    #[test]
    fn without_parameters_only_type_and_rank_change() {
        let out = tensor(json!({}), &grey()).unwrap();
        assert_eq!((out.size(), out.kind()), (vec![1, 1, 2, 3], Kind::Float));
        assert_eq!(tensor(json!({"dims": 2, "batch": true}), &grey()).unwrap().size(), [1, 1, 2, 3]);
        let float = Volume::new(Tensor::from_slice(&[1.5_f32, 2.5]).view([2, 1, 1, 1]), Affine::IDENTITY);
        let out = tensor(json!({}), &float).unwrap();
        assert_eq!(Vec::<f32>::try_from(out.view(-1)).unwrap(), [1.5, 2.5]);
        assert_ne!(out.data_ptr(), float.data.data_ptr(), "values are never shared with what may change");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let thick = Volume::new(Tensor::zeros([2, 4, 1, 1], (Kind::Uint8, Device::Cpu)), Affine::IDENTITY);
        let fault = |params: Json| tensor(params, &thick).unwrap_err().to_string();
        assert_eq!(fault(json!({"dims": 2})), "? has 4 slices, and `dims: 2` takes one");
        assert_eq!(fault(json!({"channels": 3})), "? has 2 channels, `channels` says 3; only one is repeated");
        assert_eq!(fault(json!({"mean": [1, 2, 3]})), "`mean` is for 3 channels, the volume has 2");
        assert_eq!(fault(json!({"std": [1, 0]})), "std[1] must be above 0, got 0");
        assert_eq!(fault(json!({"channels": 3, "std": [1, 2]})), "std is for 2 channels, and channels for 3");
    }
}
