//! Element types that both file forms know.

use std::fmt;

/// Element type of a tensor. Bytes are little-endian everywhere in this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dtype {
    Bool,
    U8,
    I8,
    I16,
    F16,
    BF16,
    I32,
    F32,
    I64,
    F64,
}

impl Dtype {
    /// Every type, smallest first.
    pub const ALL: [Self; 10] =
        [Self::Bool, Self::U8, Self::I8, Self::I16, Self::F16, Self::BF16, Self::I32, Self::F32, Self::I64, Self::F64];

    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    /// The name in a safetensors header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::U8 => "U8",
            Self::I8 => "I8",
            Self::I16 => "I16",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::I32 => "I32",
            Self::F32 => "F32",
            Self::I64 => "I64",
            Self::F64 => "F64",
        }
    }

    /// From the name in a safetensors header.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// From PyTorch's word for a storage (`Float` of `torch.FloatStorage`).
    pub(crate) fn from_torch_storage(word: &str) -> Option<Self> {
        Some(match word {
            "Bool" => Self::Bool,
            "Byte" => Self::U8,
            "Char" => Self::I8,
            "Short" => Self::I16,
            "Half" => Self::F16,
            "BFloat16" => Self::BF16,
            "Int" => Self::I32,
            "Float" => Self::F32,
            "Long" => Self::I64,
            "Double" => Self::F64,
            _ => return None,
        })
    }

    /// From PyTorch's name of the type (`float32` of `torch.float32`).
    pub(crate) fn from_torch(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "uint8" => Self::U8,
            "int8" => Self::I8,
            "int16" => Self::I16,
            "float16" => Self::F16,
            "bfloat16" => Self::BF16,
            "int32" => Self::I32,
            "float32" => Self::F32,
            "int64" => Self::I64,
            "float64" => Self::F64,
            _ => return None,
        })
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
