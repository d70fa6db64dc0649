//! One line an input on standard error, for people or for programs.

use super::arguments::LogFormat;
use crate::arguments::LogLevel;
use crate::talk::Talk;
use serde_json::{Value as Json, json};
use std::time::SystemTime;
use voxloom_watch::notice::{Notice, Observer};

/// Writes what the watcher tells.
pub struct Log {
    talk: Talk,
    format: LogFormat,
}

impl Log {
    pub fn new(talk: Talk, format: LogFormat) -> Self {
        Self { talk, format }
    }

    /// A line of a node about an input.
    pub fn node(&self, level: LogLevel, input: &str, node: &str, text: &str) {
        let json = json!({ "event": "node", "input": input, "node": node, "text": text });
        self.line(level, &format!("{input}: {node}: {text}"), json);
    }

    /// An input that needs no work.
    pub fn passed_over(&self, input: &str, reason: &str) {
        let json = json!({ "event": "passed_over", "input": input, "text": reason });
        self.line(LogLevel::Info, &format!("passed over {input}: {reason}"), json);
    }

    fn line(&self, level: LogLevel, text: &str, mut json: Json) {
        if !self.talk.shows(level) {
            return;
        }
        let at = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        match self.format {
            LogFormat::Text => self.talk.line(level, &format!("{at} {text}")),
            LogFormat::Json => {
                let name = match level {
                    LogLevel::Error => "error",
                    LogLevel::Warn => "warning",
                    LogLevel::Info => "info",
                    LogLevel::Debug => "debug",
                };
                json["at"] = at.into();
                json["level"] = name.into();
                self.talk.line(level, &json.to_string());
            }
        }
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
            format!("started {name}, attempt {attempt}"),
            json!({ "event": "started", "input": name, "attempt": attempt, "bytes": bytes, "waited_s": waited.as_secs_f64() }),
        ),
        Notice::Done { name, attempt, elapsed, result } => (
            LogLevel::Info,
            format!("done {name} in {:.2} s, attempt {attempt}", elapsed.as_secs_f64()),
            json!({ "event": "done", "input": name, "attempt": attempt, "elapsed_s": elapsed.as_secs_f64(), "result": result.to_string_lossy() }),
        ),
        Notice::Same { name, same_as, result } => (
            LogLevel::Info,
            match name == same_as {
                true => format!("known {name}: the result is there"),
                false => format!("known {name}: the result is there, of {same_as}"),
            },
            json!({ "event": "known", "input": name, "same_as": same_as, "result": result.to_string_lossy() }),
        ),
        Notice::Again { name, attempt, failure, pause } => (
            LogLevel::Warn,
            format!("failed {name}, attempt {attempt}, again in {:.0} s: {}", pause.as_secs_f64(), place(failure)),
            json!({ "event": "again", "input": name, "attempt": attempt, "pause_s": pause.as_secs_f64(), "kind": failure.kind.name(), "node": failure.place, "message": failure.message }),
        ),
        Notice::Failed { name, attempt, failure, moved } => (
            LogLevel::Error,
            format!("failed {name}, set aside after attempt {attempt}: {}", place(failure)),
            json!({ "event": "failed", "input": name, "attempt": attempt, "kind": failure.kind.name(), "node": failure.place, "message": failure.message, "moved": moved.map(|path| path.to_string_lossy()) }),
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

fn place(failure: &voxloom_watch::job::Failure) -> String {
    match &failure.place {
        Some(node) => format!("node `{node}`: {}", failure.message),
        None => failure.message.clone(),
    }
}
