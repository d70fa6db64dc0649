//! What the watcher itself costs: `measure FOLDER [N] [WORK_MS]` prints milliseconds as JSON; `measure FOLDER backlog [N]`
//! prints how long the turns of its loop are while N files of series wait for it at its start.
//!
//! `FOLDER` lies on the disk to be measured. The job computes for `WORK_MS` and writes one small file. Besides the watcher
//! it measures, in the same run, what one flush of a small file and one insert into SQLite cost there: flushes are what most
//! of the steps are made of.

mod backlog;

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use voxloom_watch::clock::SystemClock;
use voxloom_watch::config::Config;
use voxloom_watch::events::Native;
use voxloom_watch::grouping::Files;
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::notice::{Moment, Notice, Observer};
use voxloom_watch::place::Place;
use voxloom_watch::settle::Quiet;
use voxloom_watch::watcher::{Control, Parts, watch};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let base = PathBuf::from(words.first().expect("a folder"));
    if words.get(1).is_some_and(|word| word == "backlog") {
        let n = words.get(2).map_or(30_000, |text| text.parse().expect("a number of files"));
        return println!("{}", serde_json::to_string_pretty(&backlog::measure(&base, n)).unwrap());
    }
    let n: usize = words.get(1).map_or(300, |text| text.parse().expect("a number of inputs"));
    let work = Duration::from_millis(words.get(2).map_or(20, |text| text.parse().expect("milliseconds")));
    let mut yardsticks = Yardsticks::new(&base);
    yardsticks.measure();
    let no_work = waiting(&base.join("no work"), n, Duration::ZERO);
    yardsticks.measure();
    let with_work = waiting(&base.join("work"), n, work);
    yardsticks.measure();
    let (arrival, alone, steps) = arriving(&base.join("arrival"), n);
    yardsticks.measure();
    let (flush, insert) = (quantile(&yardsticks.flushes, 0.5), quantile(&yardsticks.inserts, 0.5));
    let report = json!({
        "inputs": n,
        "work_ms": work.as_millis() as u64,
        "flush_of_a_small_file_ms": spread(&yardsticks.flushes),
        "sqlite_insert_ms": spread(&yardsticks.inserts),
        "cost_of_a_job_ms": { "without_work": round(no_work), "beside_work": round(with_work) },
        "ledger_and_commit_alone_ms": spread(&alone),
        "steps_alone_ms": steps,
        "arrival_to_start_ms": spread(&arrival),
        "ratios": {
            "beside_work_to_one_flush": round(with_work / flush),
            "beside_work_to_one_insert": round(with_work / insert),
            "alone_to_one_flush": round(quantile(&alone, 0.5) / flush),
        },
    });
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
}

/// All inputs are there before it begins: time for one input, in milliseconds, without what its job computed.
fn waiting(folder: &Path, n: usize, work: Duration) -> f64 {
    let steps = Arc::new(Steps::default());
    std::fs::create_dir_all(folder.join("in")).unwrap();
    (0..n).for_each(|index| put(&folder.join("in").join(index.to_string()), index));
    let job = Arc::new(Small { work, worked: Mutex::default() });
    watch(parts(folder, &steps, &job, true).0).unwrap();
    let all = steps.0.lock().unwrap();
    let times = || all.values().flatten();
    let first = times().find_map(|(moment, at)| (*moment == Moment::Claimed).then_some(*at)).unwrap();
    let first = times().filter(|(moment, _)| *moment == Moment::Claimed).map(|(_, at)| *at).fold(first, Instant::min);
    let last = times().map(|(_, at)| *at).fold(first, Instant::max);
    let worked = *job.worked.lock().unwrap();
    millis((last - first).saturating_sub(worked)) / n as f64
}

/// One arrives at a time, renamed into place: from the rename to the call of the job; ledger and commit; each step.
fn arriving(folder: &Path, n: usize) -> (Vec<f64>, Vec<f64>, Json) {
    let steps = Arc::new(Steps::default());
    std::fs::create_dir_all(folder.join("in")).unwrap();
    let job = Arc::new(Small { work: Duration::ZERO, worked: Mutex::default() });
    let (parts, control) = parts(folder, &steps, &job, false);
    let thread = std::thread::spawn(move || watch(parts));
    std::thread::sleep(Duration::from_millis(500));
    let (mut arrivals, mut alone) = (Vec::new(), Vec::new());
    for index in 0..n {
        let (hidden, name) = (folder.join(format!("in/.{index}")), folder.join(format!("in/{index}")));
        put(&hidden, index);
        std::thread::sleep(Duration::from_millis(20));
        let began = Instant::now();
        std::fs::rename(&hidden, &name).unwrap();
        let at = |moment| steps.wait(Path::new(&index.to_string()), moment);
        arrivals.push(millis(at(Moment::Starting) - began));
        at(Moment::Released);
        let ledger = at(Moment::Begun) - at(Moment::Hashed);
        alone.push(millis(ledger + (at(Moment::Recorded) - at(Moment::Ran))));
    }
    control.send(Control::Stop).unwrap();
    thread.join().unwrap().unwrap();
    (arrivals, alone, steps.between())
}

