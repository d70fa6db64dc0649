//! Element types by PyTorch's names.

use tch::Kind;

const NAMES: [(Kind, &str); 13] = [
    (Kind::Uint8, "uint8"),
    (Kind::Int8, "int8"),
    (Kind::Int16, "int16"),
    (Kind::Int, "int32"),
    (Kind::Int64, "int64"),
    (Kind::Half, "float16"),
    (Kind::BFloat16, "bfloat16"),
    (Kind::Float, "float32"),
    (Kind::Double, "float64"),
    (Kind::Bool, "bool"),
    (Kind::ComplexHalf, "complex32"),
    (Kind::ComplexFloat, "complex64"),
    (Kind::ComplexDouble, "complex128"),
];

/// `float32` for `Kind::Float`.
pub fn dtype_name(kind: Kind) -> &'static str {
    NAMES.iter().find(|(other, _)| *other == kind).map_or("quantised", |(_, name)| name)
}

/// `Kind::Float` for `float32`.
pub fn kind_of(name: &str) -> Option<Kind> {
    NAMES.iter().find(|(_, other)| *other == name).map(|(kind, _)| *kind)
}
