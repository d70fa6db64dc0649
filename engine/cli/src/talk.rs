//! Standard output and standard error: results on the one, talk on the other.

use crate::arguments::{Global, LogLevel};
use indicatif::MultiProgress;
use serde_json::{Value as Json, json};
use std::io::{ErrorKind, IsTerminal, Write};
use std::time::SystemTime;

/// Prints a result. A reader that went away (`| head`) is no fault: the rest is dropped.
///
/// # Errors
/// Standard output cannot be written for any other reason, such as a full disk.
pub fn result(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written =
        stdout.write_all(text.as_bytes()).and_then(|()| if text.ends_with('\n') { Ok(()) } else { stdout.write_all(b"\n") });
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Everything that is said on standard error. Bars and lines share it without tearing each other.
#[derive(Clone)]
pub struct Talk {
    level: LogLevel,
    bars: Option<MultiProgress>,
    as_json: bool,
}

impl Talk {
    pub fn new(global: &Global) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bars = (terminal && !global.quiet).then(MultiProgress::new);
        let level = if global.quiet { LogLevel::Error } else { global.log_level };
        Self { level, bars, as_json: false }
    }

    /// The same for programs: every line is a JSON object.
    #[must_use]
    pub fn as_json(&self) -> Self {
        Self { as_json: true, ..self.clone() }
    }

    /// Where bars are drawn; `None` where standard error is no terminal or the program was asked to be quiet.
    pub fn bars(&self) -> Option<&MultiProgress> {
        self.bars.as_ref()
    }

    /// True where a line of this level is shown.
    pub fn shows(&self, level: LogLevel) -> bool {
        level <= self.level
    }

    pub fn error(&self, text: &str) {
        self.line(LogLevel::Error, &format!("error: {text}"));
    }

    pub fn warn(&self, text: &str) {
        self.line(LogLevel::Warn, &format!("warning: {text}"));
    }

    pub fn info(&self, text: &str) {
        self.line(LogLevel::Info, text);
    }

    /// What is said however quiet the program should be.
    pub fn plain(&self, text: &str) {
        self.line(LogLevel::Error, text);
    }

    /// One line as it is, if its level is shown.
    pub fn line(&self, level: LogLevel, text: &str) {
        self.event(level, text, || json!({ "event": "said", "text": text }));
    }

    /// Something that happened, if its level is shown: a line for people, or for programs an object, to which time and level
    /// are added.
    pub fn event(&self, level: LogLevel, text: &str, object: impl FnOnce() -> Json) {
        if !self.shows(level) {
            return;
        }
        let line = if self.as_json {
            let mut object = object();
            object["at"] = now().into();
            object["level"] = level.name().into();
            object.to_string()
        } else {
            text.to_owned()
        };
        let write = || {
            // Nobody is left to be told when standard error is gone.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        };
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

/// An error and its causes; what an error says of its cause already is not said again.
pub fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, text| match told.as_str() {
        "" => text,
        known if known.contains(&text) => told,
        known => format!("{known}: {text}"),
    })
}

/// The time in UTC, to the millisecond.
pub fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
