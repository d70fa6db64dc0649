//! From the bytes of voxels to numbers: byte order, widening, scaling.

use super::stored::Stored;
use super::{DataType, Endian, Fault, Source};

/// Voxels with i fastest, in a type that keeps what the file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Voxels {
    U8(Vec<u8>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// The header's `value = slope * stored + inter`, where it says something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    pub slope: f64,
    pub inter: f64,
}

impl Scaling {
    /// The rule of the format: a slope that is 0 or not finite means no scaling at all, an intercept that is not finite is
    /// 0. Slope 1 with intercept 0 changes nothing, so integers stay integers.
    pub fn of(slope: f64, inter: f64) -> Option<Self> {
        let inter = if inter.is_finite() { inter } else { 0.0 };
        let says_nothing = slope == 0.0 || !slope.is_finite() || (slope == 1.0 && inter == 0.0);
        (!says_nothing).then_some(Self { slope, inter })
    }
}

macro_rules! for_all {
    ($voxels:expr, $values:ident => $body:expr) => {
        match $voxels {
            Voxels::U8($values) => $body,
            Voxels::I8($values) => $body,
            Voxels::I16($values) => $body,
            Voxels::I32($values) => $body,
            Voxels::I64($values) => $body,
            Voxels::F32($values) => $body,
            Voxels::F64($values) => $body,
        }
    };
}

impl Voxels {
    /// How many there are.
    pub fn len(&self) -> usize {
        for_all!(self, values => values.len())
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type that a file of these voxels has.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::U8(_) => DataType::U8,
            Self::I8(_) => DataType::I8,
            Self::I16(_) => DataType::I16,
            Self::I32(_) => DataType::I32,
            Self::I64(_) => DataType::I64,
            Self::F32(_) => DataType::F32,
            Self::F64(_) => DataType::F64,
        }
    }

    /// Whether they are whole numbers by type.
    pub fn are_integers(&self) -> bool {
        !matches!(self, Self::F32(_) | Self::F64(_))
    }

    /// Lowest and highest finite value; zeros where there is none.
    pub fn range(&self) -> (f64, f64) {
        let (low, high) = for_all!(self, values => range(values));
        if low > high { (0.0, 0.0) } else { (low, high) }
    }

    /// Integers in the smallest type for labels ([`DataType::for_labels`]); `None` for floats and where they have it already.
    pub fn narrowed(&self) -> Option<Self> {
        match self {
            Self::U8(_) | Self::F32(_) | Self::F64(_) => None,
            Self::I8(values) => narrow(values, self.data_type()),
            Self::I16(values) => narrow(values, self.data_type()),
            Self::I32(values) => narrow(values, self.data_type()),
            Self::I64(values) => narrow(values, self.data_type()),
        }
    }

    /// Reads `n` voxels of a stored type. Unscaled integers keep their type (uint16 becomes int32, uint32 and uint64
    /// become int64, for want of such tensors); scaled ones become float32, or float64 where they have more than 16 bits.
    ///
    /// # Errors
    /// The stream ends early, a uint64 is beyond int64, or there is no memory.
    pub fn read(
        source: &mut Source,
        n: usize,
        stored: DataType,
        endian: Endian,
        scaling: Option<Scaling>,
    ) -> Result<Self, Fault> {
        let input = Input { source, n, endian };
        match scaling {
            None => Self::read_plain(input, stored),
            Some(scaling) => Self::read_scaled(input, stored, scaling),
        }
    }

    fn read_plain(input: Input<'_>, stored: DataType) -> Result<Self, Fault> {
        Ok(match stored {
            DataType::U8 => Self::U8(input.collect(|value: u8| value)?),
            DataType::I8 => Self::I8(input.collect(|value: i8| value)?),
            DataType::I16 => Self::I16(input.collect(|value: i16| value)?),
            DataType::U16 => Self::I32(input.collect(|value: u16| i32::from(value))?),
            DataType::I32 => Self::I32(input.collect(|value: i32| value)?),
            DataType::U32 => Self::I64(input.collect(|value: u32| i64::from(value))?),
            DataType::I64 => Self::I64(input.collect(|value: i64| value)?),
            DataType::U64 => {
                let values = input.collect(|value: u64| value as i64)?;
                if let Some(value) = values.iter().find(|&&value| value < 0) {
                    return Err(Fault::Unsupported {
                        what: format!("holds the uint64 value {}, beyond what int64 can hold", *value as u64),
                        remedy: "convert it to a smaller type",
                    });
                }
                Self::I64(values)
            }
            DataType::F32 => Self::F32(input.collect(|value: f32| value)?),
            DataType::F64 => Self::F64(input.collect(|value: f64| value)?),
        })
    }

    fn read_scaled(input: Input<'_>, stored: DataType, Scaling { slope, inter }: Scaling) -> Result<Self, Fault> {
        let real = |value: f64| value * slope + inter;
        Ok(match stored {
            DataType::U8 => Self::F32(input.collect(|value: u8| real(f64::from(value)) as f32)?),
            DataType::I8 => Self::F32(input.collect(|value: i8| real(f64::from(value)) as f32)?),
            DataType::I16 => Self::F32(input.collect(|value: i16| real(f64::from(value)) as f32)?),
            DataType::U16 => Self::F32(input.collect(|value: u16| real(f64::from(value)) as f32)?),
            DataType::F32 => Self::F32(input.collect(|value: f32| real(f64::from(value)) as f32)?),
            DataType::I32 => Self::F64(input.collect(|value: i32| real(f64::from(value)))?),
            DataType::U32 => Self::F64(input.collect(|value: u32| real(f64::from(value)))?),
            DataType::I64 => Self::F64(input.collect(|value: i64| real(value as f64))?),
            DataType::U64 => Self::F64(input.collect(|value: u64| real(value as f64))?),
            DataType::F64 => Self::F64(input.collect(real)?),
        })
    }

    /// The bytes of all voxels, in pieces, for a file or a checksum.
    ///
    /// # Errors
    /// What `sink` returns.
    pub fn encode<E>(&self, endian: Endian, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        for_all!(self, values => encode_values(values, endian, &mut sink))
    }
}

