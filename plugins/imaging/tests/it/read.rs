//! Every file of `tests/data/nifti_odd` reads as nibabel reads it, or is refused with a message that says why.

use std::collections::BTreeMap;
use std::path::Path;
use voxloom_imaging::nifti::{Image, Voxels, read};

fn table(name: &str) -> BTreeMap<String, Vec<String>> {
    let path = super::suite("read").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let rows =
        text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    rows.map(|row| (row[0].clone(), row[1..].to_vec())).collect()
}

/// CRC-32 of the voxels as little-endian bytes.
pub fn crc(voxels: &Voxels) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    let done: Result<(), ()> = voxels.encode(voxloom_imaging::nifti::Endian::Little, |raw| {
        hasher.update(raw);
        Ok(())
    });
    assert_eq!(done, Ok(()));
    hasher.finalize()
}

fn check(name: &str, image: &Image, row: &[String]) {
    let shape = image.shape_ijk.map(|size| size.to_string()).join("x");
    let found = [shape.as_str(), image.stored.name(), image.voxels.data_type().name()];
    assert_eq!(found, [row[0].as_str(), &row[1], &row[2]], "{name}");
    let expected: Vec<f64> = row[3].split(' ').map(|value| value.parse().unwrap()).collect();
    for (found, expected) in image.placement.affine.iter().flatten().zip(expected) {
        // Nine digits in the table.
        assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{name}: {:?}", image.placement.affine);
    }
    assert_eq!(format!("{:08x}", crc(&image.voxels)), row[4], "{name}: other voxels");
}

#[test]
fn every_odd_file_reads_like_nibabel_or_is_refused() {
    let (readable, refused) = (table("nifti_odd.tsv"), table("nifti_odd_refused.tsv"));
    let root = super::data("nifti_odd");
    let mut seen = 0;
    let mut faults = Vec::new();
    for path in files(&root) {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        if ["README.md", "LICENSES.md", "SHA256SUMS"].contains(&name.as_str()) {
            continue;
        }
        seen += 1;
        match (read(&path), readable.get(&name), refused.get(&name)) {
            (Ok(image), Some(row), None) => check(&name, &image, row),
            (Err(error), None, Some(row)) => {
                assert!(error.to_string().starts_with(&root.display().to_string()), "{error}");
                if error.fault.to_string() != row[0] {
                    faults.push(format!("{name}\t{}", error.fault));
                }
            }
            (Ok(_), ..) => faults.push(format!("{name}\tread")),
            (Err(error), ..) => faults.push(format!("{name}\t{}", error.fault)),
        }
    }
    assert!(faults.is_empty(), "not as the tables say:\n{}", faults.join("\n"));
    assert_eq!(seen, readable.len() + refused.len());
}

#[test]
fn warnings_say_what_a_reader_should_know() {
    let read = |name: &str| read(&super::data("nifti_odd").join(name)).unwrap();
    let minimal = read("nifti-rs/minimal.nii.gz");
    assert_eq!(minimal.warnings.len(), 1);
    assert!(minimal.warnings[0].starts_with("has no sform and no qform"), "{:?}", minimal.warnings);
    assert_eq!(read("nibabel/anatomical.nii").warnings, Vec::<String>::new());
}

#[test]
fn header_and_extensions_are_kept_byte_for_byte() {
    let path = super::data("nifti_odd/nifti-rs/minimal_extended_hdr.nii");
    let image = read(&path).unwrap();
    let file = std::fs::read(&path).unwrap();
    assert_eq!(image.header_bytes(), file[..384]);
    assert_eq!((image.extensions.len(), image.extensions[0].code), (1, 6));
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        match entry.unwrap().path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}
