//! One line an input on standard error, for people or for programs.

use crate::arguments::LogLevel;
use crate::talk::{Talk, now};
use serde_json::{Value as Json, json};
use std::path::Path;
use voxloom_watch::job::Failure;
use voxloom_watch::notice::{Notice, Observer};
use voxloom_watch::place::Place;
use voxloom_watch::watcher::Summary;
use voxloom_watch::words::{one_line, plain, shown};

/// Writes what the watcher tells.
pub struct Log {
    talk: Talk,
}

impl Log {
    pub fn new(talk: Talk) -> Self {
        Self { talk }
    }

    /// Everything is right, and the watcher begins.
    pub fn watching(&self, place: &Place, ledger: &Path) {
        let Place { input, output } = place;
        let text = format!("watching {}, results in {}, ledger {}", shown(input), shown(output), shown(ledger));
        let json =
            json!({ "event": "watching", "in": plain(input), "out": plain(output), "ledger": plain(ledger), "text": text });
        self.line(LogLevel::Info, &text, json);
    }

    /// The page is there.
    pub fn listening(&self, address: std::net::SocketAddr) {
        let text = format!("http://{address}");
        self.line(LogLevel::Info, &text, json!({ "event": "listening", "text": text }));
    }

    /// The last line.
    pub fn stopped(&self, summary: &Summary) {
        let Summary { done, same, passed_over, failed, left, n_incomplete, n_unseen } = *summary;
        let some = |count: u64, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
        let (passed, left_over) = (some(passed_over, "passed over"), some(left as u64, "left for the next start"));
        let incomplete = some(
            n_incomplete as u64,
            if n_incomplete == 1 { "file not known to be complete" } else { "files not known to be complete" },
        );
        let unseen = some(n_unseen as u64, "unreadable");
        let text = format!("stopped: {done} done, {same} known already{passed}, {failed} failed{left_over}{incomplete}{unseen}");
        let json = json!({
            "event": "stopped", "done": done, "known": same, "passed_over": passed_over, "failed": failed, "left": left,
            "not_complete": n_incomplete, "unseen": n_unseen, "text": text
        });
        self.line(LogLevel::Info, &text, json);
    }

    /// Why it does not begin, or does not go on.
    pub fn error(&self, text: &str) {
        self.line(LogLevel::Error, &format!("error: {text}"), json!({ "event": "error", "text": text }));
    }

    /// A line of a node about an input.
    pub fn node(&self, level: LogLevel, input: &Path, node: &str, text: &str) {
        let json = json!({ "event": "node", "input": plain(input), "node": node, "text": text });
        self.line(level, &format!("{}: {node}: {text}", shown(input)), json);
    }

    fn line(&self, level: LogLevel, text: &str, json: Json) {
        // Names and messages are of whoever fills the folder: none of them makes a line of its own.
        self.talk.event(level, &format!("{} {}", now(), one_line(text)), || json);
    }
}

impl Observer for Log {
    fn notice(&self, notice: &Notice) {
        let (level, text, json) = told(notice);
        self.line(level, &text, json);
    }
}

fn told(notice: &Notice) -> (LogLevel, String, Json) {
    match notice {
        Notice::Started { name, attempt, bytes, waited } => (
            LogLevel::Debug,
            format!("started {}, attempt {attempt}", shown(name)),
            json!({ "event": "started", "input": plain(name), "attempt": attempt, "bytes": bytes, "waited_s": waited.as_secs_f64() }),
        ),
        Notice::Done { name, attempt, elapsed, result } => (
            LogLevel::Info,
            format!("done {} in {:.2} s, attempt {attempt}{}", shown(name), elapsed.as_secs_f64(), called(name, result)),
            json!({ "event": "done", "input": plain(name), "attempt": attempt, "elapsed_s": elapsed.as_secs_f64(), "result": plain(result) }),
        ),
        Notice::PassedOver { name, reason, result } => (
            LogLevel::Info,
            format!("passed over {}: {reason}", shown(name)),
            json!({ "event": "passed_over", "input": plain(name), "text": reason, "result": plain(result) }),
        ),
        Notice::Same { name, same_as, result } => (
            LogLevel::Info,
            match name == same_as {
                true => format!("known {}: the result is there", shown(name)),
                false => format!("known {}: the result is there, of {}", shown(name), shown(same_as)),
            },
            json!({ "event": "known", "input": plain(name), "same_as": plain(same_as), "result": plain(result) }),
        ),
        Notice::Again { name, attempt, failure, pause } => (
            LogLevel::Warn,
            format!("failed {}, attempt {attempt}, again in {:.0} s: {}", shown(name), pause.as_secs_f64(), place(failure)),
            json!({ "event": "again", "input": plain(name), "attempt": attempt, "pause_s": pause.as_secs_f64(), "kind": failure.kind.name(), "node": failure.place, "message": failure.message }),
        ),
        Notice::Failed { name, attempt, failure, moved } => (
            LogLevel::Error,
            format!("failed {}, set aside after attempt {attempt}: {}", shown(name), place(failure)),
            json!({ "event": "failed", "input": plain(name), "attempt": attempt, "kind": failure.kind.name(), "node": failure.place, "message": failure.message, "moved": moved.map(plain) }),
        ),
        Notice::Paused { why } => (LogLevel::Warn, format!("paused: {why}"), json!({ "event": "paused", "text": why })),
        Notice::Resumed => (LogLevel::Warn, "goes on".into(), json!({ "event": "resumed" })),
        Notice::Reloaded => (LogLevel::Info, "the pipeline file was read again".into(), json!({ "event": "reloaded" })),
        Notice::Kept { why } => (
            LogLevel::Error,
            format!("the pipeline file is wrong now; the old one stays in use: {why}"),
            json!({ "event": "kept", "text": why }),
        ),
        Notice::Stopping { running } => {
            (LogLevel::Info, format!("stopping: {running} under way"), json!({ "event": "stopping", "running": running }))
        }
        Notice::Warning { text } => (LogLevel::Warn, format!("warning: {text}"), json!({ "event": "warning", "text": text })),
        other => (LogLevel::Debug, format!("{other:?}"), json!({ "event": "other", "text": format!("{other:?}") })),
    }
}

/// The name of a result that is not that of its input.
fn called(name: &Path, result: &Path) -> String {
    if name == result { String::new() } else { format!(", result {}", shown(result)) }
}

fn place(failure: &Failure) -> String {
    match &failure.place {
        Some(node) => format!("node `{node}`: {}", failure.message),
        None => failure.message.clone(),
    }
}