/// An input like no other, of one kibibyte.
fn put(path: &Path, index: usize) {
    std::fs::write(path, format!("{index:1024}")).unwrap();
}

fn parts(folder: &Path, steps: &Arc<Steps>, job: &Arc<Small>, once: bool) -> (Parts, crossbeam::channel::Sender<Control>) {
    let (control, controls) = crossbeam::channel::unbounded();
    let quiet = if once { Duration::ZERO } else { Duration::from_secs(3600) };
    let parts = Parts {
        place: Place::new(&folder.join("in"), &folder.join("out")).unwrap(),
        ledger: folder.join("ledger.sqlite"),
        config: Config { quiet: Quiet { files: quiet, groups: quiet }, once, min_free: 0, ..Config::default() },
        job: Arc::clone(job) as Arc<dyn Job>,
        grouping: Arc::new(Files),
        events: Box::new(Native::default()),
        clock: Arc::new(SystemClock::default()),
        observer: Arc::clone(steps) as Arc<dyn Observer>,
        live: Arc::default(),
        controls,
        reload: Box::new(|| Err("nothing to reload".into())),
    };
    (parts, control)
}

struct Small {
    work: Duration,
    /// By all calls together.
    worked: Mutex<Duration>,
}

impl Job for Small {
    fn identity(&self) -> &str {
        "small"
    }

    fn run(&self, work: &Work) -> Result<Json, Failure> {
        let began = Instant::now();
        while began.elapsed() < self.work {
            std::hint::spin_loop();
        }
        *self.worked.lock().unwrap() += began.elapsed();
        std::fs::write(work.output.join("result"), b"a small result").map_err(|error| Failure::of_io(&work.output, &error))?;
        Ok(Json::Null)
    }
}

/// When each step of each input was done.
#[derive(Default)]
struct Steps(Mutex<BTreeMap<PathBuf, Vec<(Moment, Instant)>>>);

impl Steps {
    /// Median time from the step before to each step, in milliseconds.
    fn between(&self) -> Json {
        let mut times: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for steps in self.0.lock().unwrap().values() {
            for pair in steps.windows(2) {
                times.entry(format!("{:?}", pair[1].0)).or_default().push(millis(pair[1].1 - pair[0].1));
            }
        }
        times.into_iter().map(|(name, times)| (name, json!(round(quantile(&times, 0.5))))).collect()
    }

    fn wait(&self, name: &Path, moment: Moment) -> Instant {
        loop {
            let found = self.0.lock().unwrap().get(name).and_then(|steps| steps.iter().find(|step| step.0 == moment).copied());
            if let Some((_, when)) = found {
                return when;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Observer for Steps {
    fn notice(&self, _notice: &Notice) {}

    fn moment(&self, moment: Moment, name: &Path) {
        self.0.lock().unwrap().entry(name.into()).or_default().push((moment, Instant::now()));
    }
}

/// What the disk costs by itself: the named peers.
struct Yardsticks {
    folder: PathBuf,
    database: rusqlite::Connection,
    flushes: Vec<f64>,
    inserts: Vec<f64>,
}

impl Yardsticks {
    fn new(base: &Path) -> Self {
        let folder = base.join("flush");
        std::fs::create_dir_all(&folder).unwrap();
        let database = rusqlite::Connection::open(base.join("yardstick.sqlite")).unwrap();
        let layout =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE one (number INTEGER PRIMARY KEY, text TEXT);";
        database.execute_batch(layout).unwrap();
        Self { folder, database, flushes: Vec::new(), inserts: Vec::new() }
    }

    fn measure(&mut self) {
        for _ in 0..50 {
            let mut file = File::create(self.folder.join(self.flushes.len().to_string())).unwrap();
            file.write_all(b"a few bytes").unwrap();
            let began = Instant::now();
            file.sync_all().unwrap();
            self.flushes.push(millis(began.elapsed()));
            let began = Instant::now();
            self.database.execute("INSERT INTO one (text) VALUES ('a few bytes')", []).unwrap();
            self.inserts.push(millis(began.elapsed()));
        }
    }
}

fn spread(times: &[f64]) -> Json {
    json!({ "median": round(quantile(times, 0.5)), "p99": round(quantile(times, 0.99)) })
}

fn quantile(times: &[f64], part: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(((times.len().max(1) - 1) as f64 * part).round() as usize).copied().unwrap_or(0.0)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
