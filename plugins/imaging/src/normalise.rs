//! `imaging.normalise`: intensities on a common scale.

use crate::tensor::{elements, expect_same_grid};
use voxloom_sdk::prelude::*;

/// What values are held against.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Zscore,
    Minmax,
    Percentile,
    Range,
}

/// Which voxels the statistics are taken from.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    All,
    Nonzero,
    Mask,
}

/// Puts intensities on a common scale: mean 0 and deviation 1, or a range of values onto another one.
#[derive(Params)]
#[param(check)]
pub struct Normalise {
    /// `zscore`: (value - mean) / standard deviation (population). `minmax`, `percentile`, `range`: the smallest to the largest value, one percentile to another, or `low` to `high`, go linearly onto `to`.
    #[param(default = Method::Zscore)]
    pub method: Method,
    /// Voxels that mean, deviation, smallest and largest value and percentiles are taken from: `all`, those that are not 0, or those where the input `mask` is not 0.
    #[param(default = Over::All)]
    pub over: Over,
    /// Lower end: a percentile (default 0.5) for `percentile`, a value for `range`.
    pub low: Option<f64>,
    /// Upper end: a percentile (default 99.5) for `percentile`, a value for `range`.
    pub high: Option<f64>,
    /// Where the lower and the upper end go; not used by `zscore`.
    #[param(default = [0.0, 1.0])]
    pub to: [f64; 2],
    /// Values outside of the ends are limited to them first; not used by `zscore`.
    #[param(default = true)]
    pub clip: bool,
}

impl Normalise {
    fn check_relations(&self) -> Result<()> {
        let (low, high) = self.ends();
        match self.method {
            Method::Range if self.low.is_none() => Err(Error::param("low", "is missing: `range` needs low and high")),
            Method::Range if self.high.is_none() => Err(Error::param("high", "is missing: `range` needs low and high")),
            Method::Zscore | Method::Minmax if self.low.or(self.high).is_some() => {
                Err(Error::param(if self.low.is_some() { "low" } else { "high" }, "is for `percentile` and `range` alone"))
            }
            Method::Percentile if low < 0.0 || high > 100.0 => {
                Err(Error::param(if low < 0.0 { "low" } else { "high" }, "must be a percentile from 0 to 100"))
            }
            Method::Percentile | Method::Range if low >= high => {
                Err(Error::param("low", format!("must be below high ({high}), got {low}")))
            }
            _ => Ok(()),
        }
    }

    fn ends(&self) -> (f64, f64) {
        (self.low.unwrap_or(0.5), self.high.unwrap_or(99.5))
    }
}

