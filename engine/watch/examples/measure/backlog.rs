//! Turns of the watcher's loop while the heads of many files are read.

use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use voxloom_watch::clock::SystemClock;
use voxloom_watch::config::Config;
use voxloom_watch::events::Native;
use voxloom_watch::grouping::{Belongs, Grouping};
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::live::Live;
use voxloom_watch::notice::Deaf;
use voxloom_watch::place::Place;
use voxloom_watch::settle::Quiet;
use voxloom_watch::stamp::Stamp;
use voxloom_watch::watcher::{Parts, watch};

/// Files of one series.
const SLICES: usize = 300;
/// What reading the head of a DICOM file takes, besides the file system.
const PARSE: Duration = Duration::from_micros(200);

/// Writes `n` files of 4 KiB and watches them once. Milliseconds.
pub fn measure(base: &Path, n: usize) -> Json {
    let folder = base.join("backlog");
    for index in 0..n {
        let series = folder.join("in").join((index / SLICES).to_string());
        std::fs::create_dir_all(&series).unwrap();
        std::fs::write(series.join(format!("IM{index}")), format!("{:<20}{index:4076}", index / SLICES)).unwrap();
    }
    let live = Arc::<Live>::default();
    let (_control, controls) = crossbeam::channel::unbounded();
    let parts = Parts {
        place: Place::new(&folder.join("in"), &folder.join("out")).unwrap(),
        ledger: folder.join("ledger.sqlite"),
        config: Config {
            quiet: Quiet { files: Duration::ZERO, groups: Duration::from_millis(500) },
            once: true,
            min_free: 0,
            ..Config::default()
        },
        job: Arc::new(Nothing),
        grouping: Arc::new(Heads),
        events: Box::new(Native::default()),
        clock: Arc::new(SystemClock::default()),
        observer: Arc::new(Deaf),
        live: Arc::clone(&live),
        controls,
        reload: Box::new(|| Err("nothing to reload".into())),
    };
    let began = Instant::now();
    let thread = std::thread::spawn(move || watch(parts));
    let (mut beats, mut started) = (BTreeSet::new(), None);
    while !thread.is_finished() {
        let now = live.now();
        beats.extend(now.beat);
        started = started.or_else(|| now.lanes.iter().flatten().next().map(|_| began.elapsed()));
        std::thread::sleep(Duration::from_millis(1));
    }
    let summary = thread.join().unwrap().unwrap();
    let all = began.elapsed();
    let beats: Vec<Instant> = beats.into_iter().collect();
    let mut turns: Vec<Duration> = beats.windows(2).map(|pair| pair[1] - pair[0]).collect();
    turns.sort_unstable();
    let millis = |time: Duration| (time.as_secs_f64() * 1e4).round() / 10.0;
    json!({
        "files": n,
        "series_done": summary.done,
        "to_the_first_start_ms": started.map(millis),
        "to_the_end_ms": millis(all),
        "turns_seen": turns.len(),
        "longest_turns_ms": turns.iter().rev().take(5).map(|time| millis(*time)).collect::<Vec<_>>(),
    })
}

/// Reads four kilobytes of a file and takes the series from them.
struct Heads;

impl Grouping for Heads {
    fn belongs(&self, _relative: &Path, file: &Path, _stamp: &Stamp) -> Belongs {
        let mut head = String::new();
        std::fs::File::open(file).unwrap().take(4096).read_to_string(&mut head).unwrap();
        let began = Instant::now();
        while began.elapsed() < PARSE {
            std::hint::spin_loop();
        }
        let name = head[..20].trim().to_owned();
        Belongs::To { quiet_with: name.clone(), name }
    }

    fn reads(&self, _relative: &Path) -> bool {
        true
    }

    fn names_count(&self) -> bool {
        false
    }
}

struct Nothing;

impl Job for Nothing {
    fn identity(&self) -> &str {
        "nothing"
    }

    fn run(&self, _work: &Work) -> Result<Json, Failure> {
        Ok(Json::Null)
    }
}
