//! Voxels in the types that tensors know.

/// A type of voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    U8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl Kind {
    /// The smallest that holds whole numbers of a range.
    pub fn of_integers(least: f64, most: f64) -> Self {
        let within = |low: f64, high: f64| least >= low && most <= high;
        if within(0.0, 255.0) {
            Self::U8
        } else if within(f64::from(i16::MIN), f64::from(i16::MAX)) {
            Self::I16
        } else if within(f64::from(i32::MIN), f64::from(i32::MAX)) {
            Self::I32
        } else if within(-9e15, 9e15) {
            Self::I64
        } else {
            Self::F64
        }
    }

    /// The smallest that holds what either holds.
    pub fn or(self, other: Self) -> Self {
        match self.max(other) {
            // float32 holds 24 bits.
            Self::F32 if self.min(other) == Self::I32 || self.min(other) == Self::I64 => Self::F64,
            kind => kind,
        }
    }
}

/// Voxels.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    U8(Vec<u8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Values {
    pub fn with_capacity(kind: Kind, n: usize) -> Self {
        match kind {
            Kind::U8 => Self::U8(Vec::with_capacity(n)),
            Kind::I16 => Self::I16(Vec::with_capacity(n)),
            Kind::I32 => Self::I32(Vec::with_capacity(n)),
            Kind::I64 => Self::I64(Vec::with_capacity(n)),
            Kind::F32 => Self::F32(Vec::with_capacity(n)),
            Kind::F64 => Self::F64(Vec::with_capacity(n)),
        }
    }

    pub(crate) fn extend(&mut self, numbers: impl Iterator<Item = f64>) {
        match self {
            Self::U8(values) => values.extend(numbers.map(|number| number as u8)),
            Self::I16(values) => values.extend(numbers.map(|number| number as i16)),
            Self::I32(values) => values.extend(numbers.map(|number| number as i32)),
            Self::I64(values) => values.extend(numbers.map(|number| number as i64)),
            Self::F32(values) => values.extend(numbers.map(|number| number as f32)),
            Self::F64(values) => values.extend(numbers),
        }
    }

    /// One after the other; all have one type.
    pub(crate) fn concat(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let kind = parts.first().map_or(Kind::U8, Self::kind);
        let mut all = Self::with_capacity(kind, parts.iter().map(Self::len).sum());
        for part in parts {
            all.extend(part.to_f64().into_iter());
        }
        all
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::U8(_) => Kind::U8,
            Self::I16(_) => Kind::I16,
            Self::I32(_) => Kind::I32,
            Self::I64(_) => Kind::I64,
            Self::F32(_) => Kind::F32,
            Self::F64(_) => Kind::F64,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::I16(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Self::U8(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::I16(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::I32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::I64(values) => values.iter().map(|value| *value as f64).collect(),
            Self::F32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::F64(values) => values.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_type_that_holds_all() {
        assert_eq!(Kind::of_integers(0.0, 255.0), Kind::U8);
        assert_eq!(Kind::of_integers(-1024.0, 3071.0), Kind::I16);
        assert_eq!(Kind::of_integers(0.0, 65535.0), Kind::I32);
        assert_eq!(Kind::of_integers(0.0, 4294967295.0), Kind::I64);
        assert_eq!(Kind::I32.or(Kind::F32), Kind::F64);
        assert_eq!(Kind::I16.or(Kind::F32), Kind::F32);
    }
}
