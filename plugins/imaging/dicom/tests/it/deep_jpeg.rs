//! Lossy JPEG of 12 bits beside another decoder.

use std::path::{Path, PathBuf};
use voxloom_dicom::{Samples, Stored};

/// Values of `JPGExtended.dcm` as libjpeg (in pylibjpeg 2) decodes them: row, first column, values.
const LIBJPEG: [(usize, usize, [i32; 16]); 4] = [
    (420, 132, [202, 212, 229, 243, 234, 229, 231, 240, 244, 242, 249, 260, 218, 219, 221, 223]),
    (230, 112, [86, 84, 80, 73, 69, 73, 85, 96, 95, 108, 125, 135, 136, 133, 132, 132]),
    (700, 96, [30, 29, 28, 26, 24, 22, 21, 21, 19, 18, 15, 12, 8, 5, 3, 1]),
    (512, 64, [14, 16, 20, 23, 24, 23, 20, 18, 27, 28, 23, 20, 29, 44, 45, 36]),
];

fn file() -> PathBuf {
    super::data().join("JPGExtended.dcm")
}

fn pixels(path: &Path) -> Vec<u16> {
    match Stored::open(path).unwrap().samples {
        Samples::U16(pixels) => pixels,
        other => panic!("{} samples of another type", other.len()),
    }
}

#[test]
fn values_are_within_one_of_libjpeg() {
    let pixels = pixels(&file());
    assert_eq!(pixels.len(), 1024 * 256);
    for (row, column, expected) in LIBJPEG {
        for (place, expected) in expected.iter().enumerate() {
            let value = i32::from(pixels[row * 256 + column + place]);
            // Its transform has 9 bits after the point, this one has float64's: 3641 of the 262144 values differ, by 1.
            assert!((value - expected).abs() <= 1, "row {row}, column {}: {value}, expected {expected}", column + place);
        }
    }
}

#[test]
fn a_scan_that_says_the_wrong_range_of_coefficients_is_read() {
    let bytes = std::fs::read(file()).unwrap();
    let scan = bytes.windows(10).position(|bytes| bytes == [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]).unwrap();
    let mut odd = bytes.clone();
    // As some encoders write it; sequential scans hold all coefficients whatever it says.
    odd[scan + 8] = 0;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd");
    std::fs::write(&path, odd).unwrap();
    assert!(pixels(&path) == pixels(&file()), "other pixels");
}

#[test]
fn a_stream_that_ends_early_is_refused() {
    let mut bytes = std::fs::read(file()).unwrap();
    let end = bytes.len() - 600;
    // An end of image in the middle: the element keeps its length.
    bytes[end..end + 2].copy_from_slice(&[0xFF, 0xD9]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short");
    std::fs::write(&path, bytes).unwrap();
    let text = Stored::open(&path).unwrap_err().to_string();
    assert!(text.ends_with("frame 1: the JPEG ends before its last pixel"), "{text}");
}
