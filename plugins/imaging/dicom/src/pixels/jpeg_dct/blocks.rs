//! The blocks of a scan, and the picture they make.

use super::bits::Bits;
use super::header::Header;
use super::transform::inverse;

/// Where the coefficients of a zigzag lie in a block, row by row.
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42,
    49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];
/// Sixteen zeros: no coefficient.
const ZEROS: u8 = 0xF0;
const MOST: f64 = 4095.0;
const MIDDLE: f64 = 2048.0;

/// All samples, row by row.
///
/// # Errors
/// The bits end early or make no sense.
pub fn decode(bytes: &[u8], header: &Header) -> Result<Vec<u16>, String> {
    let (across, down) = (header.width.div_ceil(8), header.height.div_ceil(8));
    // Every block takes two codes, so at least two bits.
    if across * down > bytes.len() * 4 {
        return Err("the JPEG ends before its last pixel".into());
    }
    let mut samples = vec![0; header.width * header.height];
    let (mut bits, mut level) = (Bits::new(bytes), 0);
    for block in 0..across * down {
        if header.restarts > 0 && block > 0 && block % header.restarts == 0 {
            bits.restart(block / header.restarts - 1)?;
            level = 0;
        }
        let values = inverse(&coefficients(&mut bits, header, &mut level)?);
        let (top, left) = (block / across * 8, block % across * 8);
        let width = (header.width - left).min(8);
        for (row, values) in values.iter().enumerate().take(header.height - top) {
            let start = (top + row) * header.width + left;
            for (sample, value) in samples[start..start + width].iter_mut().zip(values) {
                *sample = (value.round() + MIDDLE).clamp(0.0, MOST) as u16;
            }
        }
    }
    Ok(samples)
}

/// One block, its coefficients multiplied by their steps; `level` is the mean of the one before (F.2.2).
fn coefficients(bits: &mut Bits, header: &Header, level: &mut i32) -> Result<[[f64; 8]; 8], String> {
    let mut block = [[0.0; 8]; 8];
    let mut set = |place: usize, value: i32| {
        block[ZIGZAG[place] / 8][ZIGZAG[place] % 8] = f64::from(value) * f64::from(header.steps[place]);
    };
    let size = header.direct.symbol(bits)?;
    if size > 15 {
        return Err("a code of the JPEG says more bits than there can be".into());
    }
    *level = level.saturating_add(bits.number(size)?);
    set(0, *level);
    let mut place = 1;
    while place < 64 {
        let symbol = header.alternating.symbol(bits)?;
        let (zeros, size) = (usize::from(symbol >> 4), symbol & 15);
        match (symbol, size) {
            (ZEROS, _) => place += 16,
            (_, 0) => break,
            _ => {
                place += zeros;
                if place > 63 {
                    return Err("a block of the JPEG has more than 64 coefficients".into());
                }
                set(place, bits.number(size)?);
                place += 1;
            }
        }
    }
    Ok(block)
}
