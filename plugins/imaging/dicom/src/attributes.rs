//! Values of attributes, with what real files do to them: padding, missing types, text where numbers belong.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::value::PrimitiveValue;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_object::InMemDicomObject;

/// Typed reading of attributes. An empty value counts as none.
pub(crate) trait Attributes {
    fn text(&self, tag: Tag) -> Option<String>;
    fn texts(&self, tag: Tag) -> Vec<String>;
    /// # Errors
    /// The value is no whole number; the text names the attribute.
    fn integer(&self, tag: Tag) -> Result<Option<i64>, String>;
    /// # Errors
    /// A value is no finite number; the text names the attribute.
    fn decimals(&self, tag: Tag) -> Result<Option<Vec<f64>>, String>;
    /// Exactly `N` numbers.
    ///
    /// # Errors
    /// As [`Attributes::decimals`], or there are more or fewer.
    fn vector<const N: usize>(&self, tag: Tag) -> Result<Option<[f64; N]>, String>;
    fn items(&self, tag: Tag) -> &[InMemDicomObject];
    fn bytes(&self, tag: Tag) -> Option<Vec<u8>>;
}

impl Attributes for InMemDicomObject {
    fn text(&self, tag: Tag) -> Option<String> {
        self.texts(tag).into_iter().next().filter(|text| !text.is_empty())
    }

    fn texts(&self, tag: Tag) -> Vec<String> {
        let Some(value) = primitive(self, tag) else { return Vec::new() };
        let texts = value.to_multi_str();
        texts.iter().flat_map(|text| text.split('\\')).map(|text| text.trim_matches(['\0', ' ']).to_owned()).collect()
    }

    fn integer(&self, tag: Tag) -> Result<Option<i64>, String> {
        let Some(value) = primitive(self, tag).filter(|_| self.text(tag).is_some()) else { return Ok(None) };
        value.to_int::<i64>().map(Some).map_err(|_| fault(tag, "a whole number", self))
    }

    fn decimals(&self, tag: Tag) -> Result<Option<Vec<f64>>, String> {
        let Some(value) = primitive(self, tag).filter(|_| self.text(tag).is_some()) else { return Ok(None) };
        let numbers = match &value {
            PrimitiveValue::Str(_) | PrimitiveValue::Strs(_) => {
                self.texts(tag).iter().map(|text| text.parse().ok()).collect::<Option<Vec<f64>>>()
            }
            other => other.to_multi_float64().ok(),
        };
        let finite = numbers.filter(|numbers| numbers.iter().all(|number| number.is_finite()));
        finite.map(Some).ok_or_else(|| fault(tag, "finite numbers", self))
    }

    fn vector<const N: usize>(&self, tag: Tag) -> Result<Option<[f64; N]>, String> {
        let Some(numbers) = self.decimals(tag)? else { return Ok(None) };
        let n = numbers.len();
        let vector = numbers.try_into().map_err(|_| format!("{} has {n} values, expected {N}", name(tag)))?;
        Ok(Some(vector))
    }

    fn items(&self, tag: Tag) -> &[InMemDicomObject] {
        self.get(tag).and_then(|element| element.value().items()).unwrap_or_default()
    }

    fn bytes(&self, tag: Tag) -> Option<Vec<u8>> {
        let value = self.get(tag)?.value().primitive()?;
        Some(match value {
            // Words are kept in the host's order by the parser; pixels are little endian from here on.
            PrimitiveValue::U16(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
            PrimitiveValue::I16(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
            PrimitiveValue::U32(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
            PrimitiveValue::U64(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
            PrimitiveValue::F32(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
            PrimitiveValue::F64(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
            other => other.to_bytes().into_owned(),
        })
    }
}

/// The value, read as the dictionary says where the file says `UN`.
fn primitive(object: &InMemDicomObject, tag: Tag) -> Option<PrimitiveValue> {
    let element = object.get(tag)?;
    let value = element.value().primitive()?;
    let PrimitiveValue::U8(bytes) = value else { return Some(value.clone()) };
    if element.header().vr != VR::UN {
        return Some(value.clone());
    }
    // What was implicit once is little endian still.
    let pairs = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    Some(match StandardDataDictionary.by_tag(tag)?.vr().relaxed() {
        VR::US => PrimitiveValue::U16(pairs.collect()),
        VR::SS => PrimitiveValue::I16(pairs.map(|word| word as i16).collect()),
        VR::FD => {
            let numbers = bytes.as_chunks::<8>().0.iter().map(|chunk| f64::from_le_bytes(*chunk));
            PrimitiveValue::F64(numbers.collect())
        }
        _ => PrimitiveValue::from(String::from_utf8_lossy(bytes).into_owned()),
    })
}

/// The attribute's name in the standard, or its tag.
pub(crate) fn name(tag: Tag) -> String {
    let entry = StandardDataDictionary.by_tag(tag);
    entry.map_or_else(|| format!("({:04X},{:04X})", tag.0, tag.1), |entry| entry.alias().to_owned())
}

fn fault(tag: Tag, wanted: &str, object: &InMemDicomObject) -> String {
    format!("{} must be {wanted}, got {}", name(tag), number_shown(&object.texts(tag).join("\\")))
}

/// How a message shows what stands where a number belongs. Damage may have moved anything there, a patient's name too: what is
/// not made as numbers are is told by its length.
fn number_shown(text: &str) -> String {
    let is_numeric = |letter: char| letter.is_ascii_digit() || "+-.eE\\ ".contains(letter);
    if text.chars().all(is_numeric) { format!("\"{text}\"") } else { hidden(text) }
}

/// How a message shows a code of the standard: as it is where it is one of `known`.
pub(crate) fn code_shown(text: &str, known: &[&str]) -> String {
    if known.contains(&text) { text.to_owned() } else { hidden(text) }
}

fn hidden(text: &str) -> String {
    format!("a text of {} characters", text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_and_codes_of_the_standard_are_shown() {
        assert_eq!(number_shown("0.5\\-1e3"), "\"0.5\\-1e3\"");
        assert_eq!(number_shown("0.5\\-1E3 "), "\"0.5\\-1E3 \"");
        assert_eq!(number_shown("Doe^Jane"), "a text of 8 characters");
        assert_eq!(
            (code_shown("RGB", &["RGB"]), code_shown("DOE JANE", &["RGB"])),
            ("RGB".into(), "a text of 8 characters".into())
        );
    }
}
