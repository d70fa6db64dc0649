//! `imaging.clip`: limits on values.

use crate::tensor::is_whole;
use tch::Scalar;
use voxloom_sdk::{dtype_name, prelude::*};

/// Limits every voxel to a range; the element type stays. Without limits nothing changes.
#[derive(Params)]
#[param(check)]
pub struct Clip {
    /// Lowest value that is kept; without it there is no lower limit.
    pub low: Option<f64>,
    /// Highest value that is kept; without it there is no upper limit.
    pub high: Option<f64>,
}

impl Clip {
    fn check_relations(&self) -> Result<()> {
        match (self.low, self.high) {
            (Some(low), Some(high)) if low >= high => Err(Error::param("low", format!("must be below high ({high}), got {low}"))),
            _ => Ok(()),
        }
    }
}

impl Operator for Clip {
    const NAME: &'static str = "imaging.clip";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("any element type"))
            .output(Port::volume("volume").about("the same grid and element type"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let data = clip(&volume.data, self.low, self.high)?;
        call.output("volume", volume.with_data(data))
    }
}

/// Limits every element.
///
/// # Errors
/// A limit that the element type cannot hold.
pub fn clip(data: &Tensor, low: Option<f64>, high: Option<f64>) -> Result<Tensor> {
    let scalar = |name: &str, limit: f64| match data.kind() {
        kind if !is_whole(kind) => Ok(Scalar::from(limit)),
        _ if limit.fract() == 0.0 => Ok(Scalar::from(limit as i64)),
        kind => Err(Error::param(name, format!("must be a whole number for voxels of {}, got {limit}", dtype_name(kind)))),
    };
    let mut out = data.shallow_clone();
    if let Some(low) = low {
        out = out.f_clamp_min(scalar("low", low)?)?;
    }
    if let Some(high) = high {
        out = out.f_clamp_max(scalar("high", high)?)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_in_the_range_and_keep_their_type() {
        let out = clip(&Tensor::from_slice(&[-900i16, 0, 900]), Some(-325.0), Some(325.0)).expect("whole limits");
        assert_eq!((out.kind(), Vec::<i16>::try_from(out).expect("int16")), (Kind::Int16, vec![-325, 0, 325]));
        let out = clip(&Tensor::from_slice(&[-1.0f32, 2.0]), None, Some(0.5)).expect("any limits");
        assert_eq!(Vec::<f32>::try_from(out).expect("float32"), [-1.0, 0.5]);
    }

    #[test]
    fn limits_that_do_not_fit_are_refused() {
        let refused = |json: Json| Clip::read(&json).err().map(|error| error.to_string());
        assert_eq!(refused(json!({"low": 3, "high": 3})).as_deref(), Some("low must be below high (3), got 3"));
        assert_eq!(refused(json!({"high": 3})), None);
        let fault = clip(&Tensor::from_slice(&[1u8]), Some(0.5), None).expect_err("half a label");
        assert_eq!(fault.to_string(), "low must be a whole number for voxels of uint8, got 0.5");
    }
}
