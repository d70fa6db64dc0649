//! What the tests share: folders, the program that is killed, a watcher in this process, and what must be true afterwards.

use crossbeam::channel::Sender;
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use voxloom_watch::clock::{Clock, SystemClock};
use voxloom_watch::config::Config;
use voxloom_watch::error::Error;
use voxloom_watch::events::{Events, Silent};
use voxloom_watch::grouping::{Files, Grouping};
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::notice::{Moment, Notice, Observer};
use voxloom_watch::place::Place;
use voxloom_watch::settle::Quiet;
use voxloom_watch::watcher::{Control, Parts, Summary, Watcher, watch};
use voxloom_watch::words::shown;

/// `in`, `out` and ledgers in a folder that goes away.
pub struct Stage {
    pub folder: TempDir,
}

impl Stage {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        Self { folder }
    }

    pub fn input(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join("in").join(name)
    }

    pub fn output(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join("out").join(name)
    }

    pub fn put(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.input(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Fills the folder with so many small inputs of different contents.
    pub fn fill(&self, n: usize) {
        (0..n).for_each(|index| self.put(format!("{}/case {index}.nii", index % 7), content(index)));
    }

    /// The killable program with a ledger of its own.
    pub fn victim(&self, ledger: &str, words: &[&str]) -> Child {
        let program = std::env::current_exe().unwrap();
        let program = program.parent().unwrap().parent().unwrap().join("examples/victim");
        assert!(program.exists(), "{} is built with the tests", program.display());
        let folder = self.folder.path();
        Command::new(program)
            .arg(folder.join("in"))
            .arg(folder.join("out"))
            .arg(folder.join(ledger))
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Every result of [`Stage::fill`] is there once, whole and right, and nothing else is.
    pub fn assert_all_done(&self, n: usize) {
        let mut expected = BTreeMap::new();
        for index in 0..n {
            let (name, bytes) = (format!("{}/case {index}.nii", index % 7), content(index));
            let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
            expected.insert(PathBuf::from(&name).join("same"), bytes);
            expected.insert(PathBuf::from(&name).join("reversed"), reversed);
        }
        let found = tree(&self.folder.path().join("out"));
        let marks = found.keys().filter(|path| path.ends_with(".voxloom.json")).count();
        let results: BTreeMap<_, _> =
            found.into_iter().filter(|(path, _)| !path.ends_with(".voxloom.json") && !path.starts_with(".voxloom")).collect();
        assert!(results == expected, "{:?}", results.keys().collect::<Vec<_>>());
        assert_eq!(marks, n, "one mark a result");
        let left = tree(&self.folder.path().join("in/.voxloom/claims"));
        assert!(left.is_empty(), "claims are left: {:?}", left.keys());
    }

    fn parts(&self, job: impl Job + 'static, change: impl FnOnce(&mut Parts)) -> (Parts, Arc<Heard>, Sender<Control>) {
        let heard = Arc::new(Heard::default());
        let (control, controls) = crossbeam::channel::unbounded();
        let place = Place::new(&self.folder.path().join("in"), &self.folder.path().join("out")).unwrap();
        let mut parts = Parts {
            place,
            ledger: self.folder.path().join("ledger.sqlite"),
            config: quick(),
            job: Arc::new(job),
            grouping: Arc::new(Files),
            events: Box::new(Silent),
            clock: Arc::new(SystemClock::default()),
            observer: Arc::clone(&heard) as Arc<dyn Observer>,
            live: Arc::default(),
            controls,
            reload: Box::new(|| Err("there is nothing to reload".into())),
        };
        change(&mut parts);
        (parts, heard, control)
    }

    /// A watcher that only opens what it needs.
    pub fn opened(&self, change: impl FnOnce(&mut Parts)) -> Result<Watcher, Error> {
        Watcher::open(self.parts(copy(), change).0)
    }

    /// A watcher in this process, with what `change` makes of the parts. It stops when this is dropped.
    pub fn watch(&self, job: impl Job + 'static, change: impl FnOnce(&mut Parts)) -> Watching {
        let (parts, heard, control) = self.parts(job, change);
        let thread = std::thread::spawn(move || watch(parts));
        Watching { control, heard, thread: Some(thread) }
    }

    /// As [`Stage::watch`], until nothing is left to do.
    pub fn once(&self, job: impl Job + 'static, change: impl FnOnce(&mut Parts)) -> (Summary, Vec<String>) {
        let mut watching = self.watch(job, |parts| {
            parts.config.once = true;
            change(parts);
        });
        let summary = watching.thread.take().unwrap().join().unwrap().unwrap();
        (summary, watching.heard.lines())
    }
}

/// Times that tests can wait for.
pub fn quick() -> Config {
    Config {
        quiet: Quiet { files: Duration::from_millis(60), groups: Duration::from_millis(150) },
        rescan: Duration::from_millis(100),
        poll: Duration::from_millis(100),
        lease: Duration::from_secs(1),
        min_free: 0,
        full_pause: Duration::from_millis(50),
        ..Config::default()
    }
}

pub fn content(index: usize) -> Vec<u8> {
    format!("content of {index}").into_bytes()
}

/// All files below, with their bytes.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn below(base: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                below(base, &path, found);
            } else {
                found.insert(path.strip_prefix(base).unwrap().into(), std::fs::read(&path).unwrap_or_default());
            }
        }
    }
    let mut found = BTreeMap::new();
    below(folder, folder, &mut found);
    found
}

