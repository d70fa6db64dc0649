//! Where the data set of a file begins, and in which transfer syntax: by its meta header, or by its looks where that is missing.

use super::walk::short;

/// What comes before the data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub offset: usize,
    pub syntax: String,
    /// The file does not say its transfer syntax.
    pub guessed: bool,
    /// What the meta header says the file holds; the data set may leave it out.
    pub class: Option<String>,
}

/// Finds the start; nothing where the bytes are no DICOM.
pub fn start(bytes: &[u8]) -> Option<Start> {
    let magic = |at: usize| bytes.get(at..at + 4) == Some(b"DICM");
    let meta = if magic(128) {
        132
    } else if magic(0) {
        4
    } else {
        0
    };
    let (offset, syntax, class) = skip_meta(bytes, meta);
    match syntax {
        Some(syntax) => Some(Start { offset, syntax, guessed: false, class }),
        None if meta > 0 || offset > 0 || plausible(&bytes[offset..]) => {
            let syntax = guess(&bytes[offset..]).to_owned();
            Some(Start { offset, syntax, guessed: true, class })
        }
        None => None,
    }
}

/// Goes over the elements of group 2, whatever their group length says.
fn skip_meta(bytes: &[u8], mut at: usize) -> (usize, Option<String>, Option<String>) {
    let (mut syntax, mut class) = (None, None);
    while let Some(head) = bytes.get(at..at + 8) {
        if head[..2] != [2, 0] {
            break;
        }
        let (length, size) = match [head[4], head[5]] {
            vr if short(vr) => (usize::from(u16::from_le_bytes([head[6], head[7]])), 8),
            vr if vr.iter().all(u8::is_ascii_uppercase) => match bytes.get(at + 8..at + 12) {
                Some(length) => (u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize, 12),
                None => break,
            },
            _ => (u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize, 8),
        };
        let Some(value) = bytes.get(at + size..).and_then(|rest| rest.get(..length)) else { break };
        let text = || String::from_utf8_lossy(value).trim_matches(['\0', ' ']).to_owned();
        match [head[2], head[3]] {
            [0x10, 0] => syntax = Some(text()),
            [0x02, 0] => class = Some(text()),
            _ => {}
        }
        at += size + length;
    }
    (at, syntax.filter(|text| !text.is_empty()), class.filter(|text| !text.is_empty()))
}

/// Whether bytes without any header look like a data set: they begin in group 8, as all do that hold an image.
fn plausible(bytes: &[u8]) -> bool {
    let Some(head) = bytes.first_chunk::<8>() else { return false };
    let explicit = short([head[4], head[5]]) || [head[4], head[5]] == *b"SQ";
    match [head[0], head[1]] {
        [8, 0] => explicit || u32::from_le_bytes([head[4], head[5], head[6], head[7]]) < 4096,
        [0, 8] => explicit,
        _ => false,
    }
}

fn guess(bytes: &[u8]) -> &'static str {
    let Some(head) = bytes.first_chunk::<8>() else { return "1.2.840.10008.1.2" };
    let explicit = [head[4], head[5]].iter().all(u8::is_ascii_uppercase);
    match explicit {
        true if head[0] == 0 && head[1] != 0 => "1.2.840.10008.1.2.2",
        true => "1.2.840.10008.1.2.1",
        false => "1.2.840.10008.1.2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meta_header_is_believed_and_its_length_is_not() {
        let mut bytes = vec![0; 128];
        bytes.extend(b"DICM\x02\x00\x00\x00UL\x04\x00\xff\xff\xff\xff\x02\x00\x10\x00UI\x12\x001.2.840.10008.1.2\0");
        let length = bytes.len();
        let found = start(&bytes).unwrap();
        assert_eq!((found.offset, found.syntax.as_str(), found.guessed), (length, "1.2.840.10008.1.2", false));
    }

    #[test]
    fn data_sets_without_header_are_known_by_their_looks() {
        let cases: [(&[u8], _); 5] = [
            (b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100", Some("1.2.840.10008.1.2.1")),
            (b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100", Some("1.2.840.10008.1.2")),
            (b"\x00\x08\x00\x05CS\x00\x0aISO_IR 100", Some("1.2.840.10008.1.2.2")),
            (b"\x89PNG\r\n\x1a\n", None),
            (b"short", None),
        ];
        for (bytes, syntax) in cases {
            assert_eq!(start(bytes).map(|found| found.syntax).as_deref(), syntax);
        }
    }
}
