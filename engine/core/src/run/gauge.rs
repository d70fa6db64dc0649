//! What lanes are at and what calls took so far, for another thread to look at while runs go on.
//!
//! A lane writes only what is its own, a few plain stores a call and no lock; whoever looks does not hold it up.

use super::options::RunOptions;
use crate::draw::{Time, Times};
use crate::graph::Pipeline;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use std::time::{Duration, Instant};

/// Levels of an item that are told; deeper ones are left out.
const DEPTH: usize = 4;

/// Numbers that the lanes of a run write while others read them.
///
/// One gauge may serve run after run of the same pipeline, so that its times add up; not two runs at one time.
pub struct Gauge {
    origin: Instant,
    /// Graph and node, by node of all graphs.
    names: Vec<(String, String)>,
    lanes: Vec<Desk>,
}

/// What a lane is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Lanes of the CPU come before those of a device; the last is that of calls with gradients, where they have one.
    pub lane: usize,
    pub graph: String,
    pub node: String,
    pub item: Vec<u64>,
    /// For how long.
    pub elapsed: Duration,
}

/// One lane's numbers, away from those of its neighbours.
#[repr(align(128))]
struct Desk {
    /// Nanoseconds after `origin`, odd; 0 while there is no call, or while the fields below are written.
    since: AtomicU64,
    node: AtomicUsize,
    depth: AtomicUsize,
    item: [AtomicU64; DEPTH],
    /// Calls and nanoseconds, by node.
    totals: Vec<[AtomicU64; 2]>,
}

impl Gauge {
    /// For runs of `pipeline` with the lanes of `options`; any other run leaves it alone.
    pub fn new(pipeline: &Pipeline, options: &RunOptions) -> Self {
        let names = names(pipeline);
        // One more: calls with gradients have a lane of their own.
        let lanes = (0..=options.cpu_lanes() + options.gpu_lanes()).map(|_| Desk::new(names.len())).collect();
        Self { origin: Instant::now(), names, lanes }
    }

    /// The calls that are under way, by lane.
    pub fn calls(&self) -> Vec<Call> {
        let now = self.nanos(Instant::now());
        let of_lane = |(lane, desk): (usize, &Desk)| {
            let (since, node, item) = desk.read()?;
            let (graph, node) = self.names.get(node)?.clone();
            Some(Call { lane, graph, node, item, elapsed: Duration::from_nanos(now.saturating_sub(since)) })
        };
        self.lanes.iter().enumerate().filter_map(of_lane).collect()
    }

    /// The calls that have ended, over all runs; of every node, also of those without a call.
    #[allow(clippy::cast_precision_loss)]
    pub fn times(&self) -> Times {
        let sum = |node: usize, which: usize| -> u64 {
            self.lanes.iter().map(|desk| desk.totals[node][which].load(Ordering::Relaxed)).sum()
        };
        let of_node = |(node, name): (usize, &(String, String))| {
            (name.clone(), Time { calls: sum(node, 0), total_ms: sum(node, 1) as f64 / 1e6 })
        };
        self.names.iter().enumerate().map(of_node).collect()
    }

    /// True where it was made for these nodes and so many lanes, besides that of calls with gradients.
    pub(crate) fn fits(&self, names: &[(String, String)], lanes: usize) -> bool {
        self.lanes.len() == lanes + 1 && self.names == names
    }

    /// A lane begins a call.
    #[inline]
    pub(crate) fn begin(&self, lane: usize, node: usize, item: &[u64], begin: Instant) {
        self.lanes[lane].write(self.nanos(begin), node, item);
    }

    /// A call of a lane is done.
    #[inline]
    pub(crate) fn end(&self, lane: usize, node: usize, took_nanos: u64) {
        for (total, more) in self.lanes[lane].totals[node].iter().zip([1, took_nanos]) {
            // Nobody else writes it.
            total.store(total.load(Ordering::Relaxed) + more, Ordering::Relaxed);
        }
    }

