//! Walks over the headers of data elements and checks every length against what is there, before anything is allocated.
//!
//! Rationale: the parser behind takes lengths at their word and allocates up to 4 GiB for a damaged one; and a file that ends
//! early should say so with the element's name.

use super::Depth;
use crate::syntax::Layout;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

/// Where a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walked {
    /// At the end of the data; there are no pixels.
    End,
    /// The pixel elements (group 7FE0) lie in `start..end` and begin with (7FE0,`element`); with [`Depth::Head`], `end` equals
    /// `start`.
    Pixels { element: u16, start: usize, end: usize },
    /// What [`Depth::Origin`] asks for ends here.
    Enough { end: usize },
    /// The bytes given end before the file does.
    NeedMore,
}

/// The last element of [`Depth::Origin`]: Columns.
const ORIGIN: (u16, u16) = (0x0028, 0x0011);

/// How deep sequences may nest; real files stay below ten.
const DEEPEST: usize = 64;
const UNDEFINED: u32 = u32::MAX;

/// Walks over a data set that begins at `from`, as far as `depth` asks for; `total` is the length of the file that `bytes` are
/// the beginning of.
///
/// # Errors
/// An element that reaches past the end, or sequences nested too deep.
pub fn walk(bytes: &[u8], from: usize, total: usize, layout: Layout, depth: Depth) -> Result<Walked, String> {
    let mut walker = Walker { bytes, total, layout, at: from, open: Vec::new() };
    let mut pixels: Option<(u16, usize)> = None;
    loop {
        walker.open.retain(|end| *end > walker.at);
        let before = walker.at;
        let Some(header) = walker.header()? else {
            return Ok(match pixels {
                Some((element, start)) => Walked::Pixels { element, start, end: before },
                None if bytes.len() < total => Walked::NeedMore,
                None => Walked::End,
            });
        };
        let on_top = walker.open.is_empty();
        let is_past_origin = on_top && header.group != 0xFFFE && (header.group, header.element) > ORIGIN;
        if depth == Depth::Origin && is_past_origin {
            return Ok(Walked::Enough { end: before });
        }
        match pixels {
            None if on_top && header.group >= 0x7FE0 && header.group != 0xFFFE => {
                if depth != Depth::Whole {
                    return Ok(Walked::Pixels { element: header.element, start: before, end: before });
                }
                pixels = Some((header.element, before));
            }
            Some((element, start)) if on_top && header.group != 0x7FE0 => {
                return Ok(Walked::Pixels { element, start, end: before });
            }
            _ => {}
        }
        if !walker.enter(&header)? {
            return Ok(Walked::NeedMore);
        }
    }
}

struct Walker<'a> {
    bytes: &'a [u8],
    total: usize,
    layout: Layout,
    at: usize,
    /// Ends of the sequences and items around; `usize::MAX` where a delimiter ends them.
    open: Vec<usize>,
}

struct Header {
    group: u16,
    element: u16,
    vr: [u8; 2],
    length: u32,
}

