//! A trace in Chrome's format, which Perfetto opens: one track a lane, one span a call, written as the run goes.

use super::stats::Span;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

/// An open trace. It is valid JSON once it is closed, also when the run was cut short.
pub(crate) struct Trace {
    file: BufWriter<File>,
    began: Instant,
    first: bool,
    /// The first error; nothing is written after it.
    error: Option<std::io::Error>,
    names: Vec<(String, String)>,
}

impl Trace {
    /// `tracks` names the lanes, `names` graph and node of all nodes.
    pub fn create(path: &Path, began: Instant, tracks: &[String], names: Vec<(String, String)>) -> std::io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
        let mut trace = Self { file, began, first: true, error: None, names };
        trace.put(&json!({ "ph": "M", "name": "process_name", "pid": 1, "args": { "name": "voxloom" } }));
        for (lane, name) in tracks.iter().enumerate() {
            trace.put(&json!({ "ph": "M", "name": "thread_name", "pid": 1, "tid": lane, "args": { "name": name } }));
            trace.put(&json!({ "ph": "M", "name": "thread_sort_index", "pid": 1, "tid": lane, "args": { "sort_index": lane } }));
        }
        Ok(trace)
    }

    pub fn spans(&mut self, lane: usize, spans: &[Span]) {
        for span in spans {
            let (graph, node) = &self.names[span.node];
            let event = json!({
                "ph": "X", "name": node, "cat": graph, "pid": 1, "tid": lane,
                "ts": micros(span.begin.duration_since(self.began)), "dur": micros(span.end.duration_since(span.begin)),
                "args": { "item": &*span.item, "call": span.what.name() },
            });
            self.put(&event);
        }
    }

    fn put(&mut self, event: &serde_json::Value) {
        if self.error.is_none() {
            let comma = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
            self.error = write!(self.file, "{comma}{event}").err();
        }
    }

    /// Writes the end.
    ///
    /// # Errors
    /// The first error of any write.
    pub fn close(mut self) -> std::io::Result<()> {
        match self.error.take() {
            Some(error) => Err(error),
            None => {
                self.file.write_all(b"\n]}\n")?;
                self.file.flush()
            }
        }
    }
}

fn micros(duration: std::time::Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}
