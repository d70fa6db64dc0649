//! A watcher for tests to kill: `victim IN OUT LEDGER [key=value…]`. Its job copies each file twice, one copy reversed.
//!
//! `die=Published:3` ends the process without a word at the third time that step is done. Inputs that begin with `bad`
//! fail, with `crash` end the process, with `wait` take 200 ms. `pipeline=2` stands for another pipeline.

use rustix::process::{Signal, getpid, kill_process};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use voxloom_watch::clock::SystemClock;
use voxloom_watch::config::Config;
use voxloom_watch::events::Native;
use voxloom_watch::grouping::Files;
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::notice::{Moment, Notice, Observer};
use voxloom_watch::place::Place;
use voxloom_watch::retire::After;
use voxloom_watch::retry::Retry;
use voxloom_watch::watcher::{Parts, watch};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, ledger, choices @ ..] = &words[..] else { panic!("IN OUT LEDGER [key=value…]") };
    let choice = |key: &str| choices.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let number = |key: &str, default: u64| choice(key).map_or(default, |text| text.parse().unwrap());
    let die = choice("die").map(|text| text.split_once(':').unwrap());
    let config = Config {
        quiet: voxloom_watch::settle::Quiet {
            files: Duration::from_millis(number("quiet_ms", 20)),
            groups: Duration::from_millis(number("quiet_ms", 20)),
        },
        lanes: number("lanes", 1) as usize,
        once: choice("once") != Some("no"),
        lease: Duration::from_secs(2),
        rescan: Duration::from_millis(number("rescan_ms", 300)),
        after: match choice("after") {
            Some("move") => After::Move,
            Some("delete") => After::Delete,
            _ => After::Keep,
        },
        retry: Retry { crashes: number("crashes", 3) as u32, ..Retry::default() },
        min_free: 0,
        ..Config::default()
    };
    let die = die.map(|(moment, nth)| (moment.to_owned(), nth.parse().unwrap()));
    let (_keep, controls) = crossbeam::channel::unbounded();
    let summary = watch(Parts {
        place: Place::new(Path::new(input), Path::new(output)).unwrap(),
        ledger: ledger.into(),
        config,
        job: Arc::new(Copies(format!("copies {}", choice("pipeline").unwrap_or("1")))),
        grouping: Arc::new(Files),
        events: Box::new(Native::default()),
        clock: Arc::new(SystemClock::default()),
        observer: Arc::new(Mortal { die, count: AtomicU64::new(0), talks: choice("talk").is_some() }),
        live: Arc::default(),
        controls,
        reload: Box::new(|| Err("nothing to reload".into())),
    })
    .unwrap();
    println!("{summary:?}");
}

struct Copies(String);

impl Job for Copies {
    fn identity(&self) -> &str {
        &self.0
    }

    fn run(&self, work: &Work) -> Result<serde_json::Value, Failure> {
        let mut bytes = std::fs::read(work.input().unwrap()).map_err(|error| Failure::of_io(&work.name, &error))?;
        if bytes.starts_with(b"bad") {
            return Err(Failure::bad("it says so itself").at("reader"));
        }
        if bytes.starts_with(b"crash") {
            die();
        }
        if bytes.starts_with(b"wait") {
            std::thread::sleep(Duration::from_millis(200));
        }
        std::fs::write(work.output.join("same"), &bytes).unwrap();
        bytes.reverse();
        std::fs::write(work.output.join("reversed"), &bytes).unwrap();
        Ok(serde_json::json!({ "bytes": bytes.len() }))
    }
}

struct Mortal {
    die: Option<(String, u64)>,
    count: AtomicU64,
    talks: bool,
}

impl Observer for Mortal {
    fn notice(&self, notice: &Notice) {
        if self.talks {
            println!("{notice:?}");
        }
    }

    fn moment(&self, moment: Moment, _name: &Path) {
        if let Some((name, nth)) = &self.die
            && format!("{moment:?}") == *name
            && self.count.fetch_add(1, Ordering::SeqCst) + 1 == *nth
        {
            die();
        }
    }
}

fn die() -> ! {
    kill_process(getpid(), Signal::KILL).unwrap();
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}
