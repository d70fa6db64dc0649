//! What is written carries the input's geometry byte for byte and reads back; what cannot is not left behind.

use super::data;
use std::collections::BTreeMap;
use std::path::Path;
use voxloom_imaging::geometry::{IDENTITY, Matrix};
use voxloom_imaging::nifti::{Content, DataType, Image, LABEL_TABLE_CODE, Output, Version, Voxels, read, write};

const OBLIQUE: Matrix = [[0.9, 0.3, 0.1, -40.0], [-0.2, 1.1, 0.4, 12.5], [0.05, -0.3, 2.4, 7.0], [0.0, 0.0, 0.0, 1.0]];

fn names() -> BTreeMap<i64, String> {
    BTreeMap::from([(1, "left ventricle".to_owned()), (2, "right ventricle".to_owned())])
}

/// A label volume on the grid of `image`, written with its header.
fn write_labels(image: &Image, path: &Path) -> Image {
    let n: usize = image.shape_ijk.iter().product();
    let voxels = Voxels::I64((0..n as i64).map(|at| at % 7 % 3).collect());
    let header = image.header_bytes();
    let output = Output {
        header: Some(&header),
        affine: Some(image.placement.affine),
        shape_ijk: image.shape_ijk,
        voxels: &voxels,
        content: Content::Labels(names()),
        gzip_level: 1,
    };
    let written = write(path, &output).unwrap();
    assert_eq!((written.stored, written.labels.len()), (DataType::U8, 2));
    read(path).unwrap()
}

/// The bytes that place a volume: dim, pixdim, units, codes, quaternion, offsets, rows.
fn geometry_bytes(image: &Image) -> Vec<&[u8]> {
    let at: &[(usize, usize)] = match image.header.version {
        Version::One => &[(0, 4), (39, 17), (76, 32), (123, 1), (252, 76)],
        Version::Two => &[(0, 4), (16, 64), (104, 64), (344, 152), (500, 4), (524, 1)],
    };
    at.iter().map(|&(start, size)| &image.header.bytes[start..start + size]).collect()
}

#[test]
fn labels_carry_the_geometry_of_their_input_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = [
        "sct/t2s_t2s.nii.gz",
        "sct/t2_t2.nii.gz",
        "nibabel/anatomical.nii",
        "nifti-rs/minimal.hdr.gz",
        "nifti-rs/zstat1.nii.gz",
        "nifti-rs/minimal_extended_hdr.nii",
        "niivue/shear.nii.gz",
    ];
    for input in inputs {
        let image = read(&data("nifti_odd").join(input)).unwrap();
        let found = write_labels(&image, &folder.path().join("out.nii.gz"));
        assert_eq!(geometry_bytes(&found), geometry_bytes(&image), "{input}");
        assert_eq!((found.placement.affine, found.header.intent_code), (image.placement.affine, 1002), "{input}");
        assert_eq!((found.header.endian, found.scaling), (image.header.endian, None), "{input}");
        assert_eq!(found.extensions[0].code, LABEL_TABLE_CODE);
        let xml = String::from_utf8_lossy(&found.extensions[0].bytes);
        assert!(xml.contains("<![CDATA[right ventricle]]>"), "{xml}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a temporary file is left");
}

#[test]
fn free_text_of_the_input_is_not_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut image = read(&data("nifti_odd/sct/t1_t1w.nii.gz")).unwrap();
    image.header.bytes[148..158].copy_from_slice(b"Jane Doe 1");
    image.header.bytes[228..236].copy_from_slice(b"jane.txt");
    let found = write_labels(&image, &folder.path().join("out.nii"));
    assert!(found.header.bytes[148..].starts_with(b"voxloom "));
    assert!(!found.header.bytes.windows(4).any(|bytes| bytes.eq_ignore_ascii_case(b"jane")));
}

#[test]
fn images_keep_their_type_and_bits_on_a_new_header() {
    let folder = tempfile::tempdir().unwrap();
    let shape = [3, 2, 2];
    let cases = [
        Voxels::F32(vec![0.5, f32::NAN, -1.0, 1e-9, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1.0]),
        Voxels::F64((0..12).map(|n| f64::from(n) / 7.0).collect()),
        Voxels::I16((0..12).map(|n| n - 1024).collect()),
    ];
    for (n, voxels) in cases.iter().enumerate() {
        let path = folder.path().join(format!("{n}.nii.gz"));
        let output =
            Output { header: None, affine: Some(OBLIQUE), shape_ijk: shape, voxels, content: Content::Image, gzip_level: 6 };
        assert_eq!(write(&path, &output).unwrap().stored, voxels.data_type());
        let found = read(&path).unwrap();
        assert_eq!(super::read::crc(&found.voxels), super::read::crc(voxels));
        for (found, expected) in found.placement.affine.iter().flatten().zip(OBLIQUE.iter().flatten()) {
            // The new header holds float32.
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}

#[test]
fn equal_volumes_give_equal_files() {
    let folder = tempfile::tempdir().unwrap();
    let image = read(&data("nifti_odd/sct/t2_t2.nii.gz")).unwrap();
    let paths = ["a.nii.gz", "b.nii.gz"].map(|name| folder.path().join(name));
    for path in &paths {
        write_labels(&image, path);
    }
    assert_eq!(std::fs::read(&paths[0]).unwrap(), std::fs::read(&paths[1]).unwrap());
}

#[test]
fn faults_leave_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.nii.gz");
    let header = read(&data("nifti_odd/nifti-rs/27/uint8.nii")).unwrap().header_bytes();
    let whole = Voxels::U8(vec![1; 27]);
    let halves = Voxels::F32(vec![0.5; 27]);
    let mut moved = IDENTITY;
    moved[1][3] = 0.25;
    let cases: [(&Voxels, [usize; 3], Matrix, &str); 4] = [
        (&whole, [9, 3, 1], IDENTITY, "the volume has [9, 3, 1] voxels, the header it carries [3, 3, 3]"),
        (
            &whole,
            [3, 3, 3],
            moved,
            "the volume lies 0.250 voxels off the place that the header it carries gives; a step that moves a volume must drop its header",
        ),
        (
            &halves,
            [3, 3, 3],
            IDENTITY,
            "labels must be whole numbers, these are floats; write them as an image, or round them first",
        ),
        (&whole, [3, 3, 2], IDENTITY, "27 voxels for a volume of [3, 3, 2]"),
    ];
    for (voxels, shape_ijk, affine, message) in cases {
        let content = Content::Labels(BTreeMap::new());
        let output = Output { header: Some(&header), affine: Some(affine), shape_ijk, voxels, content, gzip_level: 1 };
        let error = write(&path, &output).unwrap_err();
        assert_eq!(error.fault.to_string(), format!("not written: {message}"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{message}: a file is left");
    }
}

#[test]
fn a_long_axis_is_written_as_nifti_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.nii");
    let voxels = Voxels::U8(vec![3; 40_000]);
    let output = Output {
        header: None,
        affine: Some(IDENTITY),
        shape_ijk: [40_000, 1, 1],
        voxels: &voxels,
        content: Content::Image,
        gzip_level: 0,
    };
    write(&path, &output).unwrap();
    let found = read(&path).unwrap();
    assert_eq!((found.header.version, found.shape_ijk), (Version::Two, [40_000, 1, 1]));
}
