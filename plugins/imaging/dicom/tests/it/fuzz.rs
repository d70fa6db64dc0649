//! Damaged files: an error or a volume, never a panic out of the library.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use voxloom_dicom::{Depth, File, Stored, Volume, series_of};

/// Numbers that follow from a seed alone.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % below.max(1) as u64) as usize
    }
}

fn mutate(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.roll(6) {
        // Headers are hit as often as pixels.
        let reach = if dice.roll(2) == 0 { bytes.len().min(2048) } else { bytes.len() };
        let at = dice.roll(reach);
        match dice.roll(5) {
            0 => bytes.truncate(at.max(1)),
            1 => bytes[at] ^= 1 << dice.roll(8),
            2 => bytes[at] = [0, 0xFF, 0x7F, 0x80][dice.roll(4)],
            3 => {
                let (from, n) = (dice.roll(bytes.len()), dice.roll(64));
                let piece = bytes[from..(from + n).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let end = (at + dice.roll(16)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

/// Small files of the folders; large ones only cost time.
fn corpus() -> Vec<PathBuf> {
    let rows = super::folders().into_iter().flat_map(|folder| super::manifest::rows(&folder));
    rows.map(|row| row.path).filter(|path| std::fs::metadata(path).unwrap().len() < 200_000).collect()
}

#[test]
fn damaged_files_never_panic() {
    // Codecs panic within the net around them; their messages would bury the test's own.
    std::panic::set_hook(Box::new(|_| {}));
    let files = corpus();
    let per_file = std::env::var("VOXLOOM_DICOM_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let folder = tempfile::tempdir().unwrap();
    let (mut n_read, mut n_refused) = (0, 0);
    for path in &files {
        let whole = std::fs::read(path).unwrap();
        let name = Sha256::digest(path.file_name().unwrap().as_encoded_bytes());
        for seed in 0..per_file {
            let bytes = mutate(&whole, &mut Dice(seed ^ u64::from(name[0]) << 32));
            let target = folder.path().join("damaged");
            std::fs::write(&target, &bytes).unwrap();
            let outcome = std::panic::catch_unwind(|| read(&target));
            match outcome.unwrap_or_else(|_| panic!("{} with seed {seed} panics", path.display())) {
                true => n_read += 1,
                false => n_refused += 1,
            }
        }
    }
    let _ = std::panic::take_hook();
    println!("{n_read} read, {n_refused} refused");
    // Both outcomes must occur, or the fuzzer tests nothing.
    assert!(n_read > files.len() && n_refused > files.len(), "{n_read} read, {n_refused} refused of {} files", files.len());
}

fn read(path: &Path) -> bool {
    let stored = Stored::open(path).is_ok();
    let head = File::open(path, Depth::Head).is_ok();
    let volume = series_of(path).and_then(|series| Volume::read(&series));
    if let Ok(volume) = &volume {
        assert_eq!(volume.values.len(), volume.shape_ijk.iter().product::<usize>() * volume.channels);
    }
    stored || head && volume.is_ok()
}