    /// A lane has nothing to call.
    #[inline]
    pub(crate) fn rest(&self, lane: usize) {
        self.lanes[lane].since.store(0, Ordering::Relaxed);
    }

    fn nanos(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.origin);
        since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }
}

impl Desk {
    fn new(nodes: usize) -> Self {
        Self {
            since: AtomicU64::new(0),
            node: AtomicUsize::new(0),
            depth: AtomicUsize::new(0),
            item: Default::default(),
            totals: (0..nodes).map(|_| Default::default()).collect(),
        }
    }

    #[inline]
    fn write(&self, since: u64, node: usize, item: &[u64]) {
        self.since.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        self.node.store(node, Ordering::Relaxed);
        self.depth.store(item.len().min(DEPTH), Ordering::Relaxed);
        for (place, index) in self.item.iter().zip(item) {
            place.store(*index, Ordering::Relaxed);
        }
        self.since.store(since | 1, Ordering::Release);
    }

    /// Begin, node and item of the call; `None` where there is none, or where one call gives way to the next just now.
    fn read(&self) -> Option<(u64, usize, Vec<u64>)> {
        const TRIES: usize = 8;
        (0..TRIES).find_map(|_| {
            let since = self.since.load(Ordering::Acquire);
            let (node, depth) = (self.node.load(Ordering::Relaxed), self.depth.load(Ordering::Relaxed));
            let item = self.item.iter().take(depth).map(|place| place.load(Ordering::Relaxed)).collect();
            fence(Ordering::Acquire);
            (since != 0 && self.since.load(Ordering::Relaxed) == since).then_some((since, node, item))
        })
    }
}

/// Graph and node of all nodes of all graphs, in order.
pub(crate) fn names(pipeline: &Pipeline) -> Vec<(String, String)> {
    pipeline.graphs.iter().flat_map(|graph| graph.nodes.iter().map(|node| (graph.name.clone(), node.name.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Desk, Gauge};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    fn gauge() -> Gauge {
        let names = (0..2).map(|node| ("graph".to_owned(), node.to_string())).collect();
        Gauge { origin: Instant::now(), names, lanes: (0..2).map(|_| Desk::new(2)).collect() }
    }

    #[test]
    fn calls_are_seen_while_they_last_and_counted_when_they_end() {
        let gauge = gauge();
        assert_eq!(gauge.calls(), []);
        let begin = Instant::now();
        gauge.begin(1, 0, &[3, 1, 4, 1, 5], begin);
        std::thread::sleep(Duration::from_millis(2));
        let calls = gauge.calls();
        assert_eq!((calls.len(), calls[0].lane, calls[0].node.as_str(), &calls[0].item[..]), (1, 1, "0", &[3, 1, 4, 1][..]));
        assert!(calls[0].elapsed >= Duration::from_millis(2) && calls[0].elapsed <= begin.elapsed());
        gauge.end(1, 0, 2_000_000);
        gauge.end(0, 0, 500_000);
        gauge.rest(1);
        assert_eq!(gauge.calls(), []);
        let times: Vec<(u64, f64)> = gauge.times().values().map(|time| (time.calls, time.total_ms)).collect();
        assert_eq!(times, [(2, 2.5), (0, 0.0)]);
    }

    #[test]
    fn nobody_sees_a_node_with_the_item_of_another() {
        let (gauge, over) = (Arc::new(gauge()), Arc::new(AtomicBool::new(false)));
        let (writer, stop) = (Arc::clone(&gauge), Arc::clone(&over));
        let lane = std::thread::spawn(move || {
            let mut call = 0;
            while !stop.load(Ordering::Relaxed) {
                call += 1;
                writer.begin(0, call % 2, &[call as u64 % 2; 3], Instant::now());
            }
        });
        let mut seen = [0_u64; 2];
        while seen.iter().any(|count| *count < 100) {
            for call in gauge.calls() {
                let index: usize = call.node.parse().unwrap();
                assert_eq!(call.item, [index as u64; 3]);
                seen[index] += 1;
            }
        }
        over.store(true, Ordering::Relaxed);
        lane.join().unwrap();
    }
}
