//! Reads damaged NIfTI files (or, with `--pictures`, PNG files) for a while and watches for panics, wrong volumes and large allocations.
//!
//!     cargo run --release -p voxloom-imaging --example fuzz_readers -- --seconds 60 --seed 1
//!
//! Starts from the files of `tests/data/nifti_odd` (or `--corpus FOLDER`). A failure prints the number of the try; the same seed finds
//! it again. Ends with status 1 where a read took more than 1 GiB.

mod mutate;
mod pictures;

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use voxloom_testkit::random::Random;

/// Counts bytes in use and their peak.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator as it came; only numbers are kept beside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(used, Ordering::Relaxed);
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `pointer` came from `alloc` above with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MOST_BYTES: usize = 1 << 30;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let number =
        |name, default| value(name).map_or(default, |text| text.parse().expect("--seconds and --seed take whole numbers"));
    let (seconds, seed) = (number("--seconds", 60), number("--seed", 1));
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/nifti_odd");
    let corpus = mutate::corpus(&value("--corpus").map_or_else(|| PathBuf::from(shipped), PathBuf::from));
    let (of_pictures, damaged_pictures) = (arguments.iter().any(|argument| argument == "--pictures"), pictures::corpus());
    let start = Instant::now();
    let (mut tries, mut read) = (0_u64, 0_u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        let mut rng = Random(seed.wrapping_mul(0x1_0000_0000).wrapping_add(tries));
        let bytes = match of_pictures {
            true => pictures::mutate(&damaged_pictures, &mut rng),
            false => mutate::mutate(&corpus, &mut rng),
        };
        PEAK.store(IN_USE.load(Ordering::Relaxed), Ordering::Relaxed);
        let read_one = if of_pictures { pictures::read } else { mutate::read };
        match std::panic::catch_unwind(move || read_one(&bytes, &mut rng)) {
            Ok(whole) => read += u64::from(whole),
            Err(_) => fail(&format!("try {tries} of seed {seed} panicked")),
        }
        if PEAK.load(Ordering::Relaxed) > MOST_BYTES {
            fail(&format!("try {tries} of seed {seed} took {} bytes", PEAK.load(Ordering::Relaxed)));
        }
        tries += 1;
    }
    println!(
        "{tries} damaged files in {seconds} s: {read} read as whole volumes, {} refused, no panic, no more than 1 GiB",
        tries - read
    );
}

fn fail(what: &str) -> ! {
    eprintln!("{what}");
    std::process::exit(1)
}