fn encode_values<T: Stored, E>(values: &[T], endian: Endian, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut raw = Vec::with_capacity(CHUNK * T::SIZE);
    for chunk in values.chunks(CHUNK) {
        raw.clear();
        for value in chunk {
            value.append(endian, &mut raw);
        }
        sink(&raw)?;
    }
    Ok(())
}

fn range<T: Stored>(values: &[T]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        let value = value.real();
        if value.is_finite() { (low.min(value), high.max(value)) } else { (low, high) }
    })
}

fn narrow<T: Copy + Into<i64>>(values: &[T], now: DataType) -> Option<Voxels> {
    let (low, high) =
        values.iter().fold((0, 0), |(low, high): (i64, i64), &value| (low.min(value.into()), high.max(value.into())));
    let values = values.iter().map(|&value| value.into());
    match DataType::for_labels(low, high) {
        target if target == now => None,
        DataType::U8 => Some(Voxels::U8(values.map(|value| value as u8).collect())),
        DataType::I16 => Some(Voxels::I16(values.map(|value| value as i16).collect())),
        DataType::I32 => Some(Voxels::I32(values.map(|value| value as i32).collect())),
        _ => Some(Voxels::I64(values.collect())),
    }
}

/// Voxels converted at a time.
const CHUNK: usize = 1 << 15;

/// Memory taken at once without proof that the file can fill it.
const FREE_RESERVE: u64 = 64 << 20;

struct Input<'a> {
    source: &'a mut Source,
    n: usize,
    endian: Endian,
}

