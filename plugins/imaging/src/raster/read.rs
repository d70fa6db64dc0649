//! From a PNG file to planes of samples.

use super::pixels::{Rows, plane};
use super::{Error, Fault};
use crate::nifti::Voxels;
use png::{BitDepth, ColorType, DecodeOptions, Decoder, Limits};
use std::io::Cursor;
use std::path::Path;

/// What the samples are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Grey or colours as they are seen.
    Image,
    /// One number a pixel that names a structure.
    Labels,
}

/// How the file says what a pixel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Grey,
    Rgb,
    /// Numbers of a table of colours.
    Palette,
}

impl Colour {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Rgb => "rgb",
            Self::Palette => "palette",
        }
    }
}

/// One picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    /// 1, or 3 for red, green and blue.
    pub n_channels: usize,
    /// What the file holds.
    pub colour: Colour,
    /// Bits of a sample in the file.
    pub bits: u8,
    /// Plane after plane, each row by row from the top: uint8, of 16 bits int32.
    pub samples: Voxels,
}

/// Deflate turns a byte into 1032 at most (258 bytes for two bits).
const DEFLATE_RATIO: u64 = 1032;
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const FLATTEN: &str = "flatten it onto a background and save it without transparency";

/// Reads a picture: grey of 1, 8 or 16 bits, RGB of 8 or 16, or with a palette; interlaced or not.
///
/// # Meaning
/// Samples come as stored: 1-bit grey is 0 and 1. A palette is looked up for an image (RGB), and for labels the numbers count, not the
/// colours. An opaque alpha channel is dropped. RGB labels count where the three channels are equal.
///
/// # Errors
/// No PNG, a damaged one, or one that would have to be guessed; the error names the file and says what to do.
pub fn read(path: &Path, purpose: Use) -> Result<Picture, Error> {
    load(path).and_then(|bytes| decode(&bytes, purpose)).map_err(|fault| Error::at(path, fault))
}

/// Width and height, by the header alone.
///
/// # Errors
/// As [`read`], as far as the header goes.
pub fn read_size(path: &Path) -> Result<[usize; 2], Error> {
    let size = |bytes: Vec<u8>| {
        let mut decoder = decoder(&bytes)?;
        let info = decoder.read_header_info()?;
        Ok([info.width as usize, info.height as usize])
    };
    load(path).and_then(size).map_err(|fault| Error::at(path, fault))
}

fn load(path: &Path) -> Result<Vec<u8>, Fault> {
    let meta = std::fs::metadata(path)?;
    if !meta.is_file() {
        return Err(Fault::Foreign(if meta.is_dir() { "is a folder" } else { "is not a regular file" }.into()));
    }
    Ok(std::fs::read(path)?)
}

fn decoder(bytes: &[u8]) -> Result<Decoder<Cursor<&[u8]>>, Fault> {
    if !bytes.starts_with(SIGNATURE) {
        let what = match bytes {
            [] => "is empty".to_owned(),
            [0xff, 0xd8, 0xff, ..] => "is a JPEG picture, not PNG".to_owned(),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "is a TIFF picture, not PNG".to_owned(),
            [0x1f, 0x8b, ..] => "is a gzip file, not PNG".to_owned(),
            _ => format!("is not PNG: it begins with {:02x?}", &bytes[..bytes.len().min(8)]),
        };
        return Err(Fault::Foreign(what));
    }
    let mut options = DecodeOptions::default();
    // Every checksum counts; texts and colour profiles are not used, so that faults in them do not matter.
    options.set_ignore_checksums(false);
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(Limits { bytes: 64 << 20 });
    Ok(decoder)
}

