//! What samples mean, and YBR to RGB.

use super::Format;
use crate::attributes::code_shown;
use crate::syntax::Coding;

/// What the samples of a pixel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Measured values; with `inverted`, the least is the brightest (MONOCHROME1).
    Grey {
        inverted: bool,
    },
    /// Numbers of rows in a table of colours.
    Palette,
    Rgb,
    /// Full-range YCbCr.
    Ybr,
}

/// Interpretations that the standard names.
const KNOWN: [&str; 14] = [
    "MONOCHROME1",
    "MONOCHROME2",
    "PALETTE COLOR",
    "RGB",
    "HSV",
    "ARGB",
    "CMYK",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
    "XYB",
];

impl Color {
    /// What decoded samples are: JPEG and JPEG 2000 undo their own transforms.
    ///
    /// # Errors
    /// The photometric interpretation is not read; the text names it.
    pub fn of(format: &Format, coding: Coding) -> Result<Self, String> {
        let transformed = matches!(coding, Coding::Jpeg | Coding::Jpeg2000);
        match (format.photometric.as_str(), format.samples) {
            ("MONOCHROME1", 1) => Ok(Self::Grey { inverted: true }),
            ("MONOCHROME2", 1) => Ok(Self::Grey { inverted: false }),
            ("PALETTE COLOR", 1) => Ok(Self::Palette),
            ("RGB", 3) => Ok(Self::Rgb),
            ("YBR_RCT" | "YBR_ICT", 3) if coding == Coding::Jpeg2000 => Ok(Self::Rgb),
            ("YBR_FULL" | "YBR_FULL_422", 3) if coding == Coding::Jpeg => Ok(Self::Rgb),
            ("YBR_FULL" | "YBR_FULL_422", 3) if !transformed && format.bits_allocated == 8 => Ok(Self::Ybr),
            (other, samples) => {
                let other = code_shown(other, &KNOWN);
                Err(format!("PhotometricInterpretation: {other} with {samples} samples is not read"))
            }
        }
    }
}

/// Colours pixel by pixel, in RGB.
pub fn to_rgb(mut bytes: Vec<u8>, format: &Format, color: Color) -> (Vec<u8>, Color) {
    if format.samples == 3 && format.planar && format.photometric != "YBR_FULL_422" {
        bytes = interleave(&bytes, format);
    }
    if color != Color::Ybr {
        return (bytes, color);
    }
    for [y, cb, cr] in bytes.as_chunks_mut::<3>().0 {
        let (luma, blue, red) = (f64::from(*y), f64::from(*cb) - 128.0, f64::from(*cr) - 128.0);
        let byte = |value: f64| value.round().clamp(0.0, 255.0) as u8;
        *y = byte(luma + 1.402 * red);
        *cb = byte(luma - 0.344_136 * blue - 0.714_136 * red);
        *cr = byte(luma + 1.772 * blue);
    }
    (bytes, Color::Rgb)
}

/// RRR GGG BBB to RGB RGB RGB. Decoders give colours pixel by pixel whatever PlanarConfiguration says, native bytes do not.
fn interleave(bytes: &[u8], format: &Format) -> Vec<u8> {
    let size = format.bits_allocated as usize / 8;
    let plane = format.rows * format.columns * size;
    let mut pixels = Vec::with_capacity(bytes.len());
    for frame in bytes.chunks_exact(plane * 3) {
        for at in (0..plane).step_by(size) {
            for channel in 0..3 {
                pixels.extend_from_slice(&frame[channel * plane + at..][..size]);
            }
        }
    }
    pixels
}
