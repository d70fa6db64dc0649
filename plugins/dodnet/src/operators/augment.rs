//! `dodnet.augment`: random changes of intensity.

use super::params::Range;
use crate::augment::{Augmentation, GammaForm};
use crate::data::values;
use voxloom_sdk::prelude::*;

/// Which batchgenerators' gamma.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gamma {
    /// Mean and standard deviation are restored.
    Restored,
    /// As batchgenerators 0.20, which moves the mean.
    Shifted,
}

/// Seven random changes of intensity, in the paper's order: noise, blur, brightness by factor and by offset, contrast, low resolution, gamma. Each sample draws its own.
#[derive(Params)]
pub struct Augment {
    /// How often noise is added.
    #[param(default = 0.1, min = 0.0, max = 1.0)]
    pub noise_probability: f64,
    /// Its standard deviation.
    #[param(default = Range([0.0, 0.1]))]
    pub noise: Range,
    /// How often the image is blurred, to be halved (the paper draws again for each channel).
    #[param(default = 0.2, min = 0.0, max = 1.0)]
    pub blur_probability: f64,
    /// Sigma of the blur.
    #[param(default = Range([0.5, 1.0]), above = 0.0, unit = "voxels")]
    pub blur: Range,
    /// How often the brightness is multiplied.
    #[param(default = 0.15, min = 0.0, max = 1.0)]
    pub multiply_probability: f64,
    /// By what.
    #[param(default = Range([0.75, 1.25]))]
    pub multiply: Range,
    /// How often an offset is added, to be halved.
    #[param(default = 0.15, min = 0.0, max = 1.0)]
    pub add_probability: f64,
    /// Standard deviation of the offset.
    #[param(default = 0.1, min = 0.0)]
    pub add: f64,
    /// How often the contrast is stretched about the mean.
    #[param(default = 0.15, min = 0.0, max = 1.0)]
    pub contrast_probability: f64,
    /// By what; below and above 1 equally often.
    #[param(default = Range([0.75, 1.25]))]
    pub contrast: Range,
    /// How often a lower resolution is simulated, to be halved.
    #[param(default = 0.25, min = 0.0, max = 1.0)]
    pub low_resolution_probability: f64,
    /// Its size as a factor.
    #[param(default = Range([0.5, 1.0]), above = 0.0, max = 1.0)]
    pub low_resolution: Range,
    /// How often gamma is changed.
    #[param(default = 0.15, min = 0.0, max = 1.0)]
    pub gamma_probability: f64,
    /// The exponent; below and above 1 equally often.
    #[param(default = Range([0.7, 1.5]), above = 0.0)]
    pub gamma: Range,
    /// What is restored after gamma.
    #[param(default = Gamma::Restored)]
    pub gamma_form: Gamma,
}

impl Operator for Augment {
    const NAME: &'static str = "dodnet.augment";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("image").shape("[…, 1, D, H, W]").about("one sample or a batch"))
            .output(Port::tensor("image").shape("[…, 1, D, H, W]").dtype("float32").about("not clipped to the range that was"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let image: Tensor = call.input("image")?;
        let size = image.size();
        let &[.., 1, d, h, w] = &size[..] else {
            return Err(Error::item(format!("`image` is {size:?}, expected [1, D, H, W] or [N, 1, D, H, W]")));
        };
        let shape = [d, h, w].map(|n| n as usize);
        let (mut rng, augmentation) = (call.rng(), self.augmentation());
        let mut out = Vec::with_capacity(image.numel());
        for sample in values(&image).chunks_exact(shape.iter().product::<usize>().max(1)) {
            let mut sample = sample.to_vec();
            augmentation.apply(&mut sample, shape, &mut rng);
            out.append(&mut sample);
        }
        call.output("image", Tensor::from_slice(&out).view(size.as_slice()).to_device(image.device()))
    }
}

impl Augment {
    fn augmentation(&self) -> Augmentation {
        Augmentation {
            noise_probability: self.noise_probability,
            noise: self.noise.0,
            blur_probability: self.blur_probability,
            blur: self.blur.0,
            multiply_probability: self.multiply_probability,
            multiply: self.multiply.0,
            add_probability: self.add_probability,
            add: self.add,
            contrast_probability: self.contrast_probability,
            contrast: self.contrast.0,
            low_resolution_probability: self.low_resolution_probability,
            low_resolution: self.low_resolution.0,
            gamma_probability: self.gamma_probability,
            gamma: self.gamma.0,
            gamma_form: match self.gamma_form {
                Gamma::Restored => GammaForm::Restored,
                Gamma::Shifted => GammaForm::Shifted,
            },
        }
    }
}
