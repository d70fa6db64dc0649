//! `mrnet.sample`: an 8-bit picture and its raters' masks as the networks take them.

use crate::pictures::{Chances, Draw, How, image, masks};
use voxloom_parts::pillow::{Filter, Plane};
use voxloom_sdk::prelude::*;

/// How masks are resized and turned.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelInterpolation {
    /// The nearest pixel: masks keep their grey values.
    Nearest,
    /// As the authors' loader under today's Pillow: what begins at 1 grows, what begins at 255 shrinks.
    Bicubic,
}

/// Brings a picture (8-bit grey or RGB) and the raters' masks to one size, varies both alike where asked, and normalises the picture with ImageNet's means. Exactly as Pillow does it.
#[derive(Params, Clone, Debug)]
#[param(check)]
pub struct Sample {
    /// Rows and columns of the result: multiples of 32. The paper's are 256.
    #[param(default = [256, 256], min = 32)]
    pub size: [usize; 2],
    /// How often it is flipped left to right; the paper's is 0.5 for training.
    #[param(default = 0.0, min = 0.0, max = 1.0)]
    pub flip: f64,
    /// How often it is turned; the paper's is 0.2 for training.
    #[param(default = 0.0, min = 0.0, max = 1.0)]
    pub rotate: f64,
    /// First and last angle, counter-clockwise, whole numbers, all alike likely.
    #[param(default = [-15, 14], min = -180, max = 180, unit = "degrees")]
    pub degrees: [i32; 2],
    /// How masks are resized and turned; pictures are always bicubic.
    #[param(default = LabelInterpolation::Nearest)]
    pub label_interpolation: LabelInterpolation,
    /// From which grey value on a pixel belongs to structure 1, 2, …; the paper's masks hold 0, 128 (disc) and 255 (cup in the disc).
    #[param(default = vec![1, 255], min_len = 1, min = 1, max = 255)]
    pub levels: Vec<i64>,
}

impl Operator for Sample {
    const NAME: &'static str = "mrnet.sample";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("image").about("one picture of uint8: grey [1, H, W] or RGB [3, 1, H, W]"))
            .input(Port::volume("masks").optional().about("uint8, a channel a rater: [R, 1, H, W]"))
            .input(Port::of("case", "case").optional().about("names the sample where something is wrong"))
            .output(
                Port::tensor("image")
                    .shape("[1, 3, H%32, W%32]")
                    .dtype("float32")
                    .about("normalised, a batch of one; a grey picture three times"),
            )
            .output(Port::tensor("masks").dtype("float32").about("[1, R, C, H, W], 0 or 1; empty where none are connected"))
            .output(Port::json("varied").about("`flip` and `degrees`"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let case = match call.optional::<Record>("case")? {
            Some(case) => case.get::<JsonMap>("meta", call)?.get("name").and_then(Json::as_str).map(str::to_owned),
            None => None,
        };
        self.sample(call).map_err(|fault| match case {
            Some(case) => fault.context(format_args!("case `{case}`")),
            None => fault,
        })
    }
}

impl Sample {
    fn sample(&self, call: &mut Call) -> Result<()> {
        let picture: Volume = call.input("image")?;
        let chances = Chances { flip: self.flip, rotate: self.rotate, degrees: self.degrees };
        let draw = Draw::random(&chances, &mut call.rng());
        let how = self.how();
        let [h, w] = self.size.map(|n| n as i64);
        let values = image(&planes(&picture, "image")?, &how, draw)?;
        let marked = match call.optional::<Volume>("masks")? {
            None => Tensor::zeros([0], (Kind::Float, Device::Cpu)),
            Some(volume) => {
                let planes = planes(&volume, "masks")?;
                let values = masks(&planes, &how, draw)?;
                Tensor::from_slice(&values).view([1, planes.len() as i64, how.levels.len() as i64, h, w])
            }
        };
        call.output("image", Tensor::from_slice(&values).view([1, 3, h, w]))?;
        call.output("masks", marked)?;
        call.output("varied", json!({ "flip": draw.flip, "degrees": draw.degrees }))
    }

    fn check_relations(&self) -> Result<()> {
        if let Some(axis) = self.size.iter().position(|n| n % 32 != 0) {
            return Err(Error::param(format!("size[{axis}]"), format!("must be a multiple of 32, got {}", self.size[axis])));
        }
        match self.degrees {
            [first, last] if first > last => Err(Error::param("degrees", format!("must not fall, got {first} to {last}"))),
            _ => Ok(()),
        }
    }

    fn how(&self) -> How {
        let labels = match self.label_interpolation {
            LabelInterpolation::Nearest => Filter::Nearest,
            LabelInterpolation::Bicubic => Filter::Bicubic,
        };
        let levels = self.levels.iter().map(|&level| level.clamp(1, 255) as u8).collect();
        How { height: self.size[0], width: self.size[1], labels, levels }
    }
}

/// The channels of a picture of one slice.
fn planes(volume: &Volume, port: &str) -> Result<Vec<Plane>> {
    let data = if volume.data.dim() == 3 { volume.data.unsqueeze(0) } else { volume.data.shallow_clone() };
    match (data.kind(), data.size()) {
        (Kind::Uint8, size) if size.len() == 4 && size[1] == 1 => (0..size[0])
            .map(|c| {
                let values = Vec::try_from(data.get(c).contiguous().view(-1))?;
                Ok(Plane { height: size[2] as usize, width: size[3] as usize, values })
            })
            .collect(),
        (kind, size) => Err(Error::item(format!(
            "`{port}` ({}) is {} {size:?}, expected an 8-bit picture of one slice: uint8 [C, 1, H, W]",
            volume.name(),
            voxloom_sdk::dtype_name(kind)
        ))),
    }
}
