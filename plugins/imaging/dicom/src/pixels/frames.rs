//! The bytes of the frames: cut from native pixels, or gathered from fragments.

use super::Format;
use crate::attributes::Attributes;
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use std::borrow::Cow;

const PIXELS: [Tag; 3] = [tags::PIXEL_DATA, tags::FLOAT_PIXEL_DATA, tags::DOUBLE_FLOAT_PIXEL_DATA];

/// The element that holds the pixels.
pub fn element(object: &InMemDicomObject) -> Option<&InMemElement> {
    PIXELS.iter().find_map(|tag| object.get(*tag))
}

/// All frames of native pixels, little endian; colours in 4:2:2 are brought to three samples a pixel.
///
/// # Errors
/// There are fewer bytes than the attributes say, or the pixels are encapsulated against the transfer syntax.
pub fn native(object: &InMemDicomObject, format: &Format) -> Result<Vec<u8>, String> {
    let element = element(object).ok_or("has no pixels")?;
    let mut bytes = object.bytes(element.header().tag).ok_or("the pixels are encapsulated, but the transfer syntax is native")?;
    let halved = format.photometric == "YBR_FULL_422" && format.samples == 3 && format.bits_allocated == 8;
    let expected = match format.bits_allocated {
        // Frames of single bits follow each other without padding.
        1 => (format.frames * format.frame_samples()).div_ceil(8),
        _ if halved => format.frames * format.rows * format.columns.next_multiple_of(2) * 2,
        _ => format.frames * format.frame_bytes(),
    };
    if bytes.len() < expected {
        return Err(format!("the pixels are truncated: {} bytes, expected {expected}", bytes.len()));
    }
    bytes.truncate(expected);
    Ok(match halved {
        true => unfold(&bytes, format),
        false => bytes,
    })
}

/// Y Y Cb Cr of two pixels to Y Cb Cr of each.
fn unfold(bytes: &[u8], format: &Format) -> Vec<u8> {
    let width = format.columns.next_multiple_of(2) * 2;
    let mut full = Vec::with_capacity(format.frames * format.frame_bytes());
    for row in bytes.chunks_exact(width) {
        let pixels = row.as_chunks::<4>().0.iter().flat_map(|[a, b, cb, cr]| [[*a, *cb, *cr], [*b, *cb, *cr]]);
        full.extend(pixels.take(format.columns).flatten());
    }
    full
}

/// The coded bytes of every frame.
///
/// # Errors
/// The pixels are not encapsulated, or it cannot be told which fragments make which frame.
pub fn encapsulated<'a>(object: &'a InMemDicomObject, format: &Format) -> Result<Vec<Cow<'a, [u8]>>, String> {
    let value = object.get(tags::PIXEL_DATA).ok_or("has no pixels")?.value();
    let fragments = value.fragments().ok_or("the pixels are native, but the transfer syntax is a compressed one")?;
    if fragments.is_empty() {
        return Err("the pixels have no fragments: the file is truncated".into());
    }
    let whole = |fragments: &'a [Vec<u8>]| match fragments {
        [one] => Cow::Borrowed(one.as_slice()),
        many => Cow::Owned(many.concat()),
    };
    if format.frames == 1 {
        return Ok(vec![whole(fragments)]);
    }
    if fragments.len() == format.frames {
        return Ok(fragments.iter().map(|fragment| Cow::Borrowed(fragment.as_slice())).collect());
    }
    let offsets = offsets(object, value.offset_table().unwrap_or_default());
    if offsets.len() != format.frames {
        return Err(format!(
            "{} fragments and a table of {} offsets do not tell the {} frames apart",
            fragments.len(),
            offsets.len(),
            format.frames
        ));
    }
    // Offsets count from the first fragment's item; every item has a header of 8 bytes.
    let starts: Vec<u64> = fragments
        .iter()
        .scan(0, |at, fragment| {
            let start = *at;
            *at += 8 + fragment.len() as u64;
            Some(start)
        })
        .collect();
    let firsts: Option<Vec<usize>> = offsets.iter().map(|offset| starts.binary_search(offset).ok()).collect();
    let firsts = firsts.filter(|firsts| firsts.first() == Some(&0) && firsts.is_sorted_by(|a, b| a < b));
    let firsts = firsts.ok_or("the offsets of the frames do not lie at fragments")?;
    let ends = firsts.iter().skip(1).copied().chain([fragments.len()]);
    Ok(firsts.iter().zip(ends).map(|(start, end)| whole(&fragments[*start..end])).collect())
}

fn offsets(object: &InMemDicomObject, basic: &[u32]) -> Vec<u64> {
    if !basic.is_empty() {
        return basic.iter().map(|offset| u64::from(*offset)).collect();
    }
    let extended = object.bytes(tags::EXTENDED_OFFSET_TABLE).unwrap_or_default();
    extended.as_chunks::<8>().0.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect()
}
