//! The pixels of one file as they are stored: decompressed, typed, not rescaled.

mod color;
mod format;
mod frames;
mod jpeg;
mod jpeg2000;
mod jpeg_dct;
mod jpeg_ls;
mod rle;
mod samples;

pub use color::Color;
pub use format::{Format, Number};
pub use samples::Samples;

use crate::file::{Depth, File, unpack};
use crate::guard::guarded;
use crate::syntax::Coding;
use crate::{Fault, class};
use std::path::Path;

/// All frames of a file.
#[derive(Debug)]
pub struct Stored {
    pub format: Format,
    /// What the samples are after decoding: YBR is RGB by then.
    pub color: Color,
    /// frames × rows × columns × samples, the last fastest.
    pub samples: Samples,
    pub warnings: Vec<String>,
}

impl Stored {
    /// The pixels of a file, of whatever class that has some.
    ///
    /// # Errors
    /// The file holds none, is damaged, or its pixels are coded in a way that is not decoded here.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        Self::of(&File::open(path, Depth::Whole)?)
    }

    pub(crate) fn of(file: &File) -> Result<Self, Fault> {
        let path = &file.path;
        if frames::element(&file.object).is_none() {
            return Err(Fault::NotImage { path: path.clone(), class: class::describe(file) });
        }
        let format = Format::of(file).map_err(|why| Fault::damaged(path, why))?;
        let bytes = match file.syntax.coding {
            Coding::Native => frames::native(&file.object, &format).map_err(|why| Fault::damaged(path, why))?,
            Coding::Other => return Err(undecoded(file, "no decoder here knows it")),
            _ => compressed(file, &format)?,
        };
        let color = Color::of(&format, file.syntax.coding).map_err(|why| Fault::unsupported(path, why))?;
        let (bytes, color) = color::to_rgb(bytes, &format, color);
        let samples = guarded(path, "pixels", || samples::typed(&bytes, &format))?;
        Ok(Self { color, samples, warnings: file.warnings.clone(), format })
    }
}

fn undecoded(file: &File, why: impl Into<String>) -> Fault {
    Fault::Undecoded { path: file.path.clone(), name: file.syntax.name(), uid: file.syntax.uid.clone(), why: why.into() }
}

/// Why one frame is not decoded.
pub(crate) enum Refusal {
    /// The bytes break the rules of their coding.
    Damaged(String),
    /// A legal variant that is not decoded.
    Variant(String),
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self::Damaged(why)
    }
}

impl From<&str> for Refusal {
    fn from(why: &str) -> Self {
        Self::Damaged(why.to_owned())
    }
}

/// Decodes frame after frame into bytes as [`frames::native`] gives them.
fn compressed(file: &File, format: &Format) -> Result<Vec<u8>, Fault> {
    let path = &file.path;
    let coded = frames::encapsulated(&file.object, format).map_err(|why| Fault::damaged(path, why))?;
    let mut bytes = Vec::new();
    for (index, frame) in coded.iter().enumerate() {
        let what = format!("frame {}", index + 1);
        let decoded = guarded(path, &what, || Ok(decode(file.syntax.coding, frame, format)))?;
        let decoded = decoded.map_err(|refusal| match refusal {
            Refusal::Damaged(why) => Fault::damaged(path, format!("{what}: {why}")),
            Refusal::Variant(why) => undecoded(file, why),
        })?;
        if decoded.len() != format.frame_bytes() {
            let (got, expected) = (decoded.len(), format.frame_bytes());
            return Err(Fault::damaged(path, format!("{what} decodes to {got} bytes, expected {expected}")));
        }
        bytes.extend(decoded);
    }
    Ok(bytes)
}

fn decode(coding: Coding, frame: &[u8], format: &Format) -> Result<Vec<u8>, Refusal> {
    match coding {
        Coding::Rle => Ok(rle::decode(frame, format)?),
        Coding::Jpeg => jpeg::decode(frame, format),
        Coding::JpegLs => jpeg_ls::decode(frame, format),
        Coding::Jpeg2000 => jpeg2000::decode(frame, format),
        Coding::DeflatedFrames => {
            let mut bytes = unpack::frame(frame, format.frame_bytes())?;
            // One byte of padding makes odd frames even.
            bytes.truncate(format.frame_bytes());
            Ok(bytes)
        }
        Coding::Native | Coding::Other => Err("the pixels are not compressed".into()),
    }
}
