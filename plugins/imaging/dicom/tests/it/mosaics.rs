//! Siemens mosaics: made ones, and real ones beside what dcm2niix makes of them.

use super::make::{Made, save_all};
use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use flate2::read::GzDecoder;
use std::io::Read;
use std::path::{Path, PathBuf};
use voxloom_dicom::{Fault, Values, Volume, find, series_of};

/// An `SV10` header of elements with their values.
fn csa(elements: &[(&str, &[&str])]) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let mut bytes = [b"SV10\x04\x03\x02\x01".to_vec(), words(&[elements.len() as u32, 77])].concat();
    for (name, values) in elements {
        let mut head = name.as_bytes().to_vec();
        head.resize(64, 0);
        bytes.extend([head, words(&[values.len() as u32, 0, 0, values.len() as u32, 77])].concat());
        for value in *values {
            let n = value.len() as u32;
            bytes.extend([words(&[n, n, 77, n]), value.as_bytes().to_vec()].concat());
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
    }
    bytes
}

/// Three slices of 3 × 4 pixels in four tiles, 2 mm apart along `normal`; slice n holds 100 n and the place.
fn mosaic(count: &str, normal: &[&str]) -> Made {
    let value = |row: u16, column: u16| match row / 3 * 2 + column / 4 {
        3 => 0,
        tile => 100 * (tile + 1) + row % 3 * 4 + column % 4,
    };
    let pixels: Vec<u16> = (0..6).flat_map(|row| (0..8).map(move |column| value(row, column))).collect();
    let mut made = Made::slice(1, [-10.0, -20.0, 30.0])
        .text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC")
        .text(tags::MODALITY, VR::CS, "MR")
        .numbers(tags::SPACING_BETWEEN_SLICES, &[2.0])
        .word(tags::ROWS, 6)
        .word(tags::COLUMNS, 8)
        .pixels(&pixels)
        // Another block than the usual one: the creator says which it is.
        .text(Tag(0x0029, 0x0011), VR::LO, "SIEMENS CSA HEADER");
    let header = csa(&[("EchoLinePosition", &["3"]), ("NumberOfImagesInMosaic", &[count]), ("SliceNormalVector", normal)]);
    made.0.put(DataElement::new(Tag(0x0029, 0x1110), VR::OB, PrimitiveValue::from(header)));
    made
}

const UP: [&str; 3] = ["0.00000000", "0.00000000", "1.00000000"];

fn read(made: Made) -> Result<Volume, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = made.save(&folder.path().join("mosaic"));
    let series = series_of(&path).map_err(|fault| fault.to_string())?;
    Volume::read(&series).map_err(|fault| fault.to_string())
}

#[test]
fn tiles_are_slices_in_space() {
    let volume = read(mosaic("3       ", &UP)).unwrap();
    assert_eq!(volume.shape_ijk, [4, 3, 3]);
    // The picture is 4 pixels wider and 3 rows higher than a slice: half of that from its corner.
    let expected = [[-0.5, 0.0, 0.0, 9.0], [0.0, -0.75, 0.0, 18.875], [0.0, 0.0, 2.0, 30.0], [0.0, 0.0, 0.0, 1.0]];
    assert_eq!(volume.affine, expected);
    let expected: Vec<f64> =
        (1..=3).flat_map(|slice| (0..12).map(move |place| f64::from(100 * slice + place) - 1000.0)).collect();
    assert_eq!(volume.values.to_f64(), expected);
}

#[test]
fn slices_follow_the_normal_of_the_header() {
    let down = read(mosaic("3", &["0", "0", "-1"])).unwrap();
    // Tile 3 lies lowest, 4 mm below the first.
    assert_eq!(down.affine[2], [0.0, 0.0, 2.0, 26.0]);
    let firsts: Vec<f64> = down.values.to_f64().into_iter().step_by(12).collect();
    assert_eq!(firsts, [-700.0, -800.0, -900.0]);
}

#[test]
fn mosaics_without_a_sound_header_are_refused_by_name() {
    let fault = |made: Made| {
        let text = read(made).unwrap_err();
        assert!(!text.contains("Nobody"), "{text}");
        text
    };
    let refused = |made: Made, why: &str| {
        let text = fault(made);
        assert!(text.contains("is a Siemens mosaic, many slices in one picture, and they cannot be placed: "), "{text}");
        assert!(text.contains(why) && text.contains("dcm2niix"), "{text}");
    };
    let mut bare = mosaic("3", &UP);
    bare.0.remove_element(Tag(0x0029, 0x1110));
    refused(bare, "has no NumberOfImagesInMosaic");
    refused(mosaic("3", &["0", "1"]), "has no SliceNormalVector");
    refused(mosaic("3", &["0", "0", "0"]), "has no SliceNormalVector");
    refused(mosaic("3", &["0", "1", "0"]), "SliceNormalVector is not across ImageOrientationPatient");
    refused(mosaic("5", &UP), "cannot be cut into 5 slices of one size");
    refused(mosaic("3", &UP).text(tags::SPACING_BETWEEN_SLICES, VR::DS, ""), "no SpacingBetweenSlices");
    let beside = mosaic("3", &UP).text(Tag(0x0019, 0x0010), VR::LO, "SIEMENS MR HEADER").word(Tag(0x0019, 0x100A), 4);
    refused(beside, "its private headers say 3 and 4 slices");
    assert!(fault(mosaic("2", &UP)).ends_with("has a picture behind the last of 2 slices of a mosaic"));
}

