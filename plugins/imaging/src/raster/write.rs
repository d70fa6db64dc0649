//! From planes of samples to a PNG file: written beside, read back, then moved into place.

use super::read::{Colour, Use, decode};
use super::{Error, Fault};
use crate::nifti::Voxels;
use crate::whole::{beside, show};
use png::{BitDepth, ColorType, Encoder};
use std::io::Write;
use std::path::Path;

/// The bytes of a PNG file, and what they hold.
#[derive(Debug)]
pub struct Encoded {
    pub bytes: Vec<u8>,
    /// Bits of a sample.
    pub bits: u8,
}

/// Encodes one plane (grey) or three (RGB) of whole numbers from 0, with 8 bits where `least_bits` is 8 and all fit, else 16. The bytes are read
/// back and compared.
///
/// # Errors
/// Floats, numbers below 0 or above 65535, sizes of 0, or bytes that read back differently.
pub fn encode(samples: &Voxels, [width, height]: [usize; 2], n_channels: usize, least_bits: u8) -> Result<Encoded, Fault> {
    if width * height * n_channels != samples.len() || samples.is_empty() {
        return Err(Fault::Misfit(format!("{} samples for a picture of {width} x {height}", samples.len())));
    }
    let values = whole(samples)?;
    let bits = if least_bits <= 8 && values.iter().all(|&value| value <= 255) { 8 } else { 16 };
    let n_pixels = width * height;
    let interleaved = (0..n_pixels).flat_map(|pixel| (0..n_channels).map(move |channel| channel * n_pixels + pixel));
    let raw: Vec<u8> = match bits {
        8 => interleaved.map(|at| values[at] as u8).collect(),
        _ => interleaved.flat_map(|at| values[at].to_be_bytes()).collect(),
    };
    let mut bytes = Vec::new();
    let side = |n: usize| u32::try_from(n).map_err(|_| Fault::Misfit(format!("a side of {n} pixels is more than PNG holds")));
    let mut encoder = Encoder::new(&mut bytes, side(width)?, side(height)?);
    encoder.set_color(if n_channels == 3 { ColorType::Rgb } else { ColorType::Grayscale });
    encoder.set_depth(if bits == 8 { BitDepth::Eight } else { BitDepth::Sixteen });
    let misfit = |error: png::EncodingError| Fault::Misfit(error.to_string());
    let mut writer = encoder.write_header().map_err(misfit)?;
    writer.write_image_data(&raw).map_err(misfit)?;
    writer.finish().map_err(misfit)?;
    read_back(&bytes, &values, [width, height], n_channels)?;
    Ok(Encoded { bytes, bits })
}

fn whole(samples: &Voxels) -> Result<Vec<u16>, Fault> {
    fn fit<T: Copy + TryInto<u16> + std::fmt::Display>(values: &[T]) -> Result<Vec<u16>, Fault> {
        let one = |&value: &T| value.try_into().map_err(|_| Fault::Misfit(format!("PNG holds 0 to 65535, found {value}")));
        values.iter().map(one).collect()
    }
    match samples {
        Voxels::U8(values) => fit(values),
        Voxels::I8(values) => fit(values),
        Voxels::I16(values) => fit(values),
        Voxels::I32(values) => fit(values),
        Voxels::I64(values) => fit(values),
        Voxels::F32(_) | Voxels::F64(_) => Err(Fault::Misfit("PNG holds whole numbers, these are floats".into())),
    }
}

fn read_back(bytes: &[u8], values: &[u16], size: [usize; 2], n_channels: usize) -> Result<(), Fault> {
    let found = decode(bytes, Use::Image).map_err(|fault| Fault::ReadBack(fault.to_string()))?;
    let same = match &found.samples {
        Voxels::U8(found) => found.iter().map(|&value| u16::from(value)).eq(values.iter().copied()),
        Voxels::I32(found) => found.iter().copied().eq(values.iter().map(|&value| i32::from(value))),
        _ => false,
    };
    let colour = if n_channels == 3 { Colour::Rgb } else { Colour::Grey };
    match same && [found.width, found.height] == size && found.colour == colour {
        true => Ok(()),
        false => Err(Fault::ReadBack("samples differ".into())),
    }
}

/// Writes encoded pictures, all or none: each goes beside its place, is synchronised and read back from there, and only when all are
/// right do they move.
///
/// # Errors
/// The system refuses, or a file does not hold its bytes; then none is left that was not there before.
pub fn write(pictures: &[(&Path, &Encoded)]) -> Result<(), Error> {
    let mut ready = Vec::new();
    for &(path, picture) in pictures {
        ready.push((path, written(path, &picture.bytes).map_err(|fault| Error::at(path, fault))?));
    }
    for (path, file) in ready {
        show(file, path).map_err(|error| Error::at(path, Fault::Io(error)))?;
    }
    Ok(())
}

fn written(path: &Path, bytes: &[u8]) -> Result<tempfile::NamedTempFile, Fault> {
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match std::fs::read(file.path())? == bytes {
        true => Ok(file),
        false => Err(Fault::ReadBack("the file holds other bytes".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_take_8_bits_and_large_ones_16() {
        let encoded = encode(&Voxels::I16(vec![0, 255]), [2, 1], 1, 8).unwrap();
        assert_eq!((encoded.bits, decode(&encoded.bytes, Use::Labels).unwrap().samples), (8, Voxels::U8(vec![0, 255])));
        let encoded = encode(&Voxels::I64(vec![0, 65_535]), [1, 2], 1, 8).unwrap();
        assert_eq!((encoded.bits, decode(&encoded.bytes, Use::Image).unwrap().samples), (16, Voxels::I32(vec![0, 65_535])));
        let rgb = Voxels::U8(vec![1, 2, 3, 4, 5, 6]);
        let found = decode(&encode(&rgb, [2, 1], 3, 8).unwrap().bytes, Use::Image).unwrap();
        assert_eq!((found.samples, found.n_channels), (rgb, 3));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let fault = |samples: Voxels, size| encode(&samples, size, 1, 8).unwrap_err().to_string();
        assert_eq!(fault(Voxels::I16(vec![-1]), [1, 1]), "not written: PNG holds 0 to 65535, found -1");
        assert_eq!(fault(Voxels::I32(vec![65_536]), [1, 1]), "not written: PNG holds 0 to 65535, found 65536");
        assert_eq!(fault(Voxels::F32(vec![0.5]), [1, 1]), "not written: PNG holds whole numbers, these are floats");
        assert_eq!(fault(Voxels::U8(vec![]), [0, 1]), "not written: 0 samples for a picture of 0 x 1");
    }

    #[test]
    fn several_files_are_written_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let encoded = encode(&Voxels::U8(vec![7]), [1, 1], 1, 8).unwrap();
        let (good, bad) = (folder.path().join("a.png"), folder.path().join("taken/b.png"));
        std::fs::write(folder.path().join("taken"), b"").unwrap();
        assert!(write(&[(&good, &encoded), (&bad, &encoded)]).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the file that was there");
        write(&[(&good, &encoded)]).unwrap();
        assert_eq!(std::fs::read(&good).unwrap(), encoded.bytes);
    }
}
