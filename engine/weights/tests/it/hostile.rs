//! Damaged and hostile files: an error with a reason, never a panic, never more memory than the file warrants.

use crate::data;
use bytes::Bytes;
use voxloom_testkit::random::Random;
use voxloom_weights::{read, read_bytes};

#[test]
fn a_shell_command_is_refused_by_name() {
    for name in ["shell.pth", "shell_legacy.pth"] {
        let text = read(&data(name)).unwrap_err().to_string();
        assert!(text.contains("asks for Python's `posix.system`") && text.contains("nothing was executed"), "{text}");
    }
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    for name in ["zip.pth", "legacy.pth", "views_legacy.pth"] {
        let whole = std::fs::read(data(name)).unwrap();
        for end in 0..whole.len() {
            assert!(read_bytes(Bytes::copy_from_slice(&whole[..end])).is_err(), "{name} cut at {end}");
        }
    }
}

/// Changes one to four bytes of each file, many times, by a fixed generator; the outcome does not matter, that there is one does.
#[test]
fn changed_bytes_never_panic() {
    let mut random = Random(7);
    let mut refused = 0;
    let safetensors = {
        let found = read(&data("types.pth")).unwrap();
        voxloom_weights::to_safetensors(&found.tensors, &found.metadata).unwrap()
    };
    let mut files: Vec<Vec<u8>> =
        ["zip.pth", "nested.pth", "legacy.pth", "views_legacy.pth", "nested_legacy.pth", "types_legacy.pth"]
            .map(|name| std::fs::read(data(name)).unwrap())
            .into();
    files.push(safetensors);
    for file in &files {
        for _ in 0..4000 {
            let mut changed = file.clone();
            random.damage(&mut changed, 4);
            refused += usize::from(read_bytes(changed.into()).is_err());
        }
    }
    assert!(refused > 4000, "changed bytes were noticed {refused} times only");
}

/// As above, in the pickle of a zip file whose checksums are made right again: the pickle reader meets the change.
#[test]
fn changed_pickles_never_panic() {
    let mut random = Random(11);
    for name in ["zip.pth", "nested.pth", "views.pth"] {
        let whole = std::fs::read(data(name)).unwrap();
        assert!(read_bytes(rezip(&whole, |_| {}).into()).is_ok(), "packing again keeps {name} whole");
        for _ in 0..1500 {
            let changed = rezip(&whole, |pickle| random.damage(pickle, 4));
            let _ = read_bytes(changed.into());
        }
    }
}

#[test]
fn a_wrong_checksum_is_noticed() {
    let mut whole = std::fs::read(data("zip.pth")).unwrap();
    let at = whole.windows(8).position(|window| window == [0, 0, 0, 0, 0, 0, 128, 63]).unwrap();
    whole[at + 7] = 64;
    let text = read_bytes(whole.into()).unwrap_err().to_string();
    assert!(text.starts_with("damaged file: the checksum of entry `zip/data/") && text.ends_with("is wrong"), "{text}");
}

#[test]
fn big_endian_storages_are_turned_round() {
    let whole = std::fs::read(data("types.pth")).unwrap();
    let found = read_bytes(whole.clone().into()).unwrap();
    let turned = rezip_with(&whole, |name, bytes| match name.rsplit('/').next() {
        Some("byteorder") => *bytes = b"big".to_vec(),
        // Storages are numbered in the order of `make.py`'s list of types.
        Some("0" | "1" | "5") => bytes.chunks_exact_mut(2).for_each(<[u8]>::reverse),
        Some("2" | "6") => bytes.chunks_exact_mut(4).for_each(<[u8]>::reverse),
        Some("3" | "7") => bytes.chunks_exact_mut(8).for_each(<[u8]>::reverse),
        _ => {}
    });
    assert_eq!(read_bytes(turned.into()).unwrap(), found);
}

fn rezip(whole: &[u8], mut change: impl FnMut(&mut Vec<u8>)) -> Vec<u8> {
    rezip_with(whole, |name, bytes| {
        if name.ends_with("data.pkl") {
            change(bytes);
        }
    })
}

fn rezip_with(whole: &[u8], mut change: impl FnMut(&str, &mut Vec<u8>)) -> Vec<u8> {
    use std::io::{Cursor, Read, Write};
    let mut archive = zip::ZipArchive::new(Cursor::new(whole)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let (name, mut bytes) = (entry.name().unwrap().into_owned(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        change(&name, &mut bytes);
        out.start_file(name, stored).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}
