//! Standard output and standard error: results on the one, talk on the other.

use crate::arguments::{Global, LogLevel};
use indicatif::MultiProgress;
use std::io::{ErrorKind, IsTerminal, Write};

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
}

impl Talk {
    pub fn new(global: &Global) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bars = (terminal && !global.quiet).then(MultiProgress::new);
        let level = if global.quiet { LogLevel::Error } else { global.log_level };
        Self { level, bars }
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
        if !self.shows(level) {
            return;
        }
        let write = || {
            // Nobody is left to be told when standard error is gone.
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        };
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}
