//! Threads that work on inputs, one that commits what they made, and one that renews claims.

use crate::attempt::{Bench, Finished, Ready, Worked};
use crate::error::Error;
use crate::input::Input;
use crate::job::Job;
use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Results that may wait to be committed, and that are committed at one time. More of them make a worker wait.
const COMMITS: usize = 8;

/// What is said by the threads.
pub enum Told {
    /// A worker may have another input; the one that it had may still be on its way.
    Free,
    Over(Finished),
}

/// The threads of one watcher. They end when this is dropped and they have nothing to do.
pub struct Workers {
    give: Sender<(Input, Arc<dyn Job>)>,
    pub told: Receiver<Told>,
    /// Workers without an input.
    pub n_free: usize,
    stop_renewing: Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts the threads.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn start(bench: &Arc<Bench>) -> Result<Self, Error> {
        let lanes = bench.config.lanes.max(1);
        bench.live.change(|now| now.lanes = vec![None; lanes]);
        let (give, take) = bounded::<(Input, Arc<dyn Job>)>(lanes);
        let (hand_on, ready) = bounded::<Ready>(COMMITS);
        let (tell, told) = unbounded();
        let mut threads = Vec::new();
        for lane in 0..lanes {
            let (bench, take, hand_on, tell) = (Arc::clone(bench), take.clone(), hand_on.clone(), tell.clone());
            let work = move || {
                for (input, job) in take {
                    let said = match bench.work(lane, input, &*job) {
                        Worked::Ready(ready) => hand_on.send(*ready).is_ok(),
                        Worked::Over(finished) => tell.send(Told::Over(finished)).is_ok(),
                    };
                    if !said || tell.send(Told::Free).is_err() {
                        return;
                    }
                }
            };
            threads.push(thread(format!("worker {lane}"), work)?);
        }
        let committer = Arc::clone(bench);
        threads.push(thread("commit".into(), move || commit(&committer, &ready, &tell))?);
        let (stop_renewing, stopped) = bounded::<()>(0);
        let keeper = Arc::clone(bench);
        let renew = move || {
            let often = (keeper.config.lease / 4).clamp(Duration::from_millis(100), Duration::from_secs(10));
            while stopped.recv_timeout(often) == Err(crossbeam::channel::RecvTimeoutError::Timeout) {
                keeper.claims.renew();
            }
        };
        threads.push(thread("lease".into(), renew)?);
        Ok(Self { give, told, n_free: lanes, stop_renewing, threads })
    }

    /// Hands over an input, where a worker is free.
    pub fn give(&mut self, input: Input, job: Arc<dyn Job>) {
        self.n_free -= 1;
        // Workers take as long as this lives.
        let _ = self.give.send((input, job));
    }

    /// Waits until all threads have ended; to be called only when nothing is under way.
    pub fn join(self) {
        let Self { give, stop_renewing, threads, .. } = self;
        drop((give, stop_renewing));
        for thread in threads {
            // A worker that panicked has told so by its silence; jobs' panics are caught before.
            let _ = thread.join();
        }
    }
}

fn thread(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new().name(name).spawn(work).map_err(Error::Thread)
}

/// Commits whatever has come while the batch before was committed: under load many share the flushes, else nobody waits.
fn commit(bench: &Bench, ready: &Receiver<Ready>, tell: &Sender<Told>) {
    while let Ok(first) = ready.recv() {
        let mut batch = vec![first];
        batch.extend(ready.try_iter().take(COMMITS - 1));
        let inputs: Vec<Input> = batch.iter().map(|ready| ready.input.clone()).collect();
        let finished = std::panic::catch_unwind(AssertUnwindSafe(|| bench.finish(batch))).unwrap_or_else(|_| {
            // How far it came is found out at the next start.
            let broken = |input| (input, Err(Error::Thread(std::io::Error::other("committing a result panicked"))));
            inputs.into_iter().map(broken).collect()
        });
        for finished in finished {
            // Nobody listens any more where the watcher leaves at once.
            let _ = tell.send(Told::Over(finished));
        }
    }
}