impl Walker<'_> {
    /// The next header, or nothing where the bytes end. Up to seven stray bytes at the end of a file are let pass.
    fn header(&mut self) -> Result<Option<Header>, String> {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let Some(head) = rest.first_chunk::<8>() else { return Ok(None) };
        let (group, element) = (self.u16(head[0], head[1]), self.u16(head[2], head[3]));
        let long = |at: usize| rest.get(at..at + 4).map(|b| self.u32([b[0], b[1], b[2], b[3]]));
        let delimiter = group == 0xFFFE;
        let (vr, length, size) = if delimiter || self.layout == Layout::ImplicitLittle {
            (implicit(group, element), long(4), 8)
        } else {
            let vr = [head[4], head[5]];
            match short(vr) {
                true => (vr, Some(u32::from(self.u16(head[6], head[7]))), 8),
                false => (vr, long(8), 12),
            }
        };
        let Some(length) = length else { return Ok(None) };
        self.at += size;
        Ok(Some(Header { group, element, vr, length }))
    }

    /// Goes past the value, or into it where it holds elements; false where the bytes given end before.
    fn enter(&mut self, header: &Header) -> Result<bool, String> {
        let left = self.total.saturating_sub(self.at);
        let fits = header.length == UNDEFINED || header.length as usize <= left;
        if !fits {
            return Err(format!(
                "element ({:04X},{:04X}) is said to have {} bytes, but {left} are left: the file is truncated or damaged",
                header.group, header.element, header.length
            ));
        }
        let end = if header.length == UNDEFINED { usize::MAX } else { self.at + header.length as usize };
        let pixels = self.in_pixels();
        match (header.group, header.element) {
            (0xFFFE, 0xE000) if !pixels => self.push(end)?,
            (0xFFFE, 0xE00D | 0xE0DD) => {
                self.open.pop();
            }
            (0xFFFE, 0xE000) if header.length == UNDEFINED => return Err("a pixel fragment has no length".into()),
            _ if header.length == UNDEFINED => self.push(if header.group == 0x7FE0 { PIXELS } else { usize::MAX })?,
            _ if header.vr == *b"SQ" && !pixels => self.push(end)?,
            _ => self.at = end,
        }
        Ok(self.at <= self.bytes.len())
    }

    fn push(&mut self, end: usize) -> Result<(), String> {
        self.open.push(end);
        match self.open.len() > DEEPEST {
            true => Err(format!("sequences are nested more than {DEEPEST} deep")),
            false => Ok(()),
        }
    }

    fn in_pixels(&self) -> bool {
        self.open.last() == Some(&PIXELS)
    }

    fn u16(&self, a: u8, b: u8) -> u16 {
        if self.layout == Layout::ExplicitBig { u16::from_be_bytes([a, b]) } else { u16::from_le_bytes([a, b]) }
    }

    fn u32(&self, bytes: [u8; 4]) -> u32 {
        if self.layout == Layout::ExplicitBig { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

/// `SQ` for the standard's sequences, in a layout that does not say.
fn implicit(group: u16, element: u16) -> [u8; 2] {
    let sequence = StandardDataDictionary.by_tag(Tag(group, element)).is_some_and(|entry| entry.vr().relaxed() == VR::SQ);
    if sequence { *b"SQ" } else { *b"  " }
}

/// The mark of encapsulated pixels on the stack of open ends; they end with a delimiter.
const PIXELS: usize = usize::MAX - 1;

/// Whether a value representation is written with a length of two bytes.
pub(crate) fn short(vr: [u8; 2]) -> bool {
    matches!(
        &vr,
        b"AE"
            | b"AS"
            | b"AT"
            | b"CS"
            | b"DA"
            | b"DS"
            | b"DT"
            | b"FL"
            | b"FD"
            | b"IS"
            | b"LO"
            | b"LT"
            | b"PN"
            | b"SH"
            | b"SL"
            | b"SS"
            | b"ST"
            | b"TM"
            | b"UI"
            | b"UL"
            | b"US"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_past_the_end_is_named() {
        let bytes = b"\x08\x00\x05\x00CS\x0a\x00ISO";
        let fault = walk(bytes, 0, bytes.len(), Layout::ExplicitLittle, Depth::Whole).unwrap_err();
        assert!(fault.starts_with("element (0008,0005) is said to have 10 bytes, but 3 are left"), "{fault}");
        assert_eq!(walk(bytes, 0, 1000, Layout::ExplicitLittle, Depth::Head), Ok(Walked::NeedMore));
    }

    #[test]
    fn sequences_without_end_are_not_followed_for_ever() {
        let bytes: Vec<u8> =
            [b"\x08\x00\x05\x00SQ\0\0\xff\xff\xff\xff", b"\xfe\xff\x00\xe0\xff\xff\xff\xff".as_slice()].concat().repeat(100);
        assert!(walk(&bytes, 0, bytes.len(), Layout::ExplicitLittle, Depth::Whole).unwrap_err().contains("nested"));
    }

    #[test]
    fn what_follows_the_pixels_is_left() {
        let pixels = b"\xe0\x7f\x10\x00OW\0\0\x02\0\0\0ab";
        let bytes = [b"\x28\x00\x10\x00US\x02\0\x01\0".as_slice(), pixels, b"\xfc\xff\xfc\xffOB\0\0\0\0\0\0"].concat();
        let walked = walk(&bytes, 0, bytes.len(), Layout::ExplicitLittle, Depth::Whole);
        assert_eq!(walked, Ok(Walked::Pixels { element: 0x10, start: 10, end: 24 }));
    }
}
