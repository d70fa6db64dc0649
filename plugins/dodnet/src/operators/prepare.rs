//! `dodnet.prepare`: a volume as the network takes it.

use super::params::{Range, shape, single};
use crate::data::{clip_percentiles, window, z_score};
use crate::respace::{self, Manner};
use voxloom_imaging::reorient::{Orientation, turn_volume};
use voxloom_sdk::prelude::*;

/// What the volume holds.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Image,
    Label,
}

/// How intensities are brought to a range that networks can take.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intensity {
    /// Clipped to `window`, which becomes [-1, 1]: for CT.
    Window,
    /// Mean 0 and standard deviation 1 in each volume, clipped to `percentiles` first: for MR.
    ZScore,
    /// Left as they are.
    None,
}

/// Whose respacing.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Respacing {
    /// Sizes rounded, the extent stays, borders go on with their edge value, labels by plain nearest neighbour.
    Plain,
    /// The authors' script: sizes truncated, zeros beyond the border, labels smoothed, results whole numbers.
    Compat,
    /// The authors' script for kidneys: mirrored at the border.
    CompatKidney,
}

/// Brings a volume to the orientation, spacing and intensities that a network was trained with. The defaults are the paper's for CT, but keep orientation and spacing.
#[derive(Params)]
pub struct Prepare {
    /// An image, or a label volume that goes along with one: labels keep their values.
    #[param(default = Content::Image)]
    pub content: Content,
    /// Sides of the body towards which i, j, k run, such as `RAS`; left out, the file's. Checkpoints of the authors saw the first two axes swapped: `ARS`.
    pub orientation: Option<Orientation>,
    /// Voxel size along z, y, x; left out, the file's. The paper's is [1.5, 0.8, 0.8].
    #[param(above = 0.0, unit = "mm")]
    pub spacing_mm: Option<[f64; 3]>,
    /// How volumes are brought to another spacing.
    #[param(default = Respacing::Plain)]
    pub respacing: Respacing,
    /// How intensities are scaled; labels never are.
    #[param(default = Intensity::Window)]
    pub intensity: Intensity,
    /// For `intensity: window`.
    #[param(default = Range([-325.0, 325.0]), unit = "HU")]
    pub window: Range,
    /// For `intensity: z_score`: clipped to these percentiles of the volume first.
    #[param(default = Range([0.0, 100.0]))]
    pub percentiles: Range,
}

impl Operator for Prepare {
    const NAME: &'static str = "dodnet.prepare";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("an image or a label volume, [D, H, W]"))
            .output(Port::volume("volume").about("float32 for an image; labels keep their type"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let mut volume: Volume = call.input("volume")?;
        let data = single(&volume, "volume")?;
        volume = volume.with_data(data);
        if let Some(Orientation(code)) = self.orientation {
            volume = turn_volume(&volume, code)?;
        }
        if let Some(spacing) = self.spacing_mm {
            volume = self.respaced(&volume, spacing)?;
        }
        if self.content == Content::Image {
            volume = volume.map(|data| self.scaled(data));
        }
        call.output("volume", volume)
    }
}

impl Prepare {
    fn scaled(&self, image: &Tensor) -> Tensor {
        match self.intensity {
            Intensity::Window => window(image, self.window.0[0], self.window.0[1]),
            Intensity::ZScore if self.percentiles.0 == [0.0, 100.0] => z_score(image),
            Intensity::ZScore => z_score(&clip_percentiles(image, self.percentiles.0[0], self.percentiles.0[1])),
            Intensity::None => image.to_kind(Kind::Float),
        }
    }

    fn respaced(&self, volume: &Volume, target: [f64; 3]) -> Result<Volume> {
        let manner = match self.respacing {
            Respacing::Plain => Manner::Plain,
            Respacing::Compat => Manner::Compat,
            Respacing::CompatKidney => Manner::CompatKidney,
        };
        let (shape, spacing) = (shape(volume)?, volume.affine.spacing_zyx());
        let size = respace::new_size(shape, spacing, target, manner);
        if size == shape && manner == Manner::Plain {
            return Ok(volume.with_data(volume.data.shallow_clone()));
        }
        let kind = volume.data.kind();
        let values: Vec<f64> = Vec::try_from(volume.data.to_device(Device::Cpu).to_kind(Kind::Double).contiguous().view(-1))?;
        let (values, kind) = match self.content {
            Content::Image => (respace::image(&values, shape, size, manner), Kind::Float),
            Content::Label => (respace::label(&values, shape, size, manner), kind),
        };
        let data = Tensor::from_slice(&values).view(size.map(|n| n as i64)).to_kind(kind);
        let factor = |axis: usize| match manner {
            Manner::Plain => shape[axis] as f64 / size[axis] as f64,
            _ => target[axis] / spacing[axis],
        };
        let affine = volume.affine.scaled([factor(0), factor(1), factor(2)]);
        // The authors keep the first voxel's centre where it was.
        let affine = if manner == Manner::Plain { affine } else { with_origin(affine, volume.affine) };
        Ok(volume.with_grid(data, affine))
    }
}

fn with_origin(mut affine: Affine, of: Affine) -> Affine {
    (0..3).for_each(|row| affine.0[row][3] = of.0[row][3]);
    affine
}
