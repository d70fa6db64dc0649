//! Damages PNG files, the same way for the same seed, and reads what comes out.

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use png::{BitDepth, ColorType};
use std::io::{Read, Write};
use voxloom_imaging::raster::{Use, decode};
use voxloom_testkit::random::Random;

/// One small picture of every kind, as chunks: name and content.
pub fn corpus() -> Vec<Vec<Chunk>> {
    let kinds = [
        (ColorType::Grayscale, BitDepth::One),
        (ColorType::Grayscale, BitDepth::Four),
        (ColorType::Grayscale, BitDepth::Eight),
        (ColorType::Grayscale, BitDepth::Sixteen),
        (ColorType::Rgb, BitDepth::Eight),
        (ColorType::Rgb, BitDepth::Sixteen),
        (ColorType::Indexed, BitDepth::Two),
        (ColorType::Indexed, BitDepth::Eight),
        (ColorType::GrayscaleAlpha, BitDepth::Eight),
        (ColorType::Rgba, BitDepth::Sixteen),
    ];
    kinds.map(|(colour, depth)| split(&encode(colour, depth))).into()
}

pub type Chunk = ([u8; 4], Vec<u8>);

fn encode(colour: ColorType, depth: BitDepth) -> Vec<u8> {
    let (width, height) = (13_usize, 9_usize);
    let n_bytes = (width * colour.samples() * depth as usize).div_ceil(8) * height;
    // Opaque alpha, and numbers below 4 for the palettes.
    let byte = |at: usize| match colour {
        ColorType::Indexed => [0, 1, 2, 3, 0x1b][at % 5] & if depth == BitDepth::Eight { 3 } else { 255 },
        ColorType::GrayscaleAlpha | ColorType::Rgba => 255,
        _ => (at * 7) as u8,
    };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ColorType::Indexed {
        encoder.set_palette((0..12).collect::<Vec<u8>>());
        encoder.set_trns(vec![255; 4]);
    }
    let mut writer = encoder.write_header().expect("a small picture can be written");
    writer.write_image_data(&(0..n_bytes).map(byte).collect::<Vec<u8>>()).expect("as many bytes as it has");
    writer.finish().expect("memory takes bytes");
    bytes
}

fn split(bytes: &[u8]) -> Vec<Chunk> {
    let (mut chunks, mut rest) = (Vec::new(), &bytes[8..]);
    while let [a, b, c, d, e, f, g, h, tail @ ..] = rest {
        let n = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        chunks.push(([*e, *f, *g, *h], tail[..n].to_vec()));
        rest = &tail[n + 4..];
    }
    chunks
}

/// The file of chunks; a wrong checksum where asked.
fn join(chunks: &[Chunk], rng: &mut Random) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in chunks {
        let lie = if rng.below(60) == 0 { NASTY[rng.below(NASTY.len())] } else { content.len() as u32 };
        bytes.extend(lie.to_be_bytes());
        bytes.extend(name);
        bytes.extend(content);
        let sum = crc32fast::hash(&[name.as_slice(), content].concat());
        bytes.extend(if rng.below(60) == 0 { sum ^ 1 } else { sum }.to_be_bytes());
    }
    bytes
}

const NASTY: [u32; 8] = [0, 1, 2, 12, 14, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// Chunks that other writers put in, some of them with a meaning.
const NAMES: [&[u8; 4]; 14] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT", b"gAMA", b"iCCP", b"zTXt", b"eXIf", b"sBIT", b"abCD",
];

/// One damaged file.
pub fn mutate(corpus: &[Vec<Chunk>], rng: &mut Random) -> Vec<u8> {
    let mut chunks = corpus[rng.below(corpus.len())].clone();
    for _ in 0..rng.below(4) {
        change(&mut chunks, rng);
    }
    let mut bytes = join(&chunks, rng);
    match rng.below(10) {
        0 => bytes.truncate(rng.below(bytes.len() + 1)),
        1 => bytes.resize(bytes.len() + rng.below(64), 0xa5),
        2 => {
            let at = rng.below(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
        _ => {}
    }
    bytes
}

fn change(chunks: &mut Vec<Chunk>, rng: &mut Random) {
    let at = rng.below(chunks.len());
    match rng.below(7) {
        // A field of the header: sizes, bits, colour, interlacing.
        0 | 1 => {
            let header = &mut chunks[0].1;
            let field = rng.below(13).min(header.len());
            let value = NASTY[rng.below(NASTY.len())].to_be_bytes();
            let bytes: &[u8] = if rng.below(2) == 0 { &value } else { &[rng.below(20) as u8] };
            header[field..].iter_mut().zip(bytes).for_each(|(byte, new)| *byte = *new);
        }
        // The rows themselves, filters included, packed again.
        2 => {
            let Some((_, packed)) = chunks.iter_mut().find(|(name, _)| name == b"IDAT") else { return };
            let mut rows = Vec::new();
            if ZlibDecoder::new(packed.as_slice()).read_to_end(&mut rows).is_err() || rows.is_empty() {
                return;
            }
            match rng.below(3) {
                0 => rows.truncate(rng.below(rows.len())),
                1 => rows.extend_from_within(..),
                _ => {
                    let byte = rng.below(rows.len());
                    rows[byte] = rng.below(256) as u8;
                }
            }
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            *packed = encoder.write_all(&rows).and_then(|()| encoder.finish()).expect("memory takes bytes");
        }
        3 => {
            chunks.remove(at);
            if chunks.first().is_none_or(|(name, _)| name != b"IHDR") {
                chunks.insert(0, (*b"IHDR", vec![0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]));
            }
        }
        4 => chunks.insert(at + 1, (*NAMES[rng.below(NAMES.len())], (0..rng.below(30)).map(|byte| byte as u8).collect())),
        5 => {
            let (from, to) = (rng.below(chunks.len()), rng.below(chunks.len()));
            if from > 0 && to > 0 {
                chunks.swap(from, to);
            }
        }
        _ => {
            let content = &mut chunks[at].1;
            if !content.is_empty() && at > 0 {
                let byte = rng.below(content.len());
                content[byte] ^= 1 << rng.below(8);
            }
        }
    }
}

/// Reads damaged bytes. What reads must be whole: as many samples as its size says. Returns whether it was read.
///
/// # Panics
/// Where that does not hold.
pub fn read(bytes: &[u8], rng: &mut Random) -> bool {
    let purpose = if rng.below(2) == 0 { Use::Image } else { Use::Labels };
    match decode(bytes, purpose) {
        Ok(picture) => {
            assert_eq!(picture.samples.len(), picture.width * picture.height * picture.n_channels);
            assert!(picture.width > 0 && picture.height > 0 && [1, 3].contains(&picture.n_channels));
            true
        }
        Err(fault) => {
            assert!(!fault.to_string().is_empty());
            false
        }
    }
}
