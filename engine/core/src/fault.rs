//! What a check finds: one fault a line, with its place and how to mend it.

use crate::graph::Position;
use serde_json::{Value as Json, json};
use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong with a pipeline file or with an override.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    pub severity: Severity,
    pub place: Place,
    /// ``node `grid` (imaging.resample)``; empty where the fault concerns the file as a whole.
    pub about: String,
    /// What was found and what was expected; lower case, no full stop.
    pub message: String,
    /// How to mend it, one sentence each.
    pub hints: Vec<String>,
}

/// Whether a pipeline with the fault may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// Where a fault lies. Faults are reported in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An override, as it was given: `key=value`.
    Override(String),
    /// A file as a whole.
    File(PathBuf),
    /// A line and column of a file.
    Text(PathBuf, Position),
}

/// Every fault of one file, by place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    file: PathBuf,
    list: Vec<Fault>,
}

impl Fault {
    /// Adds a hint.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a hint if there is one.
    pub(crate) fn hint_if(&mut self, hint: Option<String>) -> &mut Self {
        self.hints.extend(hint);
        self
    }

    /// The fault for programs: `severity`, `file`, `line`, `column`, `override`, `about`, `message`, `hints`; keys that do
    /// not apply are absent.
    pub fn json(&self) -> Json {
        let mut fault = json!({ "severity": self.severity.name() });
        match &self.place {
            Place::Override(text) => fault["override"] = json!(text),
            Place::File(file) => fault["file"] = json!(file.to_string_lossy()),
            Place::Text(file, at) => {
                fault["file"] = json!(file.to_string_lossy());
                fault["line"] = json!(at.line);
                fault["column"] = json!(at.column);
            }
        }
        if !self.about.is_empty() {
            fault["about"] = json!(self.about);
        }
        fault["message"] = json!(self.message);
        fault["hints"] = json!(self.hints);
        fault
    }
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Faults {
    pub(crate) fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), list: Vec::new() }
    }

    pub(crate) fn error(&mut self, at: Position, about: &str, message: impl Into<String>) -> &mut Fault {
        let place = Place::Text(self.file.clone(), at);
        self.push(Severity::Error, place, about, message.into())
    }

    pub(crate) fn warning(&mut self, at: Position, about: &str, message: impl Into<String>) -> &mut Fault {
        let place = Place::Text(self.file.clone(), at);
        self.push(Severity::Warning, place, about, message.into())
    }

    pub(crate) fn file_error(&mut self, message: impl Into<String>) -> &mut Fault {
        let place = Place::File(self.file.clone());
        self.push(Severity::Error, place, "", message.into())
    }

    pub(crate) fn override_error(&mut self, text: &str, message: impl Into<String>) -> &mut Fault {
        self.push(Severity::Error, Place::Override(text.to_owned()), "", message.into())
    }

    fn push(&mut self, severity: Severity, place: Place, about: &str, message: String) -> &mut Fault {
        self.list.push(Fault { severity, place, about: about.to_owned(), message, hints: Vec::new() });
        self.list.last_mut().expect("a fault was pushed just now")
    }

    /// The faults, by place.
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// Number of faults that keep the pipeline from running.
    pub fn n_errors(&self) -> usize {
        self.list.iter().filter(|fault| fault.severity == Severity::Error).count()
    }

    /// Puts the faults in the order of the file; those of one place stay in the order in which they were found.
    pub(crate) fn sorted(mut self) -> Self {
        self.list.sort_by(|a, b| a.place.cmp(&b.place));
        self
    }

    pub(crate) fn into_list(self) -> Vec<Fault> {
        self.list
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.severity.name())?;
        match &self.place {
            Place::Override(text) => write!(f, "--set {text}: ")?,
            Place::File(file) => write!(f, "{}: ", file.display())?,
            Place::Text(file, at) => write!(f, "{}:{}:{}: ", file.display(), at.line, at.column)?,
        }
        if !self.about.is_empty() {
            write!(f, "{}: ", self.about)?;
        }
        f.write_str(&self.message)?;
        self.hints.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.list.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
impl std::error::Error for Faults {}
