//! Huffman codes of up to 16 bits (annexes C and F.2.2.3).

use super::bits::Bits;

/// Codes of one table, by length.
pub struct Table {
    /// For lengths 1 to 16: the first code, how many there are, and where their symbols begin.
    lengths: [(u32, u32, usize); 16],
    symbols: Vec<u8>,
}

impl Table {
    /// # Errors
    /// More codes of a length than there can be, or fewer symbols than codes.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, String> {
        let mut lengths = [(0, 0, 0); 16];
        let (mut code, mut start) = (0, 0);
        for (bits, count) in (1..=16).zip(counts) {
            lengths[bits - 1] = (code, u32::from(*count), start);
            code += u32::from(*count);
            start += usize::from(*count);
            if code > 1 << bits {
                return Err("a Huffman table of the JPEG has too many codes".into());
            }
            code <<= 1;
        }
        let symbols = symbols.get(..start).ok_or("a Huffman table of the JPEG is truncated")?;
        Ok(Self { lengths, symbols: symbols.to_vec() })
    }

    /// The next symbol.
    ///
    /// # Errors
    /// The scan ends, or no code of the table stands there.
    pub fn symbol(&self, bits: &mut Bits) -> Result<u8, String> {
        let mut code = 0;
        for (first, n, start) in self.lengths {
            code = code << 1 | u32::from(bits.bit()?);
            if code >= first && code - first < n {
                return Ok(self.symbols[start + (code - first) as usize]);
            }
        }
        Err("a code of the JPEG is not in its table".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_counted_up_by_length() {
        // Codes 0, 10, 110, 1110; they stand as 110 10 0 1110.
        let mut counts = [0; 16];
        counts[..4].fill(1);
        let table = Table::new(&counts, &[7, 5, 3, 1]).unwrap();
        let mut bits = Bits::new(&[0b1101_0011, 0b1000_0000]);
        let symbols: Vec<u8> = std::iter::from_fn(|| table.symbol(&mut bits).ok()).take(4).collect();
        assert_eq!(symbols, [3, 5, 7, 1]);
        counts[0] = 3;
        assert!(Table::new(&counts, &[0; 9]).is_err());
    }
}
