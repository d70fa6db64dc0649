//! Finished planes of scores brought to the input's grid and reduced to labels, plane by plane.

use super::Rule;
use crate::resample::{Alignment, AxisMap, in_parallel};

/// Rows of a plane that are worked on together, so that one class's rows stay in the cache.
const BLOCK: usize = 16;

/// An integer that a label map can hold.
pub trait Label: Copy + Send + Sync {
    /// The label; the caller has checked that it fits.
    fn of(label: i32) -> Self;
}

macro_rules! label {
    ($($type:ty)*) => { $(impl Label for $type { fn of(label: i32) -> Self { label as Self } })* };
}
label!(u8 i16 i32);

/// Paints a label map from planes of scores that arrive in order.
///
/// Scores between voxels are linear along all three axes; a target voxel outside of the scores' grid (by more than half a
/// voxel) gets 0.
pub struct Painter<L> {
    source: [usize; 3],
    alignment: Alignment,
    rule: Rule,
    threads: usize,
    taps: [Vec<Tap>; 3],
    /// Target planes ordered by the last source plane that each needs.
    order: Vec<usize>,
    next: usize,
    previous: Vec<f32>,
    plane: Vec<i32>,
    labels: Vec<L>,
}

/// A target voxel between two source voxels of one axis.
#[derive(Clone, Copy)]
struct Tap {
    inside: bool,
    below: usize,
    above: usize,
    t: f32,
}

impl<L: Label> Painter<L> {
    /// `source`: shape of the scores' grid; `alignment`: the target's grid on it.
    pub fn new(source: [usize; 3], alignment: Alignment, rule: Rule, threads: usize) -> Self {
        let taps: [Vec<Tap>; 3] = std::array::from_fn(|axis| taps(&alignment.maps[axis], source[axis]));
        let mut order: Vec<usize> = (0..taps[0].len()).filter(|&i| taps[0][i].inside).collect();
        order.sort_by_key(|&i| taps[0][i].above);
        let plane = vec![0; taps[1].len() * taps[2].len()];
        let labels = vec![L::of(0); taps.iter().map(Vec::len).product()];
        Self { source, alignment, rule, threads, taps, order, next: 0, previous: Vec::new(), plane, labels }
    }

    /// Takes source plane `z`, `[channels, H, W]`; may keep the buffer and leave the one before in its place.
    pub fn plane(&mut self, z: usize, scores: &mut Vec<f32>) {
        while let Some(&target) = self.order.get(self.next).filter(|&&target| self.taps[0][target].above == z) {
            self.next += 1;
            self.paint(target, scores, z);
        }
        std::mem::swap(&mut self.previous, scores);
    }

    /// The label map in the target's axes.
    pub fn finish(self) -> Vec<L> {
        self.labels
    }

    fn paint(&mut self, target: usize, scores: &[f32], z: usize) {
        let tap = self.taps[0][target];
        let below = if tap.below == z { scores } else { &self.previous };
        let pair = Pair { below, above: scores, t: tap.t };
        let width = self.taps[2].len();
        let share = self.taps[1].len().div_ceil(self.threads.max(1)).next_multiple_of(BLOCK);
        let (source, rule, taps) = (self.source, &self.rule, &self.taps);
        in_parallel(self.plane.chunks_mut(share * width).enumerate(), |(part, labels)| {
            let mut scratch = Scratch::default();
            for (block, labels) in labels.chunks_mut(BLOCK * width).enumerate() {
                let first = part * share + block * BLOCK;
                let rows = &taps[1][first..first + labels.len() / width];
                scratch.block(&pair, source, rows, &taps[2], rule, labels);
            }
        });
        let strides = self.alignment.target_strides();
        for ((b, row), y) in self.plane.chunks_exact(width).enumerate().zip(&self.taps[1]) {
            if !y.inside {
                continue;
            }
            let start = target * strides[0] + b * strides[1];
            for ((c, &label), x) in row.iter().enumerate().zip(&self.taps[2]) {
                if x.inside {
                    self.labels[start + c * strides[2]] = L::of(label);
                }
            }
        }
    }
}

/// Two neighbouring planes of scores and the place between them.
struct Pair<'a> {
    below: &'a [f32],
    above: &'a [f32],
    t: f32,
}

#[derive(Default)]
struct Scratch {
    line: Vec<f32>,
    rows: Vec<f32>,
    best: Vec<f32>,
}

impl Scratch {
    /// Labels of a few target rows: per step, source rows at the target's width first, then lines between those.
    fn block(&mut self, pair: &Pair, [_, h, w]: [usize; 3], y: &[Tap], x: &[Tap], rule: &Rule, labels: &mut [i32]) {
        let (Some(low), Some(high)) = (y.iter().map(|tap| tap.below).min(), y.iter().map(|tap| tap.above).max()) else { return };
        let width = x.len();
        // Nothing to find between source voxels along x.
        let whole = width == w && x.iter().enumerate().all(|(i, tap)| tap.below == i && tap.t == 0.0);
        self.line.resize(w, 0.0);
        self.rows.resize((high - low + 1) * width, 0.0);
        self.best.resize(labels.len(), 0.0);
        for step in 0..rule.n_steps() {
            for (row, source) in self.rows.chunks_exact_mut(width).zip(low..=high) {
                let start = (rule.channel(step) * h + source) * w;
                let (below, above) = (&pair.below[start..start + w], &pair.above[start..start + w]);
                let line = if whole { &mut *row } else { &mut self.line[..] };
                for ((value, below), above) in line.iter_mut().zip(below).zip(above) {
                    *value = (1.0 - pair.t) * below + pair.t * above;
                }
                if !whole {
                    for (value, tap) in row.iter_mut().zip(x) {
                        *value = (1.0 - tap.t) * self.line[tap.below] + tap.t * self.line[tap.above];
                    }
                }
            }
            let targets = self.best.chunks_exact_mut(width).zip(labels.chunks_exact_mut(width));
            for ((best, labels), tap) in targets.zip(y) {
                let below = &self.rows[(tap.below - low) * width..][..width];
                let above = &self.rows[(tap.above - low) * width..][..width];
                let scores = below.iter().zip(above).map(|(below, above)| (1.0 - tap.t) * below + tap.t * above);
                rule.take(step, scores, best, labels);
            }
        }
    }
}

fn taps(map: &AxisMap, n: usize) -> Vec<Tap> {
    (0..map.n)
        .map(|i| {
            let coordinate = map.at(i);
            let inside = (-0.5..=n as f64 - 0.5).contains(&coordinate);
            let clamped = coordinate.clamp(0.0, (n - 1) as f64);
            let below = clamped.floor() as usize;
            let t = (clamped - below as f64) as f32;
            Tap { inside, below, above: if t > 0.0 { below + 1 } else { below }, t }
        })
        .collect()
}
