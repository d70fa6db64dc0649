//! RLE Lossless (PS3.5 annex G): PackBits, one segment for every byte of a sample.
//!
//! Rationale: the adapter of dicom-rs indexes past short segments; these few lines check instead.

use super::Format;

/// One frame, samples little endian and pixel by pixel.
///
/// # Errors
/// Segments are missing, overlap the end, or hold too few bytes.
pub fn decode(frame: &[u8], format: &Format) -> Result<Vec<u8>, String> {
    let word = |index: usize| {
        let bytes = frame.as_chunks::<4>().0.get(index).copied();
        bytes.map(|bytes| u32::from_le_bytes(bytes) as usize).ok_or("the RLE header is truncated")
    };
    let size = format.bits_allocated as usize / 8;
    if size == 0 {
        return Err("single bits are not coded as RLE".into());
    }
    let n_segments = format.samples * size;
    if word(0)? != n_segments {
        return Err(format!("has {} RLE segments, expected {n_segments}", word(0)?));
    }
    let n_pixels = format.rows * format.columns;
    if n_pixels / 64 > frame.len() {
        return Err(format!("{} bytes cannot hold {n_pixels} pixels", frame.len()));
    }
    let mut bytes = vec![0; n_pixels * n_segments];
    for segment in 0..n_segments {
        let start = word(1 + segment)?;
        let end = if segment + 1 < n_segments { word(2 + segment)? } else { frame.len() };
        let packed = frame.get(start..end).ok_or_else(|| format!("RLE segment {} lies outside the frame", segment + 1))?;
        // The highest byte of a sample comes first.
        let place = segment / size * size + (size - 1 - segment % size);
        let filled = unpack(packed, bytes[place..].iter_mut().step_by(n_segments));
        if filled < n_pixels {
            return Err(format!("RLE segment {} holds {filled} of {n_pixels} bytes", segment + 1));
        }
    }
    Ok(bytes)
}

/// Fills from PackBits and says how far it came.
fn unpack<'a>(packed: &[u8], mut targets: impl Iterator<Item = &'a mut u8>) -> usize {
    let (mut at, mut filled) = (0, 0);
    while let Some(&control) = packed.get(at) {
        let literal = usize::from(control) + 1;
        let (run, step) = match control {
            0..=127 => (packed.get(at + 1..(at + 1 + literal).min(packed.len())).unwrap_or_default().to_vec(), 1 + literal),
            128 => (Vec::new(), 1),
            _ => (packed.get(at + 1).map(|byte| vec![*byte; 257 - usize::from(control)]).unwrap_or_default(), 2),
        };
        for byte in run {
            let Some(target) = targets.next() else { return filled };
            *target = byte;
            filled += 1;
        }
        at += step;
    }
    filled
}
