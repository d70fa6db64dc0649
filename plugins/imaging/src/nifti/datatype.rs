//! The element types a NIfTI file can name.

use super::Fault;

/// An element type that holds one number a voxel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    U8,
    I8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

const REMEDY_COLOUR: &str = "convert it to one grey value a voxel, or give the image it was made from";
const REMEDY_COMPLEX: &str = "write magnitude or phase as a volume of its own and give that";

impl DataType {
    /// The type of a header's `datatype`.
    ///
    /// # Errors
    /// Types that are not one real number a voxel are refused by name.
    pub fn from_code(code: i16) -> Result<Self, Fault> {
        let refuse =
            |what: &str, remedy| Err(Fault::Unsupported { what: format!("holds {what} voxels (datatype {code})"), remedy });
        match code {
            2 => Ok(Self::U8),
            4 => Ok(Self::I16),
            8 => Ok(Self::I32),
            16 => Ok(Self::F32),
            64 => Ok(Self::F64),
            256 => Ok(Self::I8),
            512 => Ok(Self::U16),
            768 => Ok(Self::U32),
            1024 => Ok(Self::I64),
            1280 => Ok(Self::U64),
            1 => refuse("1-bit", "convert it to uint8"),
            32 => refuse("complex64", REMEDY_COMPLEX),
            1792 => refuse("complex128", REMEDY_COMPLEX),
            2048 => refuse("complex256", REMEDY_COMPLEX),
            128 => refuse("RGB colour", REMEDY_COLOUR),
            2304 => refuse("RGBA colour", REMEDY_COLOUR),
            1536 => refuse("float128", "convert it to float64"),
            _ => Err(Fault::Damaged(format!("datatype is {code}, which the format does not know"))),
        }
    }

    /// The header's `datatype`.
    pub fn code(self) -> i16 {
        match self {
            Self::U8 => 2,
            Self::I16 => 4,
            Self::I32 => 8,
            Self::F32 => 16,
            Self::F64 => 64,
            Self::I8 => 256,
            Self::U16 => 512,
            Self::U32 => 768,
            Self::I64 => 1024,
            Self::U64 => 1280,
        }
    }

    /// Bytes a voxel.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// The name in reports, as numpy writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::U16 => "uint16",
            Self::I32 => "int32",
            Self::U32 => "uint32",
            Self::I64 => "int64",
            Self::U64 => "uint64",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }

    /// The smallest type for labels from `low` to `high` among those that every reader and every tensor knows: uint8, int16,
    /// int32, int64.
    pub fn for_labels(low: i64, high: i64) -> Self {
        let fits = |min: i64, max: i64| low >= min && high <= max;
        if fits(0, 255) {
            Self::U8
        } else if fits(i64::from(i16::MIN), i64::from(i16::MAX)) {
            Self::I16
        } else if fits(i64::from(i32::MIN), i64::from(i32::MAX)) {
            Self::I32
        } else {
            Self::I64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip() {
        for code in [2, 4, 8, 16, 64, 256, 512, 768, 1024, 1280] {
            assert_eq!(DataType::from_code(code).unwrap().code(), code);
        }
    }

    #[test]
    fn labels_take_the_smallest_type() {
        let cases = [
            (0, 255, DataType::U8),
            (0, 256, DataType::I16),
            (-1, 3, DataType::I16),
            (0, 40_000, DataType::I32),
            (-1, 40_000, DataType::I32),
            (0, 1 << 40, DataType::I64),
        ];
        for (low, high, expected) in cases {
            assert_eq!(DataType::for_labels(low, high), expected, "{low}..{high}");
        }
    }
}
