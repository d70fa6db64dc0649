//! What the watcher itself costs: `measure FOLDER [N]` prints medians as JSON. The job does nothing but write one small file.
//!
//! `FOLDER` lies on the disk to be measured. Besides the steps of one input it tells what one flush of a small file costs
//! there, because that is what most of the steps are made of.

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
    let n: usize = words.get(1).map_or(300, |text| text.parse().expect("a number"));
    let flush = flush(&base.join("flush"), n);

    // All inputs are there: cost of each step.
    let steps = Arc::new(Steps::default());
    let folder = base.join("cost");
    std::fs::create_dir_all(folder.join("in")).unwrap();
    (0..n).for_each(|index| std::fs::write(folder.join(format!("in/{index}")), vec![index as u8; 1024]).unwrap());
    let began = Instant::now();
    watch(parts(&folder, &steps, true).0).unwrap();
    let whole = began.elapsed().as_secs_f64() * 1e3 / n as f64;
    let between = steps.between();
    let sum = |names: &[&str]| names.iter().map(|name| between.get(*name).copied().unwrap_or(0.0)).sum::<f64>();
    let ledger = sum(&["Begun", "Recorded"]);
    let commit = sum(&["Sealed", "Published"]);

    // One arrives at a time, renamed into place: from the rename to the call of the job.
    let steps = Arc::new(Steps::default());
    let folder = base.join("arrival");
    std::fs::create_dir_all(folder.join("in")).unwrap();
    let (parts, control) = parts(&folder, &steps, false);
    let thread = std::thread::spawn(move || watch(parts));
    std::thread::sleep(Duration::from_millis(500));
    let mut arrivals = Vec::new();
    for index in 0..n.min(100) {
        let (hidden, name) = (folder.join(format!("in/.{index}")), folder.join(format!("in/{index}")));
        std::fs::write(&hidden, format!("input {index}")).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let began = Instant::now();
        std::fs::rename(&hidden, &name).unwrap();
        let started = steps.wait(Path::new(&index.to_string()), Moment::Starting);
        arrivals.push((started - began).as_secs_f64() * 1e3);
        steps.wait(Path::new(&index.to_string()), Moment::Released);
    }
    control.send(Control::Stop).unwrap();
    thread.join().unwrap().unwrap();
    let report = serde_json::json!({
        "inputs": n,
        "flush_of_a_small_file_ms": flush,
        "whole_input_ms": whole,
        "ledger_ms": ledger,
        "commit_ms": commit,
        "steps_ms": between,
        "arrival_to_start_ms": { "median": median(&mut arrivals.clone()), "95th": quantile(&mut arrivals, 0.95) },
    });
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
}

fn parts(folder: &Path, steps: &Arc<Steps>, once: bool) -> (Parts, crossbeam::channel::Sender<Control>) {
    let (control, controls) = crossbeam::channel::unbounded();
    let quiet = if once { Duration::ZERO } else { Duration::from_secs(3600) };
    let parts = Parts {
        place: Place::new(&folder.join("in"), &folder.join("out")).unwrap(),
        ledger: folder.join("ledger.sqlite"),
        config: Config { quiet: Quiet { files: quiet, groups: quiet }, once, min_free: 0, ..Config::default() },
        job: Arc::new(Small),
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

struct Small;

impl Job for Small {
    fn identity(&self) -> &str {
        "small"
    }

    fn run(&self, work: &Work) -> Result<serde_json::Value, Failure> {
        std::fs::write(work.output.join("result"), b"a small result").map_err(|error| Failure::of_io(&work.output, &error))?;
        Ok(serde_json::Value::Null)
    }
}

/// When each step of each input was done.
#[derive(Default)]
struct Steps(Mutex<BTreeMap<PathBuf, Vec<(Moment, Instant)>>>);

impl Steps {
    /// Median time from the step before to each step, in milliseconds.
    fn between(&self) -> BTreeMap<String, f64> {
        let mut times: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for steps in self.0.lock().unwrap().values() {
            for pair in steps.windows(2) {
                // Waiting for a worker is not a step's own time.
                if pair[0].0 != Moment::Complete {
                    times.entry(format!("{:?}", pair[1].0)).or_default().push((pair[1].1 - pair[0].1).as_secs_f64() * 1e3);
                }
            }
        }
        times.into_iter().map(|(name, mut times)| (name, median(&mut times))).collect()
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

fn flush(folder: &Path, n: usize) -> f64 {
    std::fs::create_dir_all(folder).unwrap();
    let mut times: Vec<f64> = (0..n.min(100))
        .map(|index| {
            let mut file = File::create(folder.join(index.to_string())).unwrap();
            file.write_all(b"a few bytes").unwrap();
            let began = Instant::now();
            file.sync_all().unwrap();
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    median(&mut times)
}

fn median(times: &mut [f64]) -> f64 {
    quantile(times, 0.5)
}

fn quantile(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(((times.len().max(1) - 1) as f64 * part).round() as usize).map_or(0.0, |time| (time * 1000.0).round() / 1000.0)
}
