//! Numbers in a header's bytes, in either byte order.

/// Byte order of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endian {
    Little,
    Big,
}

macro_rules! number {
    ($get:ident, $put:ident, $type:ty) => {
        /// The number at `at`.
        pub fn $get(self, bytes: &[u8], at: usize) -> $type {
            let mut raw = [0; size_of::<$type>()];
            raw.copy_from_slice(&bytes[at..at + size_of::<$type>()]);
            match self {
                Self::Little => <$type>::from_le_bytes(raw),
                Self::Big => <$type>::from_be_bytes(raw),
            }
        }

        /// Puts a number at `at`.
        pub fn $put(self, bytes: &mut [u8], at: usize, value: $type) {
            let raw = match self {
                Self::Little => value.to_le_bytes(),
                Self::Big => value.to_be_bytes(),
            };
            bytes[at..at + size_of::<$type>()].copy_from_slice(&raw);
        }
    };
}

/// # Panics
/// All of these panic beyond the end of `bytes`; a header is read whole before its fields are.
impl Endian {
    number!(i16, put_i16, i16);
    number!(i32, put_i32, i32);
    number!(i64, put_i64, i64);
    number!(f32, put_f32, f32);
    number!(f64, put_f64, f64);
}
