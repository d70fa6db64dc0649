//! One call for several siblings.

use super::{Worker, keep, nanos};
use crate::run::fault::{Fault, FaultStatus};
use crate::run::plan::Feed;
use crate::run::state::{Job, Path, Stage};
use crate::run::stats::What;
use crate::run::value::{self, Value};
use std::sync::Arc;
use std::time::Instant;
use voxloom_abi::{Kind, Value as Raw};

impl Worker {
    /// One call for `n` siblings; each alone where that fails and nothing was written.
    pub(super) fn batch(&mut self, stage: &Stage, job: &Job, node: usize, n: usize) -> Vec<Result<Vec<Value>, Fault>> {
        let begin = Instant::now();
        let together = self.together(stage, job, node, n);
        self.times_total(stage, node, begin);
        let writes = stage.plan.units[job.unit].modules.iter().any(|(_, writes)| *writes);
        match together {
            Ok(values) => {
                for (member, values) in values.iter().enumerate() {
                    let path = self.member_path(job, member);
                    keep(&mut self.kept, &stage.plan.nodes[node].kept, values, node, &path);
                }
                values.into_iter().map(Ok).collect()
            }
            Err(fault) if n > 1 && !writes && matches!(fault.status, FaultStatus::Failed | FaultStatus::Contract) => {
                (0..n).map(|member| self.alone(stage, job, node, n, member)).collect()
            }
            Err(fault) => (0..n).map(|_| Err(fault.clone())).collect(),
        }
    }

    fn together(&mut self, stage: &Stage, job: &Job, node: usize, n: usize) -> Result<Vec<Vec<Value>>, Fault> {
        let (mut values, mut joined, mut rows) = (Vec::new(), Vec::new(), None);
        let mut at = 0;
        for feed in &stage.plan.nodes[node].inputs {
            let shared = !matches!(feed, Feed::Slot { up: 0, .. });
            let from = &self.inputs.values[at..at + if shared { 1 } else { n }];
            at += from.len();
            if shared || n == 1 {
                values.push(from[0]);
                continue;
            }
            if let Some(text) = value::json_text(from[0]) {
                if from.iter().any(|other| value::json_text(*other).as_ref() != Some(&text)) {
                    return Err(Fault::failed("a batch takes one JSON for all its items, and theirs differ"));
                }
                values.push(from[0]);
                continue;
            }
            if rows.is_none() {
                rows = from.iter().map(|value| value::rows(*value)).collect::<Option<Vec<i64>>>();
            }
            let whole = Value::concat(from)?;
            values.push(whole.raw());
            joined.push(whole);
        }
        let mut out = Vec::new();
        let begin = self.delay(node, &job.path, Instant::now());
        self.begins(stage, node, &job.path, begin);
        let result = stage.tasks[node].run(&mut self.caller, &job.path, &values, &mut out);
        self.note_own(stage, node, What::Run, &job.path, begin);
        result?;
        if n == 1 {
            return Ok(vec![out]);
        }
        let rows = rows.ok_or_else(|| Fault::failed("a batch needs an input with rows"))?;
        let mut parts: Vec<Vec<Value>> = (0..n).map(|_| Vec::new()).collect();
        for value in out {
            let pieces = if value.is_json() { copies(&value, n)? } else { value.split(&rows)? };
            parts.iter_mut().zip(pieces).for_each(|(part, piece)| part.push(piece));
        }
        Ok(parts)
    }

    fn alone(&mut self, stage: &Stage, job: &Job, node: usize, n: usize, member: usize) -> Result<Vec<Value>, Fault> {
        let (mut values, mut at): (Vec<Raw>, usize) = (Vec::new(), 0);
        for feed in &stage.plan.nodes[node].inputs {
            let own = matches!(feed, Feed::Slot { up: 0, .. });
            values.push(self.inputs.values[at + if own { member } else { 0 }]);
            at += if own { n } else { 1 };
        }
        let path = self.member_path(job, member);
        let (begin, mut out) = (Instant::now(), Vec::new());
        self.begins(stage, node, &path, begin);
        let result = stage.tasks[node].run(&mut self.caller, &path, &values, &mut out);
        self.note(stage, node, What::Run, &path, begin);
        result?;
        keep(&mut self.kept, &stage.plan.nodes[node].kept, &out, node, &path);
        Ok(out)
    }

    fn note_own(&mut self, stage: &Stage, node: usize, what: What, item: &Path, begin: Instant) {
        let now = Instant::now();
        self.times[stage.first_node + node].add(nanos(now - begin), 0);
        self.span(stage, node, what, item, begin, now);
    }

    fn times_total(&mut self, stage: &Stage, node: usize, begin: Instant) {
        self.times[stage.first_node + node].total += nanos(begin.elapsed());
    }

    fn member_path(&self, job: &Job, member: usize) -> Path {
        Arc::clone(self.inputs.siblings.get(member).unwrap_or(&job.path))
    }
}

fn copies(value: &Value, n: usize) -> Result<Vec<Value>, Fault> {
    let copy = |_| value.duplicate().ok_or_else(|| Fault::failed("out of memory").of_kind(Kind::Exhausted));
    (0..n).map(copy).collect()
}
