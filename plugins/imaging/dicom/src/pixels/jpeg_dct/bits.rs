//! Bits of a scan: a byte FF is followed by 00, or is the beginning of a marker.

pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    byte: u8,
    /// How many bits of `byte` are left.
    left: u32,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, byte: 0, left: 0 }
    }

    /// # Errors
    /// The scan ends.
    pub fn bit(&mut self) -> Result<u16, String> {
        if self.left == 0 {
            self.byte = match self.bytes.get(self.at..) {
                Some([0xFF, 0, ..]) => {
                    self.at += 1;
                    0xFF
                }
                Some([byte, ..]) if *byte != 0xFF => *byte,
                _ => return Err("the JPEG ends before its last pixel".into()),
            };
            self.at += 1;
            self.left = 8;
        }
        self.left -= 1;
        Ok(u16::from(self.byte >> self.left & 1))
    }

    /// A number of `n` bits with its sign (F.2.2.1, EXTEND); `n` is at most 15.
    ///
    /// # Errors
    /// As [`Bits::bit`].
    pub fn number(&mut self, n: u8) -> Result<i32, String> {
        let mut value = 0;
        for _ in 0..n {
            value = value << 1 | i32::from(self.bit()?);
        }
        let is_negative = n > 0 && value < 1 << (n - 1);
        Ok(if is_negative { value - (1 << n) + 1 } else { value })
    }

    /// Goes past restart marker number `index`, counted modulo 8; bits before it are padding.
    ///
    /// # Errors
    /// Another thing stands there.
    pub fn restart(&mut self, index: usize) -> Result<(), String> {
        self.left = 0;
        // Any number of FF may stand before a marker.
        while self.bytes.get(self.at..self.at + 2) == Some(&[0xFF, 0xFF]) {
            self.at += 1;
        }
        let wanted = [0xFF, 0xD0 + (index % 8) as u8];
        if self.bytes.get(self.at..self.at + 2) != Some(&wanted) {
            return Err("the JPEG lacks a restart".into());
        }
        self.at += 2;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_bytes_are_left_out_and_numbers_have_signs() {
        let mut bits = Bits::new(&[0xFF, 0, 0b0101_0000, 0xFF, 0xD9]);
        assert_eq!((bits.number(8).unwrap(), bits.number(2).unwrap(), bits.number(2).unwrap()), (255, -2, -2));
        assert_eq!(bits.number(0).unwrap(), 0);
        assert!(bits.number(5).is_err());
    }
}
