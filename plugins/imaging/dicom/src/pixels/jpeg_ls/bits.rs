//! Bits of a scan: after a byte FF the next one gives seven.

pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bits not yet taken, the next one highest.
    held: u64,
    n_held: u32,
    after_ff: bool,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, held: 0, n_held: 0, after_ff: false }
    }

    /// # Errors
    /// The scan ends.
    pub fn read(&mut self, n: u32) -> Result<i32, String> {
        if n == 0 {
            return Ok(0);
        }
        self.fill(n)?;
        let value = self.held >> (64 - n);
        self.held <<= n;
        self.n_held -= n;
        Ok(value as i32)
    }

    /// Zeros before the next one, which is taken too.
    ///
    /// # Errors
    /// The scan ends, or there are more than `most`.
    pub fn zeros(&mut self, most: u32) -> Result<u32, String> {
        let mut n = 0;
        while self.read(1)? == 0 {
            n += 1;
            if n > most {
                return Err("a code of the JPEG-LS is too long".into());
            }
        }
        Ok(n)
    }

    fn fill(&mut self, n: u32) -> Result<(), String> {
        while self.n_held < n {
            let byte = *self.bytes.get(self.at).ok_or("the JPEG-LS is truncated")?;
            let width = if self.after_ff { 7 } else { 8 };
            if self.after_ff && byte >= 0x80 {
                return Err("the JPEG-LS ends before its last pixel".into());
            }
            self.held |= u64::from(byte) << (64 - width) >> self.n_held;
            self.n_held += width;
            self.after_ff = byte == 0xFF;
            self.at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bit_stuffed_behind_ff_is_left_out() {
        let mut bits = Bits::new(&[0xFF, 0x7F, 0x80]);
        assert_eq!(bits.read(15).unwrap(), 0x7FFF);
        assert_eq!(bits.read(1).unwrap(), 1);
        assert_eq!(Bits::new(&[0b0001_0000]).zeros(10).unwrap(), 3);
        assert!(Bits::new(&[0xFF, 0xD9]).read(9).is_err());
    }
}
