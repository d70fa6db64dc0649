//! Damages real NIfTI files, the same way for the same seed, and reads what comes out.

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use voxloom_imaging::geometry::inverse;
use voxloom_imaging::nifti::{Source, read_sources};
use voxloom_testkit::random::Random;

/// The files to damage, inflated; large ones are cut, since the header decides.
pub fn corpus(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    paths.sort();
    let inflate = |path: &PathBuf| {
        let raw = std::fs::read(path).expect("a corpus file can be read");
        let mut bytes = Vec::new();
        match raw.starts_with(&[0x1f, 0x8b]) {
            true => MultiGzDecoder::new(raw.as_slice()).take(100_000).read_to_end(&mut bytes).map(|_| bytes).unwrap_or(raw),
            false => raw,
        }
    };
    paths.iter().map(inflate).map(|mut bytes| (bytes.truncate(100_000), bytes).1).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the corpus folder exists").flatten() {
        match entry.path() {
            path if path.is_dir() => collect(&path, paths),
            path => paths.push(path),
        }
    }
}

/// Values that break careless arithmetic.
const NASTY: [i64; 12] = [0, 1, -1, 2, 7, 8, 32_767, -32_768, i32::MAX as i64, i32::MIN as i64, i64::MAX, i64::MIN];

/// Where fields lie that decide sizes: dims, types, offsets, codes, first extension.
const FIELDS: [usize; 26] =
    [0, 12, 14, 16, 24, 32, 40, 42, 44, 46, 48, 70, 72, 76, 80, 108, 112, 116, 168, 176, 252, 254, 280, 344, 348, 352];

/// One damaged file: changed header bytes, cut, grown, gzipped and damaged again.
pub fn mutate(corpus: &[Vec<u8>], rng: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[rng.below(corpus.len())].clone();
    for _ in 0..rng.below(6) {
        change(&mut bytes, rng);
    }
    match rng.below(8) {
        0 => bytes.truncate(rng.below(bytes.len() + 1)),
        1 => bytes.resize(bytes.len() + rng.below(64), 0xa5),
        _ => {}
    }
    if rng.below(2) == 0 {
        return bytes;
    }
    let mut packed = gzip(&bytes);
    match rng.below(5) {
        0 => packed.truncate(rng.below(packed.len() + 1)),
        1 => {
            let at = rng.below(packed.len());
            packed[at] ^= 1 << rng.below(8);
        }
        2 => packed.extend(gzip(&bytes)),
        _ => {}
    }
    packed
}

fn change(bytes: &mut [u8], rng: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = match rng.below(3) {
        0 => rng.below(bytes.len().min(600)),
        _ => FIELDS[rng.below(FIELDS.len())],
    };
    let value = NASTY[rng.below(NASTY.len())];
    let raw: Vec<u8> = match rng.below(6) {
        0 => (value as i16).to_le_bytes().into(),
        1 => (value as i16).to_be_bytes().into(),
        2 => (value as f32).to_le_bytes().into(),
        3 => f32::NAN.to_le_bytes().into(),
        4 => value.to_le_bytes().into(),
        _ => vec![rng.next() as u8],
    };
    for (byte, new) in bytes.iter_mut().skip(at).zip(raw) {
        *byte = new;
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes bytes")
}

/// Reads damaged bytes, alone or as the header of a pair. What reads must be whole: as many voxels as its sizes say, a matrix
/// that can be inverted. Returns whether it was read.
///
/// # Panics
/// Where that does not hold.
pub fn read(bytes: &[u8], rng: &mut Random) -> bool {
    let image = (rng.below(4) == 0).then(|| Source::from_bytes(vec![1; 1 + rng.below(50_000)])).and_then(Result::ok);
    let Ok(header) = Source::from_bytes(bytes.to_vec()) else { return false };
    match read_sources(header, image) {
        Ok(image) => {
            assert_eq!(image.voxels.len(), image.shape_ijk.iter().product::<usize>());
            assert!(inverse(&image.placement.affine).is_some(), "{:?}", image.placement);
            true
        }
        Err(fault) => {
            assert!(!fault.to_string().is_empty());
            false
        }
    }
}