impl Operator for Normalise {
    const NAME: &'static str = "imaging.normalise";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("any element type"))
            .input(Port::volume("mask").optional().about("for `over: mask`: the same grid, not 0 where statistics are taken"))
            .output(Port::volume("volume").about("float32 (float64 stays); the same grid"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let mask: Option<Volume> = call.optional("mask")?;
        if let Some(mask) = &mask {
            expect_same_grid(("volume", &volume), ("mask", mask))?;
        }
        let data = self.apply(&volume.data, mask.as_ref().map(|mask| &mask.data))?;
        call.output("volume", volume.with_data(data))
    }
}

impl Normalise {
    /// The normalised values, float32 unless `data` is float64. A volume without contrast becomes 0, or `to[0]`.
    ///
    /// # Errors
    /// `over: mask` without a mask; no voxel to take statistics from.
    pub fn apply(&self, data: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let kind = if data.kind() == Kind::Double { Kind::Double } else { Kind::Float };
        let data = data.f_to_kind(kind)?;
        let chosen = || -> Result<Tensor> {
            let chosen = match (self.over, mask) {
                (Over::All, _) => data.f_reshape([-1])?,
                (Over::Nonzero, _) => data.f_masked_select(&data.f_ne(0.0)?)?,
                (Over::Mask, Some(mask)) => data.f_masked_select(&mask.f_ne(0.0)?)?,
                (Over::Mask, None) => return Err(Error::item("`over: mask` needs the input `mask`: connect it under `in`")),
            };
            if chosen.numel() == 0 { Err(Error::item("there is no voxel to take statistics from")) } else { Ok(chosen) }
        };
        let (low, high) = match self.method {
            Method::Zscore => {
                let chosen = chosen()?.f_to_kind(Kind::Double)?;
                let (mean, deviation) = (chosen.f_mean(Kind::Double)?.double_value(&[]), chosen.f_std(false)?.double_value(&[]));
                return Ok((data - mean) / deviation.max(1e-8));
            }
            Method::Minmax => (chosen()?.f_min()?.double_value(&[]), chosen()?.f_max()?.double_value(&[])),
            Method::Percentile => percentiles(&chosen()?, self.ends())?,
            Method::Range => self.ends(),
        };
        let [from, to] = self.to;
        let scale = if high > low { (to - from) / (high - low) } else { 0.0 };
        let data = if self.clip { data.f_clamp(low, high)? } else { data };
        Ok((data - low) * scale + from)
    }
}

/// Two percentiles, linear between ranks as numpy's.
fn percentiles(chosen: &Tensor, ends: (f64, f64)) -> Result<(f64, f64)> {
    let mut values: Vec<f32> = elements(chosen)?;
    let mut at = |percent: f64| {
        let rank = percent / 100.0 * (values.len() - 1) as f64;
        let below = rank.floor() as usize;
        let (_, &mut low, rest) = values.select_nth_unstable_by(below, f32::total_cmp);
        let high = rest.iter().copied().min_by(f32::total_cmp).unwrap_or(low);
        f64::from(low) + (f64::from(high) - f64::from(low)) * (rank - below as f64)
    };
    Ok((at(ends.0), at(ends.1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxloom_sdk::params::ParamType;

    fn normalised(params: Json, values: &[f32], mask: Option<&[u8]>) -> Vec<f32> {
        let operator = Normalise::parse(&params).expect("the parameters are right");
        let mask = mask.map(Tensor::from_slice);
        let out = operator.apply(&Tensor::from_slice(values), mask.as_ref()).expect("the input is right");
        Vec::<f32>::try_from(out).expect("float32")
    }

    fn close(a: &[f32], b: &[f32]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    #[test]
    fn zscore_has_mean_zero_and_deviation_one() {
        assert!(close(&normalised(json!({}), &[1.0, 3.0], None), &[-1.0, 1.0]));
        assert!(close(&normalised(json!({"over": "nonzero"}), &[0.0, 1.0, 3.0], None), &[-2.0, -1.0, 1.0]));
        assert!(close(&normalised(json!({"over": "mask"}), &[9.0, 1.0, 3.0], Some(&[0, 1, 1])), &[7.0, -1.0, 1.0]));
        assert!(close(&normalised(json!({}), &[5.0, 5.0], None), &[0.0, 0.0]), "no contrast");
    }

    #[test]
    fn ranges_go_onto_ranges() {
        assert!(close(&normalised(json!({"method": "minmax"}), &[2.0, 4.0, 3.0], None), &[0.0, 1.0, 0.5]));
        let hounsfield = json!({"method": "range", "low": -325, "high": 325, "to": [-1, 1]});
        assert!(close(&normalised(hounsfield, &[-1000.0, 0.0, 650.0], None), &[-1.0, 0.0, 1.0]));
        let open = json!({"method": "range", "low": 0, "high": 2, "clip": false});
        assert!(close(&normalised(open, &[-2.0, 3.0], None), &[-1.0, 1.5]));
        assert!(close(&normalised(json!({"method": "minmax", "to": [3, 5]}), &[2.0, 2.0], None), &[3.0, 3.0]));
        let values: Vec<f32> = (0..=100).map(|i| i as f32).collect();
        let out = normalised(json!({"method": "percentile", "low": 10, "high": 89.5}), &values, None);
        assert!(close(&[out[5], out[10], out[89], out[90]], &[0.0, 0.0, 79.0 / 79.5, 1.0]));
    }

    #[test]
    fn wrong_relations_are_refused() {
        for (params, message) in [
            (json!({"method": "range", "low": 1}), "high is missing: `range` needs low and high"),
            (json!({"method": "range", "low": 2, "high": 1}), "low must be below high (1), got 2"),
            (json!({"method": "percentile", "high": 101}), "high must be a percentile from 0 to 100"),
            (json!({"low": 1}), "low is for `percentile` and `range` alone"),
        ] {
            assert_eq!(Normalise::read(&params).err().map(|error| error.to_string()).as_deref(), Some(message));
        }
    }

    #[test]
    fn no_voxel_has_no_statistics() {
        let operator = Normalise::parse(&json!({"over": "nonzero"})).expect("the parameters are right");
        let fault = operator.apply(&Tensor::from_slice(&[0.0f32]), None).expect_err("nothing is not 0");
        assert_eq!(fault.to_string(), "there is no voxel to take statistics from");
    }
}
