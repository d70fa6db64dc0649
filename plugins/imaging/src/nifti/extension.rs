//! The blocks between header and voxels.

use super::Endian;

/// Comment-like XML with label names, as `TotalSegmentator` writes it.
pub const LABEL_TABLE_CODE: i32 = 0;

/// One block: its registered code, and its bytes with padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    pub code: i32,
    pub bytes: Vec<u8>,
}

/// Finds the blocks in the bytes behind a header: a flag of four bytes, then blocks of size, code and content.
///
/// Returns the whole blocks, and a warning where a block's size cannot be: the blocks from there on are unknown, which does
/// not touch the voxels.
pub fn parse(bytes: &[u8], endian: Endian) -> (Vec<Extension>, Option<String>) {
    let mut blocks = Vec::new();
    if bytes.len() < 4 || bytes[0] == 0 {
        return (blocks, None);
    }
    let mut rest = &bytes[4..];
    while rest.len() >= 8 {
        let size = endian.i32(rest, 0);
        let whole = usize::try_from(size).ok().filter(|&size| size >= 8 && size <= rest.len());
        let Some(size) = whole else {
            let warning = format!(
                "header extension {} claims {size} bytes where {} are left; it was passed over",
                blocks.len(),
                rest.len()
            );
            return (blocks, Some(warning));
        };
        blocks.push(Extension { code: endian.i32(rest, 4), bytes: rest[8..size].to_vec() });
        rest = &rest[size..];
    }
    (blocks, None)
}

/// The bytes of flag and blocks; each block is filled with zeros to a multiple of 16.
pub(super) fn encode(blocks: &[Extension], endian: Endian) -> Vec<u8> {
    let mut out = vec![u8::from(!blocks.is_empty()), 0, 0, 0];
    for block in blocks {
        let size = (8 + block.bytes.len()).next_multiple_of(16);
        let mut raw = vec![0; size];
        endian.put_i32(&mut raw, 0, size as i32);
        endian.put_i32(&mut raw, 4, block.code);
        raw[8..8 + block.bytes.len()].copy_from_slice(&block.bytes);
        out.extend(raw);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_round_trip_with_padding() {
        let block = Extension { code: 6, bytes: b"a comment".to_vec() };
        let raw = encode(std::slice::from_ref(&block), Endian::Big);
        let (found, warning) = parse(&raw, Endian::Big);
        assert_eq!(warning, None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code, 6);
        assert_eq!(&found[0].bytes[..9], b"a comment");
        assert_eq!(raw.len() % 16, 4);
    }

    #[test]
    fn an_impossible_size_is_a_warning() {
        let mut raw = encode(&[Extension { code: 6, bytes: vec![1; 8] }], Endian::Little);
        Endian::Little.put_i32(&mut raw, 4, 4096);
        let (found, warning) = parse(&raw, Endian::Little);
        assert!(found.is_empty());
        assert_eq!(warning.unwrap(), "header extension 0 claims 4096 bytes where 16 are left; it was passed over");
    }
}