#[test]
fn every_time_point_is_a_volume() {
    let folder = tempfile::tempdir().unwrap();
    let at = |index: u16| mosaic("3", &UP).text(tags::SOP_INSTANCE_UID, VR::UI, &format!("1.2.3.4.{index}"));
    save_all((1..=2).map(at).collect(), folder.path());
    let found = find(folder.path(), false).unwrap();
    let uids: Vec<&str> = found.series.iter().map(|series| series.uid.as_str()).collect();
    assert_eq!(uids, ["1.2.3.4.1", "1.2.3.4.2"]);
    assert!(matches!(series_of(folder.path()), Err(Fault::Several { .. })));
}

#[test]
fn damaged_mosaics_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = mosaic("3", &UP).save(&folder.path().join("mosaic"));
    let whole = std::fs::read(&path).unwrap();
    let (mut n_read, mut n_refused) = (0, 0);
    for (at, value) in (132..whole.len()).flat_map(|at| [0x39, 0xFF].map(|value| (at, value))) {
        let mut bytes = whole.clone();
        bytes[at] = value;
        std::fs::write(&path, bytes).unwrap();
        match series_of(&path).and_then(|series| Volume::read(&series)) {
            Ok(volume) => n_read += usize::from(volume.values.len() == volume.shape_ijk.iter().product()),
            Err(_) => n_refused += 1,
        }
    }
    assert!(n_read > 100 && n_refused > 100, "{n_read} read, {n_refused} refused");
}

/// A NIfTI of int16: sizes along i, j, k and t, its affine, its voxels.
fn nifti(path: &Path) -> ([usize; 4], [[f64; 4]; 3], Vec<i16>) {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    let word = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let float = |at: usize| f64::from(f32::from_le_bytes([0, 1, 2, 3].map(|byte| bytes[at + byte])));
    assert_eq!(word(70), 4, "{} holds no int16", path.display());
    let sizes = [1, 2, 3, 4].map(|axis| word(40 + 2 * axis) as usize);
    let affine = [0, 1, 2].map(|row| [0, 1, 2, 3].map(|column| float(280 + 16 * row + 4 * column)));
    (sizes, affine, bytes[352..].as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
}

/// One time point beside a reference whose rows run the other way, as dcm2niix writes them.
fn compare(volume: &Volume, point: usize, path: &Path) {
    let (sizes, affine, voxels) = nifti(path);
    let [n_i, n_j, n_k] = volume.shape_ijk;
    assert_eq!([n_i, n_j, n_k], sizes[..3]);
    let Values::I16(values) = &volume.values else { panic!("{:?}", volume.values.kind()) };
    let world = |affine: &[f64; 4], i: usize, j: usize, k: usize| {
        affine[0] * i as f64 + affine[1] * j as f64 + affine[2] * k as f64 + affine[3]
    };
    // Which way the slices run is not the same in both; their place tells.
    let top = (0..3).map(|row| (world(&affine[row], 0, n_j - 1, 0) - volume.affine[row][3]).powi(2)).sum::<f64>().sqrt();
    let turned = top > 1.0;
    let mut farthest: f64 = 0.0;
    for (k, j) in (0..n_k).flat_map(|k| (0..n_j).map(move |j| (k, j))) {
        let (other_j, other_k) = (n_j - 1 - j, if turned { n_k - 1 - k } else { k });
        let own = &values[(k * n_j + j) * n_i..][..n_i];
        let other = &voxels[((point * n_k + other_k) * n_j + other_j) * n_i..][..n_i];
        assert!(own == other, "{}: other values in row {j} of slice {k}", path.display());
        for i in [0, n_i - 1] {
            let off = |row: usize| world(&volume.affine[row], i, j, k) - world(&affine[row], i, other_j, other_k);
            farthest = (0..3).map(off).fold(farthest, |most, off| most.max(off.abs()));
        }
    }
    // The reference keeps float32.
    assert!(farthest < 1e-3, "{}: {farthest} mm off", path.display());
    println!("{}: point {point} equal, places within {farthest:.1e} mm, slices turned: {turned}", path.display());
}

#[test]
fn real_mosaics_are_as_dcm2niix_has_them() {
    const PAIRS: [(&str, &str); 4] = [
        ("axasc36", "ax_asc_36sl_9"),
        ("corasc36", "cor_asc_36sl_13"),
        ("sagasc36", "sag_asc_36sl_19"),
        ("AxAsc36mb2a", "fMRI_MB_asc_25"),
    ];
    // Those of `In/Orientation` in neurolabusc/dcm_qa, where VOXLOOM_DICOM_DATA names a folder that holds them.
    let more = std::env::var_os("VOXLOOM_DICOM_DATA").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&more).map(|path| path.join("dcm_qa_orientation")).collect();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for (name, reference) in PAIRS {
            let mut found = find(&folder.join(name), false).unwrap();
            found.series.sort_by(|a, b| a.heads[0].path.cmp(&b.heads[0].path));
            assert_eq!(found.series.len(), 2, "{name}: {:?}", found.passed_over);
            for (point, series) in found.series.iter().enumerate() {
                let volume = Volume::read(series).unwrap();
                compare(&volume, point, &folder.join(format!("reference/{reference}.nii.gz")));
            }
        }
    }
}
