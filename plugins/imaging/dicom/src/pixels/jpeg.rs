//! JPEG: baseline, and lossless of any precision. Lossy JPEG of 12 bits goes to `jpeg_dct`.

use super::{Format, Refusal, jpeg_dct};
use jpeg_decoder::{ColorTransform, Decoder, Error, PixelFormat};

/// One frame, samples little endian and pixel by pixel.
///
/// # Errors
/// A variant that the decoder does not know, damaged bytes, or another size than the attributes say.
pub fn decode(frame: &[u8], format: &Format) -> Result<Vec<u8>, Refusal> {
    if jpeg_dct::is_deep(frame) {
        return jpeg_dct::decode(frame, format);
    }
    let mut decoder = Decoder::new(frame);
    decoder.set_max_decoding_buffer_size(format.frame_bytes().max(1 << 16) * 4);
    if format.photometric == "RGB" {
        decoder.set_color_transform(ColorTransform::None);
    }
    decoder.read_info().map_err(refusal)?;
    let info = decoder.info().ok_or("the JPEG has no header")?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    if (height, width) != (format.rows, format.columns) {
        return Err(format!("the JPEG is {height} x {width}, expected {} x {}", format.rows, format.columns).into());
    }
    let (samples, bits) = match info.pixel_format {
        PixelFormat::L8 => (1, 8),
        PixelFormat::L16 => (1, 16),
        PixelFormat::RGB24 => (3, 8),
        PixelFormat::CMYK32 => return Err(Refusal::Variant("it has four components".into())),
    };
    if samples != format.samples {
        return Err(format!("the JPEG has {samples} components, expected {}", format.samples).into());
    }
    let bytes = decoder.decode().map_err(refusal)?;
    match (bits, format.bits_allocated) {
        (8, 8) => Ok(bytes),
        // The decoder gives words in the host's order.
        (16, 16) => Ok(bytes.as_chunks::<2>().0.iter().flat_map(|pair| u16::from_ne_bytes(*pair).to_le_bytes()).collect()),
        (8, 16) => Ok(bytes.iter().flat_map(|byte| [*byte, 0]).collect()),
        (bits, allocated) => Err(format!("the JPEG has {bits} bits, expected {allocated}").into()),
    }
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::Unsupported(feature) => {
            Refusal::Variant(format!("this variant of JPEG is not known to the decoder ({feature:?})"))
        }
        other => Refusal::Damaged(format!("JPEG: {other}")),
    }
}
