//! Runs a line operator along one axis of a row-major array, sixteen lines side by side.

use super::{AxisOperator, Real, spline};

/// Lines that are worked on together: one cache line of float32.
const W: usize = 16;

/// Applies `operator` along the middle axis of `[outer, n, inner]`.
///
/// The result does not depend on `threads`: every line is computed alone.
pub(super) fn apply<T: Real>(input: &[T], [outer, n, inner]: [usize; 3], operator: &AxisOperator<T>, threads: usize) -> Vec<T> {
    debug_assert_eq!(input.len(), outer * n * inner);
    debug_assert_eq!(n, operator.n_in);
    let m = operator.n_out();
    let mut output = vec![T::ZERO; outer * m * inner];
    if output.is_empty() {
        return output;
    }
    let threads = threads.max(1);
    if inner == 1 {
        let share = outer.div_ceil(threads).next_multiple_of(W);
        in_parallel(input.chunks(share * n).zip(output.chunks_mut(share * m)), |(input, output)| {
            along_rows(input, output, operator);
        });
    } else if threads == 1 || outer >= 2 * threads {
        let share = outer.div_ceil(threads);
        in_parallel(input.chunks(share * n * inner).zip(output.chunks_mut(share * m * inner)), |(input, output)| {
            let mut strip = Strip::new(operator);
            for (input, output) in input.chunks(n * inner).zip(output.chunks_mut(m * inner)) {
                let mut rows: Vec<&mut [T]> = output.chunks_mut(inner).collect();
                along_columns(input, inner, 0, &mut rows, &mut strip, operator);
            }
        });
    } else {
        let share = inner.div_ceil(threads).next_multiple_of(W);
        for (input, output) in input.chunks(n * inner).zip(output.chunks_mut(m * inner)) {
            let mut parts: Vec<Vec<&mut [T]>> = (0..inner.div_ceil(share)).map(|_| Vec::with_capacity(m)).collect();
            for row in output.chunks_mut(inner) {
                parts.iter_mut().zip(row.chunks_mut(share)).for_each(|(part, piece)| part.push(piece));
            }
            in_parallel(parts.into_iter().enumerate(), |(k, mut rows)| {
                along_columns(input, inner, k * share, &mut rows, &mut Strip::new(operator), operator);
            });
        }
    }
    output
}

/// Calls `work` on every job; the first runs here, each other one on a thread of its own.
pub(crate) fn in_parallel<J: Send>(jobs: impl Iterator<Item = J>, work: impl Fn(J) + Sync) {
    std::thread::scope(|scope| {
        let mut jobs = jobs;
        let first = jobs.next();
        for job in jobs {
            let work = &work;
            scope.spawn(move || work(job));
        }
        first.into_iter().for_each(&work);
    });
}

/// Lines of one strip: loaded samples (with borders and the constant) and results.
struct Strip<T> {
    line: Vec<[T; W]>,
    out: Vec<[T; W]>,
}

impl<T: Real> Strip<T> {
    fn new(operator: &AxisOperator<T>) -> Self {
        let loaded = operator.n_in + 2 * operator.pad;
        let mut line = vec![[T::ZERO; W]; loaded + 1];
        line[loaded] = [T::from_f64(operator.border.fill()); W];
        Self { line, out: vec![[T::ZERO; W]; operator.n_out()] }
    }

    /// Everything between load and store.
    fn work(&mut self, operator: &AxisOperator<T>) {
        let (pad, n) = (operator.pad, operator.n_in);
        let fill = self.line[n + 2 * pad];
        for i in 0..pad {
            let below = operator.border.fold(i as i64 - pad as i64, n).map_or(fill, |i| self.line[pad + i]);
            let above = operator.border.fold((n + i) as i64, n).map_or(fill, |i| self.line[pad + i]);
            self.line[i] = below;
            self.line[pad + n + i] = above;
        }
        if let Some(symmetry) = operator.prefilter {
            spline::prefilter(&mut self.line[..n + 2 * pad], symmetry);
        }
        let taps = operator.index.chunks_exact(operator.per).zip(operator.weight.chunks_exact(operator.per));
        for (out, (index, weight)) in self.out.iter_mut().zip(taps) {
            let mut sum = [T::ZERO; W];
            for (&row, &weight) in index.iter().zip(weight) {
                let row = &self.line[row as usize];
                for lane in 0..W {
                    sum[lane] = sum[lane] + weight * row[lane];
                }
            }
            *out = sum;
        }
    }
}

fn along_columns<T: Real>(
    input: &[T],
    inner: usize,
    first: usize,
    rows: &mut [&mut [T]],
    strip: &mut Strip<T>,
    operator: &AxisOperator<T>,
) {
    let width = rows[0].len();
    for column in (0..width).step_by(W) {
        let lanes = W.min(width - column);
        let samples = &mut strip.line[operator.pad..operator.pad + operator.n_in];
        for (line, row) in samples.iter_mut().zip(input.chunks_exact(inner)) {
            line[..lanes].copy_from_slice(&row[first + column..first + column + lanes]);
        }
        strip.work(operator);
        for (row, out) in rows.iter_mut().zip(&strip.out) {
            row[column..column + lanes].copy_from_slice(&out[..lanes]);
        }
    }
}

fn along_rows<T: Real>(input: &[T], output: &mut [T], operator: &AxisOperator<T>) {
    let (n, m) = (operator.n_in, operator.n_out());
    let mut strip = Strip::new(operator);
    for (input, output) in input.chunks(W * n).zip(output.chunks_mut(W * m)) {
        let samples = &mut strip.line[operator.pad..operator.pad + n];
        for (lane, row) in input.chunks_exact(n).enumerate() {
            samples.iter_mut().zip(row).for_each(|(line, &value)| line[lane] = value);
        }
        strip.work(operator);
        for (lane, row) in output.chunks_exact_mut(m).enumerate() {
            row.iter_mut().zip(&strip.out).for_each(|(value, out)| *value = out[lane]);
        }
    }
}
