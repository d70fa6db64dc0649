//! From stored values to measured ones (the modality LUT), frame by frame. Windows for display (VOI) are never applied.

use super::group;
use crate::attributes::Attributes;
use crate::pixels::Format;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// What makes a measured value of a stored one.
#[derive(Clone, Debug, PartialEq)]
pub enum Rescale {
    Linear {
        slope: f64,
        intercept: f64,
    },
    /// A table; stored values below `first` take its first entry, those above its end the last.
    Table {
        first: i64,
        entries: Vec<u16>,
    },
}

impl Rescale {
    /// Leaves values as they are.
    pub const NONE: Self = Self::Linear { slope: 1.0, intercept: 0.0 };

    /// # Errors
    /// Slope or table make no sense.
    pub fn of(object: &InMemDicomObject, frame: usize, format: &Format) -> Result<Self, String> {
        if let Some(table) = object.items(tags::MODALITY_LUT_SEQUENCE).first() {
            return self::table(table, format);
        }
        let place = group(object, frame, tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE).unwrap_or(object);
        let one =
            |place: &InMemDicomObject, tag| Ok::<_, String>(place.decimals(tag)?.and_then(|values| values.first().copied()));
        let slope = match one(place, tags::RESCALE_SLOPE)? {
            Some(slope) => Some(slope),
            None => one(object, tags::DOSE_GRID_SCALING)?,
        };
        let slope = slope.unwrap_or(1.0);
        if slope == 0.0 {
            return Err("RescaleSlope is 0, which would make all values one".into());
        }
        Ok(Self::Linear { slope, intercept: one(place, tags::RESCALE_INTERCEPT)?.unwrap_or(0.0) })
    }

    /// The measured value.
    pub fn apply(&self, stored: f64) -> f64 {
        match self {
            Self::Linear { slope, intercept } => stored * slope + intercept,
            Self::Table { first, entries } => {
                let place = (stored as i64 - first).clamp(0, entries.len() as i64 - 1);
                f64::from(entries[place as usize])
            }
        }
    }

    /// Whether whole numbers stay whole.
    pub fn keeps_integers(&self) -> bool {
        match self {
            Self::Linear { slope, intercept } => slope.fract() == 0.0 && intercept.fract() == 0.0,
            Self::Table { .. } => true,
        }
    }

    /// The least and the most that values of a range become.
    pub fn range(&self, (least, most): (i64, i64)) -> (f64, f64) {
        match self {
            Self::Linear { .. } => {
                let (a, b) = (self.apply(least as f64), self.apply(most as f64));
                (a.min(b), a.max(b))
            }
            Self::Table { entries, .. } => {
                let ends = entries.iter().min().zip(entries.iter().max());
                ends.map_or((0.0, 0.0), |(least, most)| (f64::from(*least), f64::from(*most)))
            }
        }
    }
}

fn table(table: &InMemDicomObject, format: &Format) -> Result<Rescale, String> {
    let [n, first, bits] = table.vector::<3>(tags::LUT_DESCRIPTOR)?.ok_or("ModalityLUTSequence has no LUTDescriptor")?;
    let n = if n == 0.0 { 65536 } else { n.rem_euclid(65536.0) as usize };
    // The descriptor's type is ambiguous in the standard: its second value has the sign that the pixels have.
    let first = match (format.signed, first as i64) {
        (true, first) if first > 32767 => first - 65536,
        (false, first) if first < 0 => first + 65536,
        (_, first) => first,
    };
    let bytes = table.bytes(tags::LUT_DATA).unwrap_or_default();
    let entries: Vec<u16> = match bits {
        8.0 if bytes.len() < 2 * n => bytes.iter().map(|byte| u16::from(*byte)).collect(),
        _ => bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect(),
    };
    match entries.len() >= n {
        true => Ok(Rescale::Table { first, entries: entries[..n].to_vec() }),
        false => Err(format!("LUTData has {} entries, expected {n}", entries.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_ends_at_its_first_and_last_entry() {
        let table = Rescale::Table { first: -2, entries: vec![5, 6, 9] };
        assert_eq!([-9.0, -2.0, -1.0, 0.0, 7.0].map(|stored| table.apply(stored)), [5.0, 5.0, 6.0, 9.0, 9.0]);
        assert_eq!(table.range((-9, 7)), (5.0, 9.0));
    }

    #[test]
    fn a_negative_slope_turns_the_range() {
        let rescale = Rescale::Linear { slope: -2.0, intercept: 1.0 };
        assert_eq!(rescale.range((0, 10)), (-19.0, 1.0));
        assert!(rescale.keeps_integers());
        assert!(!Rescale::Linear { slope: 0.1, intercept: 0.0 }.keeps_integers());
    }
}
