//! What operators of a test share with the test: a log, meetings, counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

static PROBES: Mutex<BTreeMap<String, Arc<Probe>>> = Mutex::new(BTreeMap::new());

/// One test's own.
#[derive(Default)]
pub struct Probe {
    pub log: Mutex<Vec<String>>,
    marks: Mutex<Vec<String>>,
    marked: Condvar,
    /// Calls under way, and the most there were.
    pub busy: AtomicI64,
    pub most: AtomicI64,
    pub cancel: Arc<AtomicBool>,
}

impl Probe {
    /// The probe of that name; made when it is first asked for.
    pub fn named(name: &str) -> Arc<Self> {
        Arc::clone(PROBES.lock().expect("no panic").entry(name.to_owned()).or_default())
    }

    pub fn write(&self, line: impl Into<String>) {
        self.log.lock().expect("no panic").push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.log.lock().expect("no panic").clone()
    }

    /// Says that something has happened.
    pub fn mark(&self, what: impl Into<String>) {
        self.marks.lock().expect("no panic").push(what.into());
        self.marked.notify_all();
    }

    /// Waits until something has happened; false when it does not.
    pub fn meet(&self, what: &str) -> bool {
        let marks = self.marks.lock().expect("no panic");
        let missing = |marks: &mut Vec<String>| !marks.iter().any(|mark| mark == what);
        let (_marks, timeout) = self.marked.wait_timeout_while(marks, Duration::from_secs(10), missing).expect("no panic");
        !timeout.timed_out()
    }

    pub fn enter(&self) {
        let busy = self.busy.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(busy, Ordering::SeqCst);
    }

    pub fn leave(&self) {
        self.busy.fetch_sub(1, Ordering::SeqCst);
    }
}
