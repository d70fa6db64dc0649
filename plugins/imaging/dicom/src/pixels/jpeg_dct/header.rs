//! Markers up to the first scan.

use super::Refusal;
use super::huffman::Table;

pub struct Header {
    pub width: usize,
    pub height: usize,
    /// Steps of the coefficients, in zigzag order.
    pub steps: [u16; 64],
    pub direct: Table,
    pub alternating: Table,
    /// Blocks between restarts; 0 for none.
    pub restarts: usize,
    /// Where the scan's bits begin.
    pub data: usize,
}

/// Walks over the segments of a JPEG up to and with the start of a scan: marker, body, and where the next one begins.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Segments<'a> {
    type Item = (u8, &'a [u8], usize);

    fn next(&mut self) -> Option<Self::Item> {
        // Any number of FF may stand before a marker.
        while self.bytes.get(self.at..self.at + 2)? == [0xFF, 0xFF] {
            self.at += 1;
        }
        let head = self.bytes.get(self.at..self.at + 4)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]])).max(2);
        let body = self.bytes.get(self.at + 4..self.at + 2 + length)?;
        self.at += 2 + length;
        (head[0] == 0xFF).then_some((head[1], body, self.at))
    }
}

fn segments(frame: &[u8]) -> Segments<'_> {
    // A frame without its beginning has no segments.
    Segments { bytes: if frame.starts_with(&[0xFF, 0xD8]) { frame } else { &[] }, at: 2 }
}

/// Marker and body of the frame header: `C0` to `CF`, without tables (`C4`), extensions (`C8`) and conditioning (`CC`).
pub fn frame_header(frame: &[u8]) -> Option<(u8, &[u8])> {
    let mut before_scan = segments(frame).take_while(|(marker, ..)| *marker != 0xDA);
    before_scan
        .find(|(marker, ..)| matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC))
        .map(|(m, body, _)| (m, body))
}

/// # Errors
/// Markers are missing or damaged, or say something that is not decoded.
pub fn read(frame: &[u8]) -> Result<Header, Refusal> {
    let (_, body) = frame_header(frame).ok_or("the JPEG has no frame header")?;
    let (height, width, quantisation) = size(body)?;
    let mut restarts = 0;
    let mut steps = [None; 4];
    let (mut direct, mut alternating) = ([const { None }; 4], [const { None }; 4]);
    for (marker, body, next) in segments(frame) {
        match marker {
            0xDB => quantisers(body, &mut steps)?,
            0xC4 => huffman(body, &mut direct, &mut alternating)?,
            0xDD => {
                restarts = body.first_chunk().map(|pair| usize::from(u16::from_be_bytes(*pair))).ok_or("the JPEG is damaged")?
            }
            0xDA => {
                let (dc, ac) = scan(body)?;
                return Ok(Header {
                    width,
                    height,
                    steps: steps[quantisation].ok_or("the JPEG lacks a quantisation table")?,
                    direct: direct[dc].take().ok_or("the JPEG lacks a Huffman table")?,
                    alternating: alternating[ac].take().ok_or("the JPEG lacks a Huffman table")?,
                    restarts,
                    data: next,
                });
            }
            _ => {}
        }
    }
    Err("the JPEG ends in its header".into())
}

/// Height, width, and the number of the quantisation table.
fn size(body: &[u8]) -> Result<(usize, usize, usize), Refusal> {
    let [_, h1, h0, w1, w0, components, rest @ ..] = body else { return Err("the JPEG frame header is truncated".into()) };
    if *components != 1 {
        return Err(Refusal::Variant(format!("it has {components} components of 12 bits")));
    }
    let [_, _, table @ 0..=3] = *rest else { return Err("the JPEG frame header is damaged".into()) };
    let word = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low]));
    match (word(*h1, *h0), word(*w1, *w0)) {
        (0, _) => Err(Refusal::Variant("it tells its height after the pixels".into())),
        (height, width) => Ok((height, width, table.into())),
    }
}

fn quantisers(mut body: &[u8], tables: &mut [Option<[u16; 64]>; 4]) -> Result<(), Refusal> {
    while let Some((kind, rest)) = body.split_first() {
        let size = 1 + usize::from(kind >> 4);
        let (target, values) = (tables.get_mut(usize::from(kind & 15)), rest.get(..64 * size));
        let (Some(target), Some(values), 1..=2) = (target, values, size) else {
            return Err("a quantisation table of the JPEG is damaged".into());
        };
        let step = |at: usize| values[at * size..(at + 1) * size].iter().fold(0, |step, byte| step << 8 | u16::from(*byte));
        *target = Some(std::array::from_fn(step));
        body = &rest[64 * size..];
    }
    Ok(())
}

fn huffman(mut body: &[u8], direct: &mut [Option<Table>; 4], alternating: &mut [Option<Table>; 4]) -> Result<(), Refusal> {
    while let Some((kind, rest)) = body.split_first() {
        let (counts, symbols) = rest.split_first_chunk::<16>().ok_or("a Huffman table of the JPEG is truncated")?;
        let tables = if kind >> 4 == 0 { &mut *direct } else { &mut *alternating };
        let target = tables.get_mut(usize::from(kind & 15)).ok_or("a Huffman table of the JPEG has a wrong number")?;
        *target = Some(Table::new(counts, symbols)?);
        body = &symbols[counts.iter().map(|count| usize::from(*count)).sum()..];
    }
    Ok(())
}

/// The numbers of the two Huffman tables. The range of coefficients is not asked for: sequential scans hold all of them, and some
/// encoders write 0 to 0.
fn scan(body: &[u8]) -> Result<(usize, usize), Refusal> {
    match *body {
        [1, _, tables, ..] if tables >> 4 < 4 && tables & 15 < 4 => Ok((usize::from(tables >> 4), usize::from(tables & 15))),
        _ => Err("the JPEG scan header is damaged".into()),
    }
}