/// Reads a picture from the bytes of a file.
///
/// # Errors
/// As [`read`], without the file's name.
pub fn decode(bytes: &[u8], purpose: Use) -> Result<Picture, Fault> {
    let mut reader = decoder(bytes)?.read_info()?;
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    let (colour, depth, bits) = (info.color_type, info.bit_depth, info.bit_depth as u8);
    let (palette, transparent) = (info.palette.clone(), info.trns.clone());
    if info.animation_control.is_some() {
        return Err(Fault::Unsupported { what: "is animated (APNG)".into(), remedy: "save the frame that you want" });
    }
    if matches!(depth, BitDepth::Two | BitDepth::Four) && colour == ColorType::Grayscale {
        let what = format!("has {bits} bits a sample, and programs disagree whether these are grey values or have to be scaled");
        return Err(Fault::Unsupported { what, remedy: "save it with 8 or 16 bits" });
    }
    let n_bytes = reader.output_buffer_size();
    let n_bytes = n_bytes.ok_or_else(|| Fault::Damaged(format!("no memory holds {width} x {height} pixels")))?;
    let most = (bytes.len() as u64).saturating_mul(DEFLATE_RATIO);
    if n_bytes as u64 > most {
        let what =
            format!("the size {width} x {height} promises {n_bytes} bytes of samples, and this file can hold {most} at most");
        return Err(Fault::Damaged(what));
    }
    let mut raw = Vec::new();
    raw.try_reserve_exact(n_bytes).map_err(|error| Fault::TooLarge { bytes: n_bytes as u64, error })?;
    raw.resize(n_bytes, 0);
    reader.next_frame(&mut raw)?;
    reader.finish()?;
    let rows = Rows { width, height, n_samples: colour.samples(), bits, bytes: raw };
    let samples = rows.planes()?;
    let picture = |n_channels, colour, samples| Picture { width, height, n_channels, colour, bits, samples };
    let n_pixels = width * height;
    match colour {
        ColorType::Grayscale | ColorType::Rgb if transparent.is_some() => {
            Err(Fault::Unsupported { what: "names a colour that is transparent".into(), remedy: FLATTEN })
        }
        ColorType::Grayscale => Ok(picture(1, Colour::Grey, samples)),
        ColorType::GrayscaleAlpha => {
            opaque(&plane(&samples, n_pixels, 1..2), bits)?;
            Ok(picture(1, Colour::Grey, plane(&samples, n_pixels, 0..1)))
        }
        ColorType::Rgb | ColorType::Rgba => {
            if colour == ColorType::Rgba {
                opaque(&plane(&samples, n_pixels, 3..4), bits)?;
            }
            match purpose {
                Use::Image => Ok(picture(3, Colour::Rgb, plane(&samples, n_pixels, 0..3))),
                Use::Labels => Ok(picture(1, Colour::Rgb, equal_channels(&samples, n_pixels)?)),
            }
        }
        ColorType::Indexed => {
            let palette = palette.as_deref().unwrap_or(&[]);
            let numbers = match samples {
                Voxels::U8(numbers) => numbers,
                _ => return Err(Fault::Damaged("a palette of more than 8 bits".into())),
            };
            if let Some(number) = numbers.iter().find(|&&number| usize::from(number) >= palette.len() / 3) {
                return Err(Fault::Damaged(format!("a pixel has colour {number} of a palette of {}", palette.len() / 3)));
            }
            if purpose == Use::Labels {
                return Ok(picture(1, Colour::Palette, Voxels::U8(numbers)));
            }
            let alpha = |number: &u8| transparent.as_deref().and_then(|alpha| alpha.get(usize::from(*number))).copied();
            if numbers.iter().any(|number| alpha(number).is_some_and(|alpha| alpha < 255)) {
                return Err(Fault::Unsupported { what: "has transparent pixels".into(), remedy: FLATTEN });
            }
            let channel = |channel: usize| numbers.iter().map(move |&number| palette[3 * usize::from(number) + channel]);
            Ok(Picture { bits: 8, ..picture(3, Colour::Palette, Voxels::U8((0..3).flat_map(channel).collect())) })
        }
    }
}

/// # Errors
/// A pixel that is not opaque.
fn opaque(alpha: &Voxels, bits: u8) -> Result<(), Fault> {
    let most = (1_u32 << bits) - 1;
    match alpha.range() {
        (low, _) if low < f64::from(most) => {
            let what = format!("has transparent pixels (alpha {low}, opaque is {most})");
            Err(Fault::Unsupported { what, remedy: FLATTEN })
        }
        _ => Ok(()),
    }
}

/// The first channel, where the others say the same.
fn equal_channels(samples: &Voxels, n_pixels: usize) -> Result<Voxels, Fault> {
    let first = plane(samples, n_pixels, 0..1);
    match (1..3).all(|channel| plane(samples, n_pixels, channel..channel + 1) == first) {
        true => Ok(first),
        false => Err(Fault::Unsupported {
            what: "holds colours (RGB), and labels are one number a pixel".into(),
            remedy: "save the labels as grey, 0 for background",
        }),
    }
}
