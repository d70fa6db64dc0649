//! `imaging.similarity`: an image against a reference, voxel by voxel.

use super::protocol::{Named, Protocol, WindowName};
use super::{Ssim, Window, psnr};
use crate::tensor::{elements, expect_same_grid, shape_of};
use voxloom_sdk::prelude::*;

/// Measures how alike two images on the same grid are: mean absolute error, PSNR and SSIM (Wang et al. 2004).
#[derive(Params)]
#[param(check)]
pub struct Similarity {
    /// A published way to measure, so that figures compare; left out, the parameters below say how.
    pub protocol: Option<Protocol>,
    /// With `protocol`: SSIM's window; left out, the protocol's own (`uniform7` for `volume`, else `gaussian11`).
    pub window: Option<WindowName>,
    /// With `protocol`: voxels at each end of rows and columns that do not count.
    #[param(default = 0)]
    pub border: usize,
    /// Largest minus smallest value that an image can take. Without it, that of the reference; with `protocol`, the reference's largest value.
    #[param(above = 0.0)]
    pub range: Option<f64>,
    /// SSIM of each slice [H, W], averaged, instead of one with a window in three dimensions.
    #[param(default = false)]
    pub slices: bool,
    /// Sigma of SSIM's Gaussian window in voxels, cut at 3.5 sigma: 1.5 gives the 11 voxels of Wang et al.
    #[param(default = 1.5, above = 0.0)]
    pub sigma: f64,
    /// An odd number: a uniform window of so many voxels instead of the Gaussian.
    #[param(min = 3)]
    pub uniform: Option<usize>,
    /// First constant of SSIM.
    #[param(default = 0.01, above = 0.0)]
    pub k1: f64,
    /// Second constant of SSIM.
    #[param(default = 0.03, above = 0.0)]
    pub k2: f64,
}

impl Similarity {
    fn check_relations(&self) -> Result<()> {
        if self.protocol.is_some() {
            let changed = [
                ("slices", self.slices),
                ("sigma", self.sigma != 1.5),
                ("uniform", self.uniform.is_some()),
                ("k1", self.k1 != 0.01),
                ("k2", self.k2 != 0.03),
            ];
            if let Some((name, _)) = changed.into_iter().find(|(_, changed)| *changed) {
                return Err(Error::param(name, "must be left out: the protocol says it"));
            }
        } else if self.window.is_some() || self.border > 0 {
            let name = if self.window.is_some() { "window" } else { "border" };
            return Err(Error::param(name, "is for a `protocol`; name one"));
        }
        match self.uniform {
            Some(n) if n % 2 == 0 => Err(Error::param("uniform", format!("must be odd, got {n}"))),
            _ => Ok(()),
        }
    }
}

impl Operator for Similarity {
    const NAME: &'static str = "imaging.similarity";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("prediction").shape("[D, H, W]").about("any element type"))
            .input(Port::volume("reference").shape("[D, H, W]").about("on the same grid"))
            .output(Port::json("metrics").about(
                "{case, mae, mse, psnr_db, ssim, range}; psnr_db is null for equal images, ssim where its window fits nowhere; with a protocol also its name, window, border, and how many slices there are and how many of them are equal and so have no PSNR",
            ))
    }

    fn threads() -> Threads {
        Threads::All
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (prediction, reference): (Volume, Volume) = (call.input("prediction")?, call.input("reference")?);
        let metrics = self.measure(&prediction, &reference, call.threads())?;
        call.output("metrics", metrics)
    }
}

impl Similarity {
    /// The numbers of one case.
    ///
    /// # Errors
    /// Other grids; a reference without contrast where `range` is not given.
    pub fn measure(&self, prediction: &Volume, reference: &Volume, threads: usize) -> Result<Json> {
        expect_same_grid(("prediction", prediction), ("reference", reference))?;
        let shape = shape_of(reference)?;
        let (p, r): (Vec<f64>, Vec<f64>) = (elements(&prediction.data)?, elements(&reference.data)?);
        let name = if reference.meta.contains_key("name") { reference.name() } else { prediction.name() };
        let (low, high) = r.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        if let Some(protocol) = self.protocol {
            let range = self.range.unwrap_or(high);
            let named = Named { protocol, window: self.window, border: self.border, range };
            let mut metrics = named.measure(&p, &r, shape, threads).map_err(Error::item)?;
            metrics["case"] = name.into();
            return Ok(metrics);
        }
        let range = self.range.unwrap_or(high - low);
        if range <= 0.0 {
            return Err(Error::item(format!("every voxel of `reference` is {low}: give `range`")));
        }
        let window = self.uniform.map_or(Window::Gaussian { sigma: self.sigma }, |size| Window::Uniform { size });
        let ssim = Ssim { window, k1: self.k1, k2: self.k2, range, volume: !self.slices, sample: false };
        let mean = |of: fn(f64) -> f64| p.iter().zip(&r).map(|(p, r)| of(p - r)).sum::<f64>() / p.len() as f64;
        Ok(json!({
            "case": name,
            "mae": mean(f64::abs),
            "mse": mean(|d| d * d),
            // JSON has no infinity: null.
            "psnr_db": psnr(&p, &r, range),
            "ssim": ssim.mean(&p, &r, shape, threads),
            "range": range,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxloom_sdk::params::ParamType;

    #[test]
    fn an_image_against_itself_and_against_a_shift() {
        let values: Vec<f32> = (0..12 * 12).map(|i| (i * 37 % 101) as f32).collect();
        let image = Volume::new(Tensor::from_slice(&values).view([1, 12, 12]), Affine::IDENTITY);
        let operator = Similarity::parse(&json!({"slices": true, "range": 100})).expect("right");
        let same = operator.measure(&image, &image, 1).expect("same grid");
        assert_eq!((&same["psnr_db"], &same["mae"]), (&Json::Null, &json!(0.0)));
        assert!((same["ssim"].as_f64().expect("fits") - 1.0).abs() < 1e-12);
        let shifted = operator.measure(&image.map(|data| data + 10.0), &image, 1).expect("same grid");
        assert_eq!((&shifted["mae"], &shifted["psnr_db"]), (&json!(10.0), &json!(20.0)));
        let volume = Similarity::parse(&json!({})).expect("right").measure(&image, &image, 1).expect("same grid");
        assert_eq!((&volume["ssim"], &volume["range"]), (&Json::Null, &json!(100.0)), "one slice holds no 3D window");
    }

    #[test]
    fn even_windows_and_flat_references_are_refused() {
        let fault = Similarity::read(&json!({"uniform": 4})).err().map(|error| error.to_string());
        assert_eq!(fault.as_deref(), Some("uniform must be odd, got 4"));
        let flat = Volume::new(Tensor::zeros([1, 2, 2], (Kind::Float, Device::Cpu)), Affine::IDENTITY);
        let fault = Similarity::parse(&json!({})).expect("right").measure(&flat, &flat, 1).expect_err("no contrast");
        assert_eq!(fault.to_string(), "every voxel of `reference` is 0: give `range`");
    }
}
