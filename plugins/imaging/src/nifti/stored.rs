//! Numbers as they lie in files.

use super::Endian;

/// A number as it lies in a file.
pub trait Stored: Copy {
    const SIZE: usize;
    fn little(bytes: &[u8]) -> Self;
    fn big(bytes: &[u8]) -> Self;
    fn append(self, endian: Endian, out: &mut Vec<u8>);
    fn real(self) -> f64;
}

macro_rules! stored {
    ($($type:ty)*) => {$(
        impl Stored for $type {
            const SIZE: usize = size_of::<$type>();
            fn little(bytes: &[u8]) -> Self {
                let mut raw = [0; size_of::<$type>()];
                raw.copy_from_slice(bytes);
                <$type>::from_le_bytes(raw)
            }
            fn big(bytes: &[u8]) -> Self {
                let mut raw = [0; size_of::<$type>()];
                raw.copy_from_slice(bytes);
                <$type>::from_be_bytes(raw)
            }
            fn append(self, endian: Endian, out: &mut Vec<u8>) {
                match endian {
                    Endian::Little => out.extend_from_slice(&self.to_le_bytes()),
                    Endian::Big => out.extend_from_slice(&self.to_be_bytes()),
                }
            }
            fn real(self) -> f64 {
                self as f64
            }
        }
    )*};
}
stored!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);
