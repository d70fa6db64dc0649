//! How much is alive: each lane writes its own count, whoever asks adds them up.

use super::value::Tally;
use crossbeam::utils::CachePadded;
use std::sync::atomic::{AtomicI64, Ordering};

/// Live values and their bytes over all threads of a run.
pub(crate) struct Meter {
    shards: Box<[CachePadded<(AtomicI64, AtomicI64)>]>,
    peak: (AtomicI64, AtomicI64),
}

impl Meter {
    /// For `threads` threads, numbered from 0.
    pub fn new(threads: usize) -> Self {
        Self { shards: (0..threads).map(|_| CachePadded::default()).collect(), peak: (AtomicI64::new(0), AtomicI64::new(0)) }
    }

    /// Publishes the calling thread's count since `base`; only thread `index` may write its shard.
    #[inline]
    pub fn publish(&self, index: usize, base: Tally) {
        let here = Tally::here();
        self.shards[index].0.store(here.values - base.values, Ordering::Relaxed);
        self.shards[index].1.store(here.bytes - base.bytes, Ordering::Relaxed);
    }

    pub fn live(&self) -> Tally {
        self.shards.iter().fold(Tally::default(), |sum, shard| Tally {
            values: sum.values + shard.0.load(Ordering::Relaxed),
            bytes: sum.bytes + shard.1.load(Ordering::Relaxed),
        })
    }

    /// Looks whether there never was so much.
    pub fn note_peak(&self) {
        let live = self.live();
        self.peak.0.fetch_max(live.values, Ordering::Relaxed);
        self.peak.1.fetch_max(live.bytes, Ordering::Relaxed);
    }

    pub fn peak(&self) -> Tally {
        Tally { values: self.peak.0.load(Ordering::Relaxed), bytes: self.peak.1.load(Ordering::Relaxed) }
    }
}
