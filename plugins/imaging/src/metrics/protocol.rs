//! Published ways to say how good an image is: PSNR and SSIM by name, so that figures compare.

use super::{Ssim, Window, psnr};
use voxloom_sdk::Json;
use voxloom_sdk::params::{ParamType, choice_schema, not_a_choice};
use voxloom_sdk::prelude::*;

/// What is averaged over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// PSNR from one mean squared error over the volume; SSIM of each slice, averaged.
    Volume,
    /// PSNR and SSIM of each slice, averaged.
    Slice,
    /// As [`Protocol::Slice`] after scaling to 0..255, rounding (half to even) and clipping.
    Slice8Bit,
}

/// Rationale: by hand, since the published name has a hyphen.
impl ParamType for Protocol {
    fn schema() -> Json {
        choice_schema(&NAMES)
    }

    fn parse(json: &Json) -> Result<Self> {
        match json.as_str() {
            Some("volume") => Ok(Self::Volume),
            Some("slice") => Ok(Self::Slice),
            Some("slice-8bit") => Ok(Self::Slice8Bit),
            _ => Err(not_a_choice(json, &NAMES)),
        }
    }

    fn to_json(&self) -> Json {
        NAMES[*self as usize].into()
    }
}

const NAMES: [&str; 3] = ["volume", "slice", "slice-8bit"];

/// Window of SSIM by name.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowName {
    /// 11 × 11 Gaussian with sigma 1.5, population variances (Wang et al. 2004).
    Gaussian11,
    /// 7 × 7 mean, sample variances (scikit-image's default).
    Uniform7,
}

/// A protocol with all that a report must name.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    pub protocol: Protocol,
    /// `None`: the protocol's own.
    pub window: Option<WindowName>,
    /// Voxels at each end of rows and columns that do not count.
    pub border: usize,
    /// L, the largest value that an image can take.
    pub range: f64,
}

impl Named {
    /// PSNR, SSIM and what they were measured by; float64 throughout. Slices lie across the first axis.
    ///
    /// # Errors
    /// A border that leaves nothing, a range that is not above 0.
    pub fn measure(&self, prediction: &[f64], reference: &[f64], shape: [usize; 3], threads: usize) -> Result<Json, String> {
        if self.range <= 0.0 {
            return Err(format!("the largest value of `reference` is {}: give `range`", self.range));
        }
        let [rows, columns] = [shape[1], shape[2]].map(|n| n.saturating_sub(2 * self.border));
        let inner = [shape[0], rows, columns];
        if rows == 0 || columns == 0 {
            return Err(format!("a border of {} leaves nothing of slices of {} by {}", self.border, shape[1], shape[2]));
        }
        let cut = |values: &[f64]| self.cut(values, shape);
        let (p, r) = (self.scaled(cut(prediction)), self.scaled(cut(reference)));
        let range = if self.protocol == Protocol::Slice8Bit { 255.0 } else { self.range };
        let slice = rows * columns;
        let slices: Vec<f64> = p.chunks_exact(slice).zip(r.chunks_exact(slice)).map(|(p, r)| psnr(p, r, range)).collect();
        let finite: Vec<f64> = slices.iter().copied().filter(|value| value.is_finite()).collect();
        let psnr_db = match self.protocol {
            Protocol::Volume => psnr(&p, &r, range),
            _ => finite.iter().sum::<f64>() / finite.len() as f64,
        };
        let window = self.window.unwrap_or(match self.protocol {
            Protocol::Volume => WindowName::Uniform7,
            _ => WindowName::Gaussian11,
        });
        let ssim = ssim(window, range).mean(&p, &r, inner, threads);
        let mean = |of: fn(f64) -> f64| p.iter().zip(&r).map(|(p, r)| of(p - r)).sum::<f64>() / p.len() as f64;
        Ok(json!({
            "protocol": self.protocol.to_json(),
            "psnr_db": psnr_db,
            "ssim": ssim,
            "mae": mean(f64::abs),
            "mse": mean(|d| d * d),
            "range": self.range,
            "border": self.border,
            "window": window.to_json(),
            "slices": slices.len(),
            "equal_slices": slices.len() - finite.len(),
        }))
    }

    fn cut(&self, values: &[f64], shape: [usize; 3]) -> Vec<f64> {
        let (b, [_, h, w]) = (self.border, shape);
        let rows = |slice: &[f64]| -> Vec<f64> {
            slice.chunks_exact(w).skip(b).take(h - 2 * b).flat_map(|row| row[b..w - b].to_vec()).collect()
        };
        values.chunks_exact(h * w).flat_map(rows).collect()
    }

    fn scaled(&self, values: Vec<f64>) -> Vec<f64> {
        match self.protocol {
            Protocol::Slice8Bit => {
                values.into_iter().map(|v| (v * 255.0 / self.range).round_ties_even().clamp(0.0, 255.0)).collect()
            }
            _ => values,
        }
    }
}

fn ssim(window: WindowName, range: f64) -> Ssim {
    let slices = Ssim { volume: false, ..Ssim::new(range) };
    match window {
        WindowName::Gaussian11 => slices,
        WindowName::Uniform7 => Ssim { window: Window::Uniform { size: 7 }, sample: true, ..slices },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(protocol: Protocol) -> Named {
        Named { protocol, window: None, border: 0, range: 100.0 }
    }

    #[test]
    fn slices_are_averaged_and_equal_ones_left_out() {
        let reference = vec![50.0; 3 * 12 * 12];
        let mut prediction = reference.clone();
        prediction[..144].fill(60.0);
        prediction[144..288].fill(51.0);
        let of = |protocol| named(protocol).measure(&prediction, &reference, [3, 12, 12], 1).expect("right");
        let slice = of(Protocol::Slice);
        assert!((slice["psnr_db"].as_f64().expect("a number") - 30.0).abs() < 1e-12, "the mean of 20 and 40 dB");
        assert_eq!((&slice["slices"], &slice["equal_slices"]), (&json!(3), &json!(1)));
        let volume = of(Protocol::Volume);
        let expected = 10.0 * (1e4 / (101.0 / 3.0f64)).log10();
        assert!((volume["psnr_db"].as_f64().expect("a number") - expected).abs() < 1e-12);
        assert_eq!((&volume["window"], &slice["window"]), (&json!("uniform7"), &json!("gaussian11")));
        assert_eq!(of(Protocol::Slice8Bit)["protocol"], "slice-8bit");
    }

    #[test]
    fn a_border_does_not_count() {
        let reference: Vec<f64> = (0..2 * 12 * 14).map(|i| f64::from(i * 37 % 101)).collect();
        let mut prediction = reference.clone();
        prediction[0] += 50.0;
        prediction[12 * 14 + 13] -= 50.0;
        let inside = Named { border: 1, ..named(Protocol::Volume) }.measure(&prediction, &reference, [2, 12, 14], 1);
        assert_eq!(inside.as_ref().expect("right")["psnr_db"], Json::Null);
        assert_eq!(inside.expect("right")["equal_slices"], 2);
        let fault = Named { border: 6, ..named(Protocol::Slice) }.measure(&prediction, &reference, [2, 12, 14], 1);
        assert_eq!(fault.expect_err("nothing is left"), "a border of 6 leaves nothing of slices of 12 by 14");
    }
}
