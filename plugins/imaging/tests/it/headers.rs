//! What single header fields do: one small real file with a few bytes changed.

use super::data;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use voxloom_imaging::geometry::{Matrix, spacing};
use voxloom_imaging::nifti::{Fault, Image, Source, Voxels, read_sources};

/// 3x3x3 int16 that hold 9i + 3j + k, little-endian NIfTI-1, voxels at 352, sform code 2.
fn base() -> Vec<u8> {
    std::fs::read(data("nifti_odd/nifti-rs/27/int16.nii")).unwrap()
}

/// Bytes to put at places.
type Patches<'a> = &'a [(usize, &'a [u8])];

fn patched(patches: Patches) -> Vec<u8> {
    let mut bytes = base();
    for (at, new) in patches {
        bytes[*at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

fn read(bytes: Vec<u8>) -> Result<Image, Fault> {
    read_sources(Source::from_bytes(bytes)?, None)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn dims(values: &[i16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn scaling_by_the_header() {
    let nan = f32::NAN;
    let rows = [
        (2.0, 5.0, Voxels::F32(values().map(|n| 2.0 * f32::from(n) + 5.0).collect())),
        (0.0, 5.0, ints()),
        (nan, nan, ints()),
        (1.0, nan, ints()),
    ];
    for (slope, inter, expected) in rows {
        let image = read(patched(&[(112, &floats(&[slope, inter]))])).unwrap();
        assert_eq!(image.voxels, expected, "slope {slope}, inter {inter}");
    }
}

/// The stored values with i fastest.
fn values() -> impl Iterator<Item = i16> {
    (0..27).map(|n| 9 * (n % 3) + 3 * (n / 3 % 3) + n / 9)
}

fn ints() -> Voxels {
    Voxels::I16(values().collect())
}

#[test]
fn both_byte_orders_of_nifti_2_read_alike() {
    let little = base();
    for big in [false, true] {
        let mut bytes = vec![0; 544];
        let mut put = |at: usize, raw: &[u8]| {
            let mut raw = raw.to_vec();
            if big {
                raw.reverse();
            }
            bytes[at..at + raw.len()].copy_from_slice(&raw);
        };
        put(0, &540_i32.to_le_bytes());
        put(12, &4_i16.to_le_bytes());
        put(14, &16_i16.to_le_bytes());
        for (axis, size) in [3_i64, 3, 3, 3].into_iter().enumerate() {
            put(16 + 8 * axis, &size.to_le_bytes());
        }
        put(168, &544_i64.to_le_bytes());
        put(348, &1_i32.to_le_bytes());
        for axis in 0..3 {
            put(400 + 40 * axis, &1.0_f64.to_le_bytes());
        }
        bytes[4..12].copy_from_slice(b"n+2\0\r\n\x1a\n");
        for pair in little[352..].chunks(2) {
            bytes.extend(if big { [pair[1], pair[0]] } else { [pair[0], pair[1]] });
        }
        let image = read(bytes).unwrap();
        assert_eq!((image.voxels, image.placement.affine), (ints(), voxloom_imaging::geometry::IDENTITY), "big: {big}");
    }
}

#[test]
fn lengths_are_millimetres_whatever_the_unit() {
    for (unit, expected) in [(0_u8, 1.0), (1, 1000.0), (2, 1.0), (3, 0.001), (10, 1.0)] {
        let image = read(patched(&[(123, &[unit])])).unwrap();
        for size in spacing(&image.placement.affine) {
            assert!((size - expected).abs() < 1e-12, "unit {unit}: {size}");
        }
    }
    let image = read(patched(&[(123, &[5])])).unwrap();
    assert_eq!(image.warnings, ["names the unknown unit 5 for lengths; taken as millimetres"]);
}

/// Voxels of 2, 3, 4 mm, half a turn about x, first voxel at (10, 20, 30).
fn qform(qfac: f32) -> Image {
    let placed =
        [(252, &[1_u8, 0, 0, 0][..]), (76, &floats(&[qfac, 2.0, 3.0, 4.0])), (256, &floats(&[1.0, 0.0, 0.0, 10.0, 20.0, 30.0]))];
    read(patched(&placed)).unwrap()
}

#[test]
fn the_qform_turns_and_its_sign_flips_k() {
    let expected: Matrix = [[2.0, 0.0, 0.0, 10.0], [0.0, -3.0, 0.0, 20.0], [0.0, 0.0, -4.0, 30.0], [0.0, 0.0, 0.0, 1.0]];
    assert_eq!(qform(1.0).placement.affine, expected);
    assert_eq!(qform(0.0).placement.affine, expected);
    assert_eq!(qform(-1.0).placement.affine[2], [0.0, 0.0, 4.0, 30.0]);
}

#[test]
fn sform_and_qform_that_disagree_are_told() {
    let both = |offset: f32| {
        let codes: &[u8] = &[1, 0, 2, 0];
        let image = read(patched(&[(252, codes), (256, &floats(&[0.0, 0.0, 0.0, offset, 0.0, 0.0]))])).unwrap();
        (image.placement.affine[0][3], image.warnings)
    };
    assert_eq!(both(0.4), (0.0, vec![]));
    let warning = "sform and qform lie 0.6 voxels apart at a corner; the sform was taken, other programs may take the qform";
    assert_eq!(both(0.6), (0.0, vec![warning.to_owned()]));
}

#[test]
fn trailing_axes_of_one_are_dropped() {
    let image = read(patched(&[(40, &dims(&[5, 3, 3, 3, 1, 1]))])).unwrap();
    assert_eq!(image.shape_ijk, [3, 3, 3]);
    let image = read(patched(&[(40, &dims(&[2, 9, 3]))])).unwrap();
    assert_eq!(image.shape_ijk, [9, 3, 1]);
}

#[test]
fn an_offset_of_zero_means_behind_the_header() {
    assert_eq!(read(patched(&[(108, &floats(&[0.0]))])).unwrap().voxels, ints());
}

#[test]
fn a_wrong_bitpix_is_told() {
    assert_eq!(read(patched(&[(72, &[8])])).unwrap().warnings, ["bitpix is 8, int16 has 16; the type was believed"]);
}

#[test]
fn faults_are_named_with_numbers() {
    let rows: [(Patches, &str); 16] = [
        (&[(40, &dims(&[0]))], "damaged header: dim[0], the number of axes, is 0, expected 1 to 7"),
        (&[(40, &dims(&[3, 3, -3, 3]))], "damaged header: dim[2] is -3, expected at least 1"),
        (
            &[(40, &dims(&[3, 3, 3, 4]))],
            "the header promises 72 bytes of voxels, found 54; the file was cut: copy or download it again",
        ),
        (
            &[(40, &dims(&[3, 3, 3, 2]))],
            "the header promises 36 bytes of voxels, found 54; the header does not belong to these voxels",
        ),
        (
            &[(40, &dims(&[3, i16::MAX, i16::MAX, i16::MAX]))],
            "the header promises 70362301923326 bytes of voxels, found 54; the file was cut: copy or download it again",
        ),
        (
            &[(40, &dims(&[7, i16::MAX, i16::MAX, i16::MAX, 1, 1, 1, 2]))],
            "holds a series of volumes (7D, 32767x32767x32767x1x1x1x2), not one; split it into one file a volume (fslsplit, or nibabel.four_to_three) and give those",
        ),
        (
            &[(40, &dims(&[5, 3, 3, 1, 1, 3]))],
            "holds vectors (5D, 3x3x1x1x3), not one number a voxel; write the component that is wanted as a volume of its own and give that",
        ),
        (&[(70, &[3])], "damaged header: datatype is 3, which the format does not know"),
        (&[(70, &[0, 6])], "holds float128 voxels (datatype 1536); convert it to float64"),
        (&[(108, &floats(&[351.0]))], "damaged header: vox_offset is 351, expected a whole number from 352 on"),
        (&[(108, &floats(&[f32::NAN]))], "damaged header: vox_offset is NaN, expected a whole number from 352 on"),
        (
            &[(108, &floats(&[1e30]))],
            "damaged header: vox_offset is 1000000015047466200000000000000, expected a whole number from 352 on",
        ),
        (
            &[(280, &floats(&[0.0; 12]))],
            "damaged header: sform_code is 2 but the sform cannot place a volume (rows [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]); set it from the qform (fslorient -copyqform2sform) or its code to 0",
        ),
        (&[(254, &[0]), (80, &floats(&[0.0]))], "damaged header: pixdim[1], a voxel size, is 0, expected above 0"),
        (
            &[(344, b"\0\0\0\0")],
            "is an Analyze 7.5 header, which does not say where left and right are; convert it to NIfTI with the tool that wrote it, and check the sides",
        ),
        (
            &[(344, b"n+2\0")],
            "damaged header: magic is \"n+2\\x00\", expected n+1 or ni1 (NIfTI-1), n+2 or ni2 with its line ends (NIfTI-2)",
        ),
    ];
    for (patches, message) in rows {
        assert_eq!(read(patched(patches)).unwrap_err().to_string(), message);
    }
}

#[test]
fn gzip_that_promises_too_much_is_refused_before_memory_is_taken() {
    let absurd = gzip(&patched(&[(40, &dims(&[3, i16::MAX, i16::MAX, i16::MAX]))]));
    let message = read(absurd).unwrap_err().to_string();
    assert!(
        message.starts_with(
            "damaged header: the sizes promise 70362301923326 bytes of voxels, and a gzip file of this length holds "
        ),
        "{message}"
    );
    let short = gzip(&patched(&[(40, &dims(&[3, 3, 3, 4]))]));
    assert_eq!(
        read(short).unwrap_err().to_string(),
        "the header promises 72 bytes of voxels, found 54; the file was cut: copy or download it again"
    );
    let mut long = base();
    long.extend([0; 5]);
    let message = "the header promises 54 bytes of voxels, found 59; the header does not belong to these voxels";
    assert_eq!(read(gzip(&long)).unwrap_err().to_string(), message);
}

#[test]
fn gzip_members_and_blocks_read_as_one_file() {
    let bytes = base();
    // BGZF: small members, each with an extra field, and an empty one at the end.
    let mut blocks = Vec::new();
    for block in [&bytes[..100], &bytes[100..360], &bytes[360..], &[]] {
        let mut encoder = flate2::GzBuilder::new().extra(vec![66, 67, 2, 0, 0, 0]).write(Vec::new(), Compression::fast());
        encoder.write_all(block).unwrap();
        blocks.extend(encoder.finish().unwrap());
    }
    assert_eq!(read(blocks).unwrap().voxels, ints());
}

#[test]
fn cut_gzip_is_refused() {
    let mut packed = gzip(&base());
    packed.truncate(packed.len() - 12);
    let message = read(packed).unwrap_err().to_string();
    assert!(
        message.starts_with("the gzip stream is broken: ") && message.ends_with("; copy or download the file again"),
        "{message}"
    );
}