impl Input<'_> {
    fn collect<S: Stored, T>(self, convert: impl Fn(S) -> T) -> Result<Vec<T>, Fault> {
        let Self { source, n, endian } = self;
        let mut out = Vec::new();
        // Rationale: a header may promise a thousandfold of its gzip stream, rightly or not; beyond what is plausible,
        // memory grows only as voxels arrive.
        let likely = if source.is_exact() { source.bound() } else { (source.bound() / 64).max(FREE_RESERVE) };
        let first = n.min((likely as usize) / S::SIZE + 1);
        let too_large = |error| Fault::TooLarge { bytes: n as u64 * size_of::<T>() as u64, error };
        out.try_reserve_exact(first).map_err(too_large)?;
        let mut raw = vec![0; CHUNK.min(n) * S::SIZE];
        while out.len() < n {
            let want = (n - out.len()).min(CHUNK) * S::SIZE;
            let got = source.fill(&mut raw[..want])?;
            if got < want {
                let found = (out.len() * S::SIZE + got) as u64;
                return Err(Fault::Short { expected: (n * S::SIZE) as u64, found });
            }
            out.try_reserve(want / S::SIZE).map_err(too_large)?;
            let values = raw[..want].chunks_exact(S::SIZE);
            match endian {
                Endian::Little => out.extend(values.map(|bytes| convert(S::little(bytes)))),
                Endian::Big => out.extend(values.map(|bytes| convert(S::big(bytes)))),
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], stored: DataType, endian: Endian, scaling: Option<Scaling>) -> Result<Voxels, Fault> {
        let mut source = Source::from_bytes(bytes.to_vec()).unwrap();
        Voxels::read(&mut source, bytes.len() / stored.size(), stored, endian, scaling)
    }

    #[test]
    fn scaling_follows_the_table_of_readers() {
        let nan = f64::NAN;
        let cases = [
            (2.0, 5.0, Some((2.0, 5.0))),
            (0.0, 5.0, None),
            (nan, nan, None),
            (f64::INFINITY, 0.0, None),
            (2.0, nan, Some((2.0, 0.0))),
            (1.0, 0.0, None),
            (1.0, f64::INFINITY, None),
            (1.0, -1024.0, Some((1.0, -1024.0))),
        ];
        for (slope, inter, expected) in cases {
            let found = Scaling::of(slope, inter).map(|scaling| (scaling.slope, scaling.inter));
            assert_eq!(found, expected, "slope {slope}, inter {inter}");
        }
    }

    #[test]
    fn unsigned_widen_without_loss() {
        let cases = [
            (DataType::U16, vec![0xff, 0xff], Voxels::I32(vec![65_535])),
            (DataType::U32, vec![0xff; 4], Voxels::I64(vec![4_294_967_295])),
            (DataType::U64, vec![0, 0, 0, 0, 0, 0, 0, 0x40], Voxels::I64(vec![1 << 62])),
        ];
        for (stored, bytes, expected) in cases {
            assert_eq!(read(&bytes, stored, Endian::Little, None).unwrap(), expected);
        }
        let fault = read(&[0xff; 8], DataType::U64, Endian::Little, None).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "holds the uint64 value 18446744073709551615, beyond what int64 can hold; convert it to a smaller type"
        );
    }

    #[test]
    fn scaled_integers_of_32_bits_become_float64() {
        let scaling = Scaling::of(0.5, 1.0);
        assert_eq!(read(&[0, 0, 0, 9], DataType::I32, Endian::Big, scaling).unwrap(), Voxels::F64(vec![5.5]));
        assert_eq!(read(&[0, 9], DataType::I16, Endian::Big, scaling).unwrap(), Voxels::F32(vec![5.5]));
    }

    #[test]
    fn encoding_is_the_way_back() {
        let bytes: Vec<u8> = (0..64).collect();
        for endian in [Endian::Little, Endian::Big] {
            for stored in [DataType::I16, DataType::I64, DataType::U8, DataType::I8, DataType::I32] {
                let voxels = read(&bytes, stored, endian, None).unwrap();
                let mut found = Vec::new();
                let done: Result<(), Fault> = voxels.encode(endian, |raw| {
                    found.extend_from_slice(raw);
                    Ok(())
                });
                done.unwrap();
                assert_eq!(found, bytes);
            }
        }
    }
}
