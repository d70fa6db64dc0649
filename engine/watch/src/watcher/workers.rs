//! Threads that work on inputs, and one that renews claims.

use crate::attempt::{Bench, Ended};
use crate::error::Error;
use crate::input::Input;
use crate::job::Job;
use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// What a worker says when it is done with an input.
pub type Finished = (Input, Result<Ended, Error>);

/// The workers of one watcher. They end when this is dropped and they have nothing to do.
pub struct Workers {
    give: Sender<(Input, Arc<dyn Job>)>,
    pub finished: Receiver<Finished>,
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
        let (tell, finished) = unbounded();
        let mut threads = Vec::new();
        for lane in 0..lanes {
            let (bench, take, tell) = (Arc::clone(bench), take.clone(), tell.clone());
            let work = move || {
                for (input, job) in take {
                    let ended = bench.work(lane, &input, &*job);
                    drop(job);
                    if tell.send((input, ended)).is_err() {
                        return;
                    }
                }
            };
            threads.push(std::thread::Builder::new().name(format!("worker {lane}")).spawn(work).map_err(Error::Thread)?);
        }
        let (stop_renewing, stopped) = bounded::<()>(0);
        let keeper = Arc::clone(bench);
        let renew = move || {
            let often = (keeper.config.lease / 4).clamp(Duration::from_millis(100), Duration::from_secs(10));
            while stopped.recv_timeout(often) == Err(crossbeam::channel::RecvTimeoutError::Timeout) {
                keeper.claims.renew();
            }
        };
        threads.push(std::thread::Builder::new().name("lease".into()).spawn(renew).map_err(Error::Thread)?);
        Ok(Self { give, finished, stop_renewing, threads })
    }

    /// Hands over an input; only as many as there are workers may be under way.
    pub fn give(&self, input: Input, job: Arc<dyn Job>) {
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
