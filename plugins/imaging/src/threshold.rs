//! `imaging.threshold`: from probabilities to labels.

use voxloom_sdk::prelude::*;

/// Makes labels of values: 1 where a value is above `above` (or at least `from`), 0 elsewhere.
///
/// With `labels`, the channels become one label map: where channel i passes, its label stands; later channels win, as a cup lies within
/// its disc.
///
/// # Shapes
/// - in:  `[D, H, W]` or `[C, D, H, W]`
/// - out: the same, or `[D, H, W]` with `labels`
#[derive(Debug, Params)]
#[param(check)]
pub struct Threshold {
    /// Values above it pass. 0.5 where neither this nor `from` is given.
    pub above: Option<f64>,
    /// Values that are at least this pass.
    pub from: Option<f64>,
    /// The label of each channel, in their order.
    #[param(min_len = 1, min = 1, max = 255)]
    pub labels: Option<Vec<i64>>,
}

impl Operator for Threshold {
    const NAME: &'static str = "imaging.threshold";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").shape("[…, D, H, W]").about("such as probabilities; NaN never passes"))
            .output(Port::volume("volume").shape("[…, D, H, W]").dtype("uint8").about("on the same grid"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let marked = self.marked(&volume.data);
        let data = match &self.labels {
            None => marked.to_kind(Kind::Uint8),
            Some(labels) => one_map(&marked, labels).map_err(|fault| Error::item(format!("{} {fault}", volume.name())))?,
        };
        let mut map = volume.with_data(data);
        map.meta.remove("colour");
        call.output("volume", map)
    }
}

impl Threshold {
    fn check_relations(&self) -> Result<()> {
        match (self.above, self.from) {
            (Some(_), Some(_)) => Err(Error::param("from", "and above both say what passes: give one of them")),
            _ => Ok(()),
        }
    }

    fn marked(&self, data: &Tensor) -> Tensor {
        match self.from {
            Some(from) => data.ge(from),
            None => data.gt(self.above.unwrap_or(0.5)),
        }
    }
}

/// One label map of masks `[C, D, H, W]`; later channels win.
fn one_map(masks: &Tensor, labels: &[i64]) -> Result<Tensor, String> {
    let masks = if masks.dim() == 3 { masks.unsqueeze(0) } else { masks.shallow_clone() };
    let n = masks.size()[0];
    if n != labels.len() as i64 {
        return Err(format!("has {n} channels, `labels` has {}", labels.len()));
    }
    let empty = masks.select(0, 0).zeros_like().to_kind(Kind::Uint8);
    let write = |map: Tensor, (channel, &label): (i64, &i64)| map.masked_fill(&masks.select(0, channel), label);
    Ok((0..).zip(labels).fold(empty, write))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(params: Json, values: &[f32]) -> Vec<u8> {
        let marked = Threshold::read(&params).unwrap().marked(&Tensor::from_slice(values));
        Vec::try_from(marked.to_kind(Kind::Uint8)).unwrap()
    }

    #[test]
    fn the_threshold_itself_passes_only_where_asked() {
        let values = [0.25, 0.5, 0.75, f32::NAN];
        assert_eq!(marks(json!({}), &values), [0, 0, 1, 0]);
        assert_eq!(marks(json!({"from": 0.5}), &values), [0, 1, 1, 0]);
        assert_eq!(marks(json!({"above": 0.2}), &values), [1, 1, 1, 0]);
        let fault = Threshold::read(&json!({"above": 0.2, "from": 0.2})).unwrap_err();
        assert_eq!(fault.to_string(), "from and above both say what passes: give one of them");
    }

    #[test]
    fn later_channels_lie_on_top() {
        let masks = Tensor::from_slice(&[1_u8, 1, 0, 0, 1, 0]).view([2, 1, 1, 3]).to_kind(Kind::Bool);
        let map = one_map(&masks, &[1, 2]).unwrap();
        assert_eq!((map.size(), Vec::<u8>::try_from(map.view(-1)).unwrap()), (vec![1, 1, 3], vec![1, 2, 0]));
        assert_eq!(one_map(&masks, &[1]).unwrap_err(), "has 2 channels, `labels` has 1");
    }
}
