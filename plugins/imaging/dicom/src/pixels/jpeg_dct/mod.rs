//! Lossy JPEG of 12 bits (ITU-T T.81, extended sequential DCT with Huffman codes: process 4), one component.
//!
//! Rationale: the decoder of `jpeg.rs` stops at 8 bits, and of the crates in Rust that go beyond none is both settled and built
//! by the project's toolchain.

mod bits;
mod blocks;
mod header;
mod huffman;
mod transform;

use super::{Format, Refusal};

/// Whether a JPEG is one of 12 bits in sequential DCT.
pub fn is_deep(frame: &[u8]) -> bool {
    matches!(header::frame_header(frame), Some((0xC0 | 0xC1, [12, ..])))
}

/// One frame, samples little endian.
///
/// # Errors
/// Colours and heights that come later are not decoded; damaged or truncated bytes; another size than the attributes say.
pub fn decode(frame: &[u8], format: &Format) -> Result<Vec<u8>, Refusal> {
    let header = header::read(frame)?;
    if (header.height, header.width) != (format.rows, format.columns) {
        let (rows, columns) = (format.rows, format.columns);
        return Err(format!("the JPEG is {} x {}, expected {rows} x {columns}", header.height, header.width).into());
    }
    if format.bits_allocated != 16 || format.samples != 1 {
        let (bits, samples) = (format.bits_allocated, format.samples);
        return Err(format!("the JPEG has one component of 12 bits, expected {samples} of {bits}").into());
    }
    let samples = blocks::decode(&frame[header.data..], &header)?;
    Ok(samples.iter().flat_map(|sample| sample.to_le_bytes()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One component of 12 bits whose blocks are flat, each code one bit: a step up (`1`, then the bit 1) or none (`0`), then the
    /// end of the block (`0`).
    fn flat_blocks(width: u8, restarts: u8, scan: &[u8]) -> Vec<u8> {
        let table = |class: u8, symbols: &[u8]| {
            let counts = [symbols.len() as u8 - 1, 1].map(|n| n.min(1));
            let counts = if symbols.len() == 1 { [1, 0] } else { counts };
            [&[0xFF, 0xC4, 0, 19 + symbols.len() as u8, class], &counts[..], &[0; 14], symbols].concat()
        };
        [
            &[0xFF, 0xD8, 0xFF, 0xC1, 0, 11, 12, 0, 8, 0, width, 1, 1, 0x11, 0][..],
            &[&[0xFF, 0xDB, 0, 67, 0][..], &[80; 64]].concat(),
            &table(0x00, &[0, 1]),
            &table(0x10, &[0]),
            &[0xFF, 0xDD, 0, 4, 0, restarts, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0],
            scan,
            &[0xFF, 0xD9],
        ]
        .concat()
    }

    fn first_row(jpeg: &[u8], width: usize) -> Result<Vec<u16>, String> {
        let format = Format {
            frames: 1,
            rows: 8,
            columns: width,
            samples: 1,
            bits_allocated: 16,
            bits_stored: 12,
            high_bit: 11,
            signed: false,
            planar: false,
            photometric: "MONOCHROME2".into(),
            number: super::super::Number::Integer,
        };
        assert!(is_deep(jpeg));
        match decode(jpeg, &format) {
            Ok(bytes) => Ok(bytes.as_chunks::<2>().0[..width].iter().map(|pair| u16::from_le_bytes(*pair)).collect()),
            Err(Refusal::Damaged(why) | Refusal::Variant(why)) => Err(why),
        }
    }

    #[test]
    fn restarts_begin_anew_and_edges_are_cut() {
        // Codes: `0` none, `10` one bit follows. Up, up: 10 1 0, 10 1 0; a step of 80 / 8 = 10 each.
        let steps = [0b1010_1010];
        assert_eq!(first_row(&flat_blocks(10, 0, &steps), 10).unwrap(), [[2058; 8].as_slice(), &[2068; 2]].concat());
        // The same block behind a restart: up from the middle again.
        let steps = [0b1010_1111, 0xFF, 0xD0, 0b1010_1111];
        assert_eq!(first_row(&flat_blocks(10, 1, &steps), 10).unwrap(), [2058; 10]);
    }

    #[test]
    fn what_is_damaged_is_said() {
        let fault = |width, restarts, scan: &[u8]| first_row(&flat_blocks(width, restarts, scan), width.into()).unwrap_err();
        assert_eq!(fault(16, 0, &[0b1010_1111, 0x7F, 0x7F]), "a code of the JPEG is not in its table");
        assert_eq!(fault(64, 0, &[0b1010_1010]), "the JPEG ends before its last pixel");
        assert_eq!(fault(16, 1, &[0b1010_1111, 0xFF, 0xD3, 0b1010_1111]), "the JPEG lacks a restart");
        let mut whole = flat_blocks(8, 0, &[0b1010_1111]);
        assert_eq!(first_row(&whole[..40], 8).unwrap_err(), "the JPEG ends in its header");
        whole[11] = 3;
        assert_eq!(first_row(&whole, 8).unwrap_err(), "it has 3 components of 12 bits");
    }
}
