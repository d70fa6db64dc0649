//! Short forms for the elements of a data set.

use super::codes::Code;
use dicom_core::value::{DataSetSequence, PrimitiveValue};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// A data set that is built element by element.
pub trait Build {
    fn with(self, tag: Tag, vr: VR, value: impl Into<PrimitiveValue>) -> Self;
    fn with_items(self, tag: Tag, items: Vec<InMemDicomObject>) -> Self;
    fn with_item(self, tag: Tag, item: InMemDicomObject) -> Self;
    fn with_numbers(self, tag: Tag, numbers: &[f64]) -> Self;
    fn with_code(self, tag: Tag, scheme: &str, code: Code) -> Self;
}

impl Build for InMemDicomObject {
    fn with(mut self, tag: Tag, vr: VR, value: impl Into<PrimitiveValue>) -> Self {
        self.put(DataElement::new(tag, vr, value.into()));
        self
    }

    fn with_items(mut self, tag: Tag, items: Vec<InMemDicomObject>) -> Self {
        self.put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
        self
    }

    fn with_item(self, tag: Tag, item: InMemDicomObject) -> Self {
        self.with_items(tag, vec![item])
    }

    /// Decimal strings.
    fn with_numbers(self, tag: Tag, numbers: &[f64]) -> Self {
        let texts = numbers.iter().map(|number| decimal(*number)).collect::<Vec<_>>();
        self.with(tag, VR::DS, texts.join("\\"))
    }

    fn with_code(self, tag: Tag, scheme: &str, (value, meaning): Code) -> Self {
        let code = empty().with(tags::CODE_VALUE, VR::SH, value).with(tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme).with(
            tags::CODE_MEANING,
            VR::LO,
            meaning,
        );
        self.with_item(tag, code)
    }
}

pub fn empty() -> InMemDicomObject {
    InMemDicomObject::new_empty()
}

/// A number in at most 16 characters, as near as they allow.
pub fn decimal(number: f64) -> String {
    let plain = format!("{number}");
    if plain.len() <= 16 {
        return plain;
    }
    // Small numbers lose their digits without an exponent.
    let points = (0..=15).rev().filter(|_| number.abs() >= 1e-4).map(|digits| format!("{number:.digits$}"));
    let exponents = (0..=12).rev().map(|digits| format!("{number:.digits$e}"));
    points.chain(exponents).find(|text| text.len() <= 16).unwrap_or_else(|| "0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_strings_keep_to_16_characters() {
        let numbers = [0.0, -158.135803, 0.72314049586777, -0.988_228_383_588_123, 1e-17, 123_456_789.123_456_79, -2.0e300];
        for number in numbers {
            let text = decimal(number);
            assert!(text.len() <= 16, "{text}");
            let back: f64 = text.parse().unwrap();
            assert!((back - number).abs() <= 1e-7 * number.abs() + 1e-20, "{number} became {text}");
        }
    }
}
