//! JPEG 2000 and HTJ2K, through a port of OpenJPEG to Rust.

use super::{Format, Refusal};
use jpeg2k::{DecodeParameters, Image};

/// One frame, samples little endian and pixel by pixel.
///
/// # Errors
/// Damaged or truncated bytes, or another size than the attributes say.
pub fn decode(frame: &[u8], format: &Format) -> Result<Vec<u8>, Refusal> {
    let size = match format.bits_allocated {
        bits @ (8 | 16 | 32) => bits as usize / 8,
        bits => return Err(Refusal::Variant(format!("BitsAllocated is {bits}"))),
    };
    check_size(frame, format)?;
    // Strict: a codestream that ends early is refused and not filled up.
    let image = Image::from_bytes_with(frame, DecodeParameters::new().strict(true)).map_err(|error| error.to_string())?;
    let components = image.components();
    if components.len() != format.samples {
        return Err(format!("the codestream has {} components, expected {}", components.len(), format.samples).into());
    }
    let mut bytes = vec![0; format.frame_bytes()];
    for (channel, component) in components.iter().enumerate() {
        if (component.height() as usize, component.width() as usize) != (format.rows, format.columns) {
            return Err(Refusal::Variant("its components are subsampled".into()));
        }
        let targets = bytes.chunks_exact_mut(size).skip(channel).step_by(format.samples);
        for (target, value) in targets.zip(component.data()) {
            target.copy_from_slice(&value.to_le_bytes()[..size]);
        }
    }
    Ok(bytes)
}

/// Compares the codestream's SIZ marker with the attributes, before the decoder allocates by it.
fn check_size(frame: &[u8], format: &Format) -> Result<(), String> {
    let siz = frame.windows(4).position(|bytes| bytes == [0xFF, 0x4F, 0xFF, 0x51]).ok_or("the codestream has no SIZ marker")?;
    let word = |at: usize| {
        let bytes = frame.get(siz + at..).and_then(|rest| rest.first_chunk::<4>()).copied();
        bytes.map(u32::from_be_bytes).ok_or("the codestream ends in its header")
    };
    let (right, below, left, above) = (word(8)?, word(12)?, word(16)?, word(20)?);
    let (width, height) = (right.saturating_sub(left) as usize, below.saturating_sub(above) as usize);
    if (height, width) != (format.rows, format.columns) {
        return Err(format!("the codestream is {height} x {width}, expected {} x {}", format.rows, format.columns));
    }
    // Many tiny tiles cost memory out of proportion; no encoder of images makes them.
    let (tile_width, tile_height) = (word(24)? as usize, word(28)? as usize);
    match width.div_ceil(tile_width.max(1)).saturating_mul(height.div_ceil(tile_height.max(1))) {
        0..=16384 => Ok(()),
        n => Err(format!("the codestream has {n} tiles")),
    }
}
