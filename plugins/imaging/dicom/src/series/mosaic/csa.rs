//! The CSA header of Siemens scanners (`SV10`): named lists of texts in one private element. Every length is checked against the
//! bytes that are there.

/// Elements in one header; real ones have about a hundred.
const MOST: u32 = 1024;
const NAME: usize = 64;
const ELEMENT: usize = 84;
const ITEM: usize = 16;

/// The values of one element, without those that are empty; none where there is no such element.
///
/// # Errors
/// The header is of another kind, or damaged.
pub fn values(bytes: &[u8], name: &str) -> Result<Option<Vec<String>>, String> {
    if !bytes.starts_with(b"SV10") {
        return Err("its CSA header is none of kind SV10".into());
    }
    let n_elements = word(bytes, 8)?;
    if n_elements > MOST {
        return Err(format!("its CSA header is damaged: {n_elements} elements"));
    }
    let mut at = 16;
    for _ in 0..n_elements {
        let found = text(slice(bytes, at, NAME)?) == name;
        let n_items = word(bytes, at + NAME + 12)?;
        at += ELEMENT;
        let mut values = Vec::new();
        for _ in 0..n_items {
            // The second of four numbers is the length, which is padded to whole words.
            let length = word(bytes, at + 4)? as usize;
            let value = slice(bytes, at + ITEM, length)?;
            if found {
                values.push(text(value));
            }
            at += ITEM + length.next_multiple_of(4);
        }
        if found {
            values.retain(|value| !value.is_empty());
            return Ok(Some(values));
        }
    }
    Ok(None)
}

fn slice(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], String> {
    bytes.get(at..).and_then(|rest| rest.get(..length)).ok_or_else(|| "its CSA header is truncated".into())
}

fn word(bytes: &[u8], at: usize) -> Result<u32, String> {
    Ok(slice(bytes, at, 4)?.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)))
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Vec<u8> {
        let element = |name: &str, items: &[&str]| {
            let mut bytes = name.as_bytes().to_vec();
            bytes.resize(76, 0);
            bytes.extend([items.len() as u32, 77].iter().flat_map(|word| word.to_le_bytes()));
            for item in items {
                let length = item.len() as u32;
                bytes.extend([length, length, 77, length].iter().flat_map(|word| word.to_le_bytes()));
                bytes.extend(item.as_bytes());
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
            bytes
        };
        let elements = [element("EchoLinePosition", &["32"]), element("SliceNormalVector", &["0.1", "", "1.0     "])];
        [b"SV10\x04\x03\x02\x01\x02\0\0\0\x4d\0\0\0".to_vec(), elements.concat()].concat()
    }

    #[test]
    fn values_are_found_by_name() {
        assert_eq!(values(&header(), "SliceNormalVector").unwrap().unwrap(), ["0.1", "1.0"]);
        assert_eq!(values(&header(), "NumberOfImagesInMosaic"), Ok(None));
    }

    #[test]
    fn no_length_is_believed() {
        let whole = header();
        for end in 0..whole.len() {
            assert!(values(&whole[..end], "nothing").is_err(), "{end}");
        }
        let mut odd = whole.clone();
        // The length of the first item.
        odd[16 + ELEMENT + 4..][..4].fill(0xFF);
        assert_eq!(values(&odd, "nothing").unwrap_err(), "its CSA header is truncated");
        odd[8..12].fill(0xFF);
        assert_eq!(values(&odd, "nothing").unwrap_err(), "its CSA header is damaged: 4294967295 elements");
    }
}
