//! Why a call failed, and how far the failure reaches.

use crate::cause::cause;
use std::fmt;
use voxloom_abi::{Status, status};

/// Result of an author's function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure with its reach: one item, the parameters, or the whole run.
///
/// Like `anyhow::Error` it is made from any error by `?`, and therefore is none itself.
pub struct Error {
    status: Status,
    param: String,
    message: String,
}

impl Error {
    /// This item failed; others go on.
    pub fn item(message: impl fmt::Display) -> Self {
        Self { status: status::FAILED, param: String::new(), message: message.to_string() }
    }

    /// A parameter, named by its path (`spacing_mm[2]`), has a value that it must not have.
    pub fn param(path: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { status: status::INVALID, param: path.into(), message: message.to_string() }
    }

    /// The run must stop.
    pub fn fatal(message: impl fmt::Display) -> Self {
        Self { status: status::FATAL, param: String::new(), message: message.to_string() }
    }

    /// The call saw that it was cancelled.
    pub fn cancelled() -> Self {
        Self { status: status::CANCELLED, param: String::new(), message: "cancelled".into() }
    }

    /// The number that crosses the border.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Path of the parameter at fault; empty where none is.
    pub fn param_path(&self) -> &str {
        &self.param
    }

    /// The message without the parameter's path.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Puts the parameter inside an outer one: `[2]` within `spacing_mm` is `spacing_mm[2]`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        self.param = match self.param.as_str() {
            "" => outer.to_owned(),
            inner if inner.starts_with('[') => format!("{outer}{inner}"),
            inner => format!("{outer}.{inner}"),
        };
        self
    }

    /// Puts words in front of the message: `reading case_003.nii.gz: …`.
    #[must_use]
    pub fn context(mut self, words: impl fmt::Display) -> Self {
        self.message = format!("{words}: {}", self.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.param.is_empty() { f.write_str(&self.message) } else { write!(f, "{} {}", self.param, self.message) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}: {self}", self.status)
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut message = cause(&error.to_string()).to_owned();
        let mut source = error.source();
        while let Some(inner) = source {
            let text = inner.to_string();
            let text = cause(&text);
            if !message.contains(text) {
                message = format!("{message}: {text}");
            }
            source = inner.source();
        }
        Self::item(message)
    }
}