/// A watcher in this process.
pub struct Watching {
    pub control: Sender<Control>,
    pub heard: Arc<Heard>,
    thread: Option<std::thread::JoinHandle<Result<Summary, Error>>>,
}

impl Watching {
    /// See [`Heard::wait`].
    pub fn wait(&self, words: &str) {
        self.heard.wait(words);
    }

    /// Waits until it ends by itself.
    pub fn ended(mut self) -> Result<Summary, Error> {
        self.thread.take().unwrap().join().unwrap()
    }

    pub fn stop(mut self) -> Summary {
        self.control.send(Control::Stop).unwrap();
        self.thread.take().unwrap().join().unwrap().unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.control.send(Control::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Everything that was told, one line each.
#[derive(Default)]
pub struct Heard(Mutex<Vec<String>>);

impl Heard {
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Waits until a line says `words`.
    pub fn wait(&self, words: &str) {
        let began = Instant::now();
        while !self.lines().iter().any(|line| line.contains(words)) {
            assert!(began.elapsed() < Duration::from_secs(60), "`{words}` was not heard in {:#?}", self.lines());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many lines begin so.
    pub fn count(&self, start: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(start)).count()
    }
}

impl Observer for Heard {
    fn notice(&self, notice: &Notice) {
        let line = match notice {
            Notice::Done { name, attempt, .. } => format!("done {} {attempt}", shown(name)),
            Notice::Same { name, same_as, .. } => format!("same {} {}", shown(name), shown(same_as)),
            Notice::Failed { name, attempt, failure, .. } => format!("failed {} {attempt} {}", shown(name), failure.message),
            Notice::Again { name, attempt, .. } => format!("again {} {attempt}", shown(name)),
            Notice::Started { name, .. } => format!("started {}", shown(name)),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }

    fn moment(&self, _moment: Moment, _name: &Path) {}
}

/// A job that copies its files, and does as a function says before.
pub struct Copy<F: Fn(&Work) -> Result<(), Failure> + Send + Sync>(pub F);

impl<F: Fn(&Work) -> Result<(), Failure> + Send + Sync> Job for Copy<F> {
    fn identity(&self) -> &str {
        "copy"
    }

    fn run(&self, work: &Work) -> Result<serde_json::Value, Failure> {
        (self.0)(work)?;
        for (index, file) in work.files.iter().enumerate() {
            let target = work.output.join(format!("copy{index}"));
            std::fs::copy(file, &target).map_err(|error| Failure::of_io(file, &error))?;
        }
        Ok(serde_json::json!({ "files": work.files.len() }))
    }
}

pub fn copy() -> impl Job {
    Copy(|_| Ok(()))
}

/// A clock whose wall can be turned; its waiting time is real.
#[derive(Default)]
pub struct Wall {
    real: SystemClock,
    pub offset_s: std::sync::atomic::AtomicI64,
}

impl Clock for Wall {
    fn now(&self) -> Duration {
        self.real.now()
    }

    fn wall(&self) -> std::time::SystemTime {
        let offset = self.offset_s.load(std::sync::atomic::Ordering::SeqCst);
        let (now, by) = (self.real.wall(), Duration::from_secs(offset.unsigned_abs()));
        if offset < 0 { now - by } else { now + by }
    }
}

/// Events that a test sends by hand.
pub struct ByHand(pub Arc<Mutex<Option<voxloom_watch::events::Sink>>>);

impl Events for ByHand {
    fn start(&mut self, _folder: &Path, sink: voxloom_watch::events::Sink) -> Result<(), String> {
        *self.0.lock().unwrap() = Some(sink);
        Ok(())
    }
}

/// Files that share the part of their name before `-` belong together; all groups of a folder are quiet together.
pub struct ByPrefix;

impl Grouping for ByPrefix {
    fn belongs(&self, relative: &Path, _file: &Path, _stamp: &voxloom_watch::stamp::Stamp) -> voxloom_watch::grouping::Belongs {
        use voxloom_watch::grouping::Belongs;
        let name = String::from_utf8_lossy(relative.file_name().unwrap().as_bytes()).into_owned();
        match name.split_once('-') {
            Some((prefix, _)) => Belongs::To { name: prefix.into(), quiet_with: "study".into() },
            None => Belongs::Ignored,
        }
    }
}

/// Root reads everything, but for this thread from now on, and those that it starts.
pub fn unprivileged() {
    let mut may = capabilities(None).unwrap();
    may.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
    set_capabilities(None, may).unwrap();
}
