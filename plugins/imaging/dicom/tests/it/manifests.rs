//! Every file of a manifest: read as it says, to the bit, or refused by name.

use super::manifest::{Row, rows};
use sha2::{Digest, Sha256};
use voxloom_dicom::{Fault, Samples, Stored};

/// Codings whose decoders may differ by a grey value.
const LOSSY: [&str; 4] = ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"];
/// Notes of files that nobody may read: their pixels or their attributes are broken.
const BROKEN: [&str; 2] = ["less than expected", "invalid literal"];

#[test]
fn pixels_are_as_the_manifests_say() {
    let mut n_equal = 0;
    for folder in super::folders() {
        for row in rows(&folder) {
            let outcome = check(&row, Stored::open(&row.path));
            println!("{}\t{outcome}", row.path.file_name().unwrap().display());
            n_equal += usize::from(outcome == "equal");
        }
    }
    assert!(n_equal > 0, "only {n_equal} files were compared");
}

fn check(row: &Row, stored: Result<Stored, Fault>) -> String {
    let file = row.path.display();
    let hash = row.get("decoded_sha256_le");
    let broken = BROKEN.iter().any(|note| row.get("decode_note").contains(note));
    match stored {
        Ok(_) if broken => panic!("{file}: was read, but is broken"),
        Ok(stored) if hash.is_empty() => format!("read, {} samples, nothing to compare with", stored.samples.len()),
        Ok(stored) => compare(row, &stored),
        Err(Fault::Undecoded { ref uid, ref name, .. }) if !hash.is_empty() => {
            assert_eq!(uid, row.get("transfer_syntax"), "{file}");
            assert!(!row.path.starts_with(super::data()), "{file}: is decoded no more");
            format!("refused by name: {name}")
        }
        Err(fault) if hash.is_empty() => format!("refused: {}", text(row, &fault)),
        Err(fault) => panic!("{fault}"),
    }
}

fn compare(row: &Row, stored: &Stored) -> String {
    let file = row.path.display();
    let shape: usize = row.get("decoded_shape").split('x').map(|size| size.parse::<usize>().unwrap()).product();
    assert_eq!(stored.samples.len(), shape, "{file}");
    assert_eq!(kind(&stored.samples), row.get("decoded_dtype"), "{file}");
    let hash: String = Sha256::digest(stored.samples.to_le_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    if hash == row.get("decoded_sha256_le") {
        return "equal".into();
    }
    let values = stored.samples.to_f64(0..stored.samples.len());
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(LOSSY.contains(&row.get("transfer_syntax")), "{file}: other pixels than in the manifest, {least} to {most}");
    let near = |value: f64, column: &str| (value - row.number(column).unwrap()).abs() <= 2.0;
    assert!(near(least, "decoded_min") && near(most, "decoded_max"), "{file}: {least} to {most}");
    format!("near, {least} to {most}")
}

fn kind(samples: &Samples) -> &'static str {
    match samples {
        Samples::U8(_) => "uint8",
        Samples::I8(_) => "int8",
        Samples::U16(_) => "uint16",
        Samples::I16(_) => "int16",
        Samples::U32(_) => "uint32",
        Samples::I32(_) => "int32",
        Samples::F32(_) => "float32",
        Samples::F64(_) => "float64",
    }
}

/// A fault without the folder.
fn text(row: &Row, fault: &Fault) -> String {
    fault.to_string().replace(&format!("{}/", row.path.parent().unwrap().display()), "")
}
