//! JPEG-LS (ITU-T T.87), lossless and near-lossless, one component.
//!
//! Rationale: the crate for it wraps a C++ library that must be built with tools the project does not ask for.

mod bits;
mod context;
mod header;
mod scan;

use super::{Format, Refusal};

/// One frame, samples little endian.
///
/// # Errors
/// Colours, tables and restarts are not decoded; damaged bytes; another size than the attributes say.
pub fn decode(frame: &[u8], format: &Format) -> Result<Vec<u8>, Refusal> {
    let size = match format.bits_allocated {
        bits @ (8 | 16) => bits as usize / 8,
        bits => return Err(Refusal::Variant(format!("BitsAllocated is {bits}"))),
    };
    let header = header::read(frame)?;
    if (header.height, header.width) != (format.rows, format.columns) {
        let (rows, columns) = (format.rows, format.columns);
        return Err(format!("the JPEG-LS is {} x {}, expected {rows} x {columns}", header.height, header.width).into());
    }
    if header.precision > format.bits_allocated {
        return Err(format!("the JPEG-LS has {} bits, expected {}", header.precision, format.bits_allocated).into());
    }
    let samples = scan::decode(&frame[header.data..], &header)?;
    Ok(samples.iter().flat_map(|sample| sample.to_le_bytes().into_iter().take(size)).collect())
}
