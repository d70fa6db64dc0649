//! `imaging.blend`.

use super::{Average, Weighting};
use crate::tensor::{elements, shape_of};
use voxloom_sdk::prelude::*;

/// How overlapping windows are weighed.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    Gaussian,
    Constant,
}

impl Weights {
    /// With `sigma_scale` for the Gaussian.
    pub fn weighting(self, sigma_scale: f64) -> Weighting {
        match self {
            Self::Gaussian => Weighting::Gaussian { sigma_scale },
            Self::Constant => Weighting::Constant,
        }
    }
}

/// What is done to scores before they are averaged.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    None,
    Sigmoid,
    Softmax,
}

impl Activation {
    fn apply(self, patch: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Self::None => patch.shallow_clone(),
            Self::Sigmoid => patch.f_to_kind(Kind::Float)?.f_sigmoid()?,
            Self::Softmax => patch.f_to_kind(Kind::Float)?.f_softmax(1, Kind::Float)?,
        })
    }
}

/// Averages overlapping patch predictions into one volume; voxels that no patch covers are 0.
#[derive(Params)]
pub struct Blend {
    /// `gaussian` counts a window's centre more than its rim, `constant` counts all its voxels alike.
    #[param(default = Weights::Gaussian)]
    pub weights: Weights,
    /// Sigma of the Gaussian, as a share of the window's size.
    #[param(default = 0.125, above = 0.0)]
    pub sigma_scale: f64,
    /// Applied to each patch first: nothing, the sigmoid of each channel, or the softmax over channels.
    #[param(default = Activation::None)]
    pub activation: Activation,
}

impl Gather for Blend {
    const NAME: &'static str = "imaging.blend";

    fn entry() -> Entry {
        Entry::gather()
            .input(Port::tensor("patch").shape("[N, C, d, h, w]").gathered().about("predictions of windows"))
            .input(Port::tensor("corner").shape("[N, 3]").dtype("int64").gathered().about("first voxel of each along z, y, x"))
            .input(Port::volume("like").about("the volume that the windows were cut from"))
            .output(Port::volume("volume").shape("[C, D, H, W]").dtype("float32").about("on the grid of `like`"))
    }

    fn open(&self, call: &mut Call) -> Result<Box<dyn Accumulator>> {
        let like: Volume = call.input("like")?;
        let reader = PatchReader::new(self.weights.weighting(self.sigma_scale), self.activation);
        Ok(Box::new(BlendAccumulator { like, reader, average: None }))
    }
}

struct BlendAccumulator {
    like: Volume,
    reader: PatchReader,
    average: Option<Average>,
}

impl Accumulator for BlendAccumulator {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        let shape = shape_of(&self.like)?;
        let average = &mut self.average;
        self.reader.read(call, |patch, weight, window| {
            let average = average.get_or_insert_with(|| Average::new(window.channels, shape));
            if average.add(patch, weight, window.size, window.corner) {
                return Ok(());
            }
            let Window { size, corner, .. } = window;
            Err(Error::item(format!("a patch of {size:?} at {corner:?} does not lie inside `like` of {shape:?} voxels")))
        })
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        let average = self.average.take().ok_or_else(|| Error::item("no patch came"))?;
        let [d, h, w] = shape_of(&self.like)?.map(|n| n as i64);
        let data = Tensor::f_from_slice(&average.finish())?.f_view([-1, d, h, w])?;
        call.output("volume", self.like.with_data(data))
    }
}

/// Where a patch lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub channels: usize,
    pub size: [usize; 3],
    pub corner: [usize; 3],
}

/// Reads the ports `patch` and `corner` and makes the weight map once for all windows of one size.
pub(crate) struct PatchReader {
    weighting: Weighting,
    activation: Activation,
    channels: Option<usize>,
    weight: ([usize; 3], Vec<f32>),
}

impl PatchReader {
    pub fn new(weighting: Weighting, activation: Activation) -> Self {
        Self { weighting, activation, channels: None, weight: ([0; 3], Vec::new()) }
    }

    /// Calls `take` with values, weights and place of every patch of the call.
    pub fn read(&mut self, call: &mut Call, mut take: impl FnMut(&[f32], &[f32], Window) -> Result<()>) -> Result<()> {
        let (patches, corners): (Tensor, Tensor) = (call.input("patch")?, call.input("corner")?);
        let size = patches.size();
        let [n, channels, d, h, w] = size[..] else {
            return Err(Error::item(format!("`patch` is {size:?}, expected [N, C, D, H, W]")));
        };
        if corners.size() != [n, 3] {
            return Err(Error::item(format!("`corner` is {:?}, expected [{n}, 3]: one row for each patch", corners.size())));
        }
        let channels = channels as usize;
        if *self.channels.get_or_insert(channels) != channels {
            return Err(Error::item(format!("a patch has {channels} channels, the ones before had {:?}", self.channels)));
        }
        let size = [d, h, w].map(|n| n as usize);
        if self.weight.0 != size {
            self.weight = (size, self.weighting.map(size));
        }
        let values: Vec<f32> = elements(&self.activation.apply(&patches)?)?;
        let places: Vec<i64> = elements(&corners)?;
        let step = channels * size.iter().product::<usize>();
        for (patch, place) in values.chunks_exact(step.max(1)).zip(places.chunks_exact(3)) {
            if place.iter().any(|&start| start < 0) {
                return Err(Error::item(format!("a window cannot begin at {place:?}")));
            }
            let corner = std::array::from_fn(|axis| place[axis] as usize);
            take(patch, &self.weight.1, Window { channels, size, corner })?;
        }
        Ok(())
    }
}
