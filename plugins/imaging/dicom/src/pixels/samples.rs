//! Bytes to numbers: only the stored bits count, with their sign.

use super::{Format, Number};

/// Samples in the type of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Samples {
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::I8(values) => values.len(),
            Self::U16(values) => values.len(),
            Self::I16(values) => values.len(),
            Self::U32(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples of a range as float64, which holds each of them exactly.
    pub fn to_f64(&self, range: std::ops::Range<usize>) -> Vec<f64> {
        match self {
            Self::U8(values) => values[range].iter().map(|value| f64::from(*value)).collect(),
            Self::I8(values) => values[range].iter().map(|value| f64::from(*value)).collect(),
            Self::U16(values) => values[range].iter().map(|value| f64::from(*value)).collect(),
            Self::I16(values) => values[range].iter().map(|value| f64::from(*value)).collect(),
            Self::U32(values) => values[range].iter().map(|value| f64::from(*value)).collect(),
            Self::I32(values) => values[range].iter().map(|value| f64::from(*value)).collect(),
            Self::F32(values) => values[range].iter().map(|value| f64::from(*value)).collect(),
            Self::F64(values) => values[range].to_vec(),
        }
    }

    /// The samples at some places, in their order.
    pub(crate) fn pick(&self, places: impl Iterator<Item = usize>) -> Self {
        fn at<T: Copy>(values: &[T], places: impl Iterator<Item = usize>) -> Vec<T> {
            places.map(|place| values[place]).collect()
        }
        match self {
            Self::U8(values) => Self::U8(at(values, places)),
            Self::I8(values) => Self::I8(at(values, places)),
            Self::U16(values) => Self::U16(at(values, places)),
            Self::I16(values) => Self::I16(at(values, places)),
            Self::U32(values) => Self::U32(at(values, places)),
            Self::I32(values) => Self::I32(at(values, places)),
            Self::F32(values) => Self::F32(at(values, places)),
            Self::F64(values) => Self::F64(at(values, places)),
        }
    }

    /// The bytes, little endian.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        match self {
            Self::U8(values) => values.clone(),
            Self::I8(values) => values.iter().map(|value| *value as u8).collect(),
            Self::U16(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::I16(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::U32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::I32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F64(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }
}

/// Samples of bytes as the decoders give them.
///
/// # Errors
/// There are fewer than the format says.
pub fn typed(bytes: &[u8], format: &Format) -> Result<Samples, String> {
    let n = format.frames * format.frame_samples();
    let short = || format!("{} bytes are too few for {n} samples", bytes.len());
    let samples = match (format.number, format.bits_allocated) {
        (Number::Float32, _) => {
            Samples::F32(bytes.as_chunks::<4>().0.iter().take(n).map(|chunk| f32::from_le_bytes(*chunk)).collect())
        }
        (Number::Float64, _) => {
            Samples::F64(bytes.as_chunks::<8>().0.iter().take(n).map(|chunk| f64::from_le_bytes(*chunk)).collect())
        }
        (Number::Integer, 1) => Samples::U8(bits(bytes, format, n).ok_or_else(short)?),
        (Number::Integer, 8) => integers(bytes.iter().take(n).map(|byte| u32::from(*byte)), format),
        (Number::Integer, 16) => {
            integers(bytes.as_chunks::<2>().0.iter().take(n).map(|chunk| u32::from(u16::from_le_bytes(*chunk))), format)
        }
        (Number::Integer, _) => integers(bytes.as_chunks::<4>().0.iter().take(n).map(|chunk| u32::from_le_bytes(*chunk)), format),
    };
    match samples.len() == n {
        true => Ok(samples),
        false => Err(short()),
    }
}

/// Single bits, the lowest of a byte first. Native frames run on within a byte; decoded ones begin a byte each, which is the
/// same wherever a frame fills whole bytes.
fn bits(bytes: &[u8], format: &Format, n: usize) -> Option<Vec<u8>> {
    let packed = bytes.len() == n.div_ceil(8);
    let start = |frame: usize| if packed { frame * format.frame_samples() } else { frame * format.frame_bytes() * 8 };
    let places = (0..format.frames).flat_map(|frame| (0..format.frame_samples()).map(move |sample| start(frame) + sample));
    places.map(|place| bytes.get(place / 8).map(|byte| byte >> (place % 8) & 1)).collect()
}

fn integers(words: impl Iterator<Item = u32>, format: &Format) -> Samples {
    let shift = format.high_bit + 1 - format.bits_stored;
    let unused = 32 - format.bits_stored;
    let unsigned = move |word: u32| (word >> shift) << unused >> unused;
    let signed = move |word: u32| ((word >> shift) << unused) as i32 >> unused;
    match (format.bits_allocated, format.signed) {
        (8, false) => Samples::U8(words.map(|word| unsigned(word) as u8).collect()),
        (8, true) => Samples::I8(words.map(|word| signed(word) as i8).collect()),
        (16, false) => Samples::U16(words.map(|word| unsigned(word) as u16).collect()),
        (16, true) => Samples::I16(words.map(|word| signed(word) as i16).collect()),
        (_, false) => Samples::U32(words.map(unsigned).collect()),
        (_, true) => Samples::I32(words.map(signed).collect()),
    }
}
