//! Why a call failed, how far the failure reaches, and whether another try may go well.

use crate::cause::cause;
use crate::kind::kind_of_error;
use std::fmt;
use voxloom_abi::{Kind, Status, status};

/// Result of an author's function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure with its reach (one item, the parameters, or the whole run) and its kind (whether another try may go well).
///
/// Made by `?` from an error of the file system, of memory or of libtorch, it has the kind of that error, also where other errors stand
/// around it. Like `anyhow::Error` it is made from any error by `?`, and therefore is none itself.
pub struct Error {
    /// Without the kind.
    status: Status,
    kind: Kind,
    param: String,
    message: String,
}

impl Error {
    /// This item failed; others go on.
    pub fn item(message: impl fmt::Display) -> Self {
        Self::new(status::FAILED, message)
    }

    /// This item failed, because something besides its data is not to be had now: a server, a share, a device.
    pub fn unavailable(message: impl fmt::Display) -> Self {
        Self::item(message).of_kind(Kind::Unavailable)
    }

    /// A parameter, named by its path (`spacing_mm[2]`), has a value that it must not have.
    pub fn param(path: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { param: path.into(), ..Self::new(status::INVALID, message) }
    }

    /// The run must stop.
    pub fn fatal(message: impl fmt::Display) -> Self {
        Self::new(status::FATAL, message)
    }

    /// The call saw that it was cancelled.
    pub fn cancelled() -> Self {
        Self::new(status::CANCELLED, "cancelled")
    }

    fn new(status: Status, message: impl fmt::Display) -> Self {
        Self { status, kind: Kind::Other, param: String::new(), message: message.to_string() }
    }

    /// The number that crosses the border.
    pub fn status(&self) -> Status {
        self.kind.within(self.status)
    }

    /// Whether another try may go well.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The same failure, of another kind.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The same failure, as one that stops the run.
    #[must_use]
    pub fn into_fatal(self) -> Self {
        Self { status: status::FATAL, ..self }
    }

    /// The same failure, as one of the parameter that it comes from: a file that it names, for example.
    #[must_use]
    pub fn into_param(self, path: impl Into<String>) -> Self {
        Self::param(path, &self).of_kind(self.kind)
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

impl<E: std::error::Error + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        let kind = kind_of_error(&error);
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
        Self::item(message).of_kind(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// What an error of a library looks like that has a file's error inside.
    #[derive(Debug)]
    struct Outer(io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the header is not read")
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    /// EIO, whose words libraries change.
    fn disk() -> io::Error {
        io::Error::from_raw_os_error(5)
    }

    #[test]
    fn an_error_of_the_system_brings_its_kind_and_keeps_it() {
        let error = Error::from(Outer(disk())).context("case a");
        assert_eq!(error.to_string(), format!("case a: the header is not read: {}", disk()));
        assert_eq!(error.status(), Kind::Unavailable.within(status::FAILED));
        assert_eq!(error.into_fatal().status(), Kind::Unavailable.within(status::FATAL));
        let param = Error::from(disk()).into_param("path").within("source");
        assert_eq!((param.status(), param.param_path()), (Kind::Unavailable.within(status::INVALID), "source.path"));
        assert_eq!(param.message(), disk().to_string());
    }

    #[test]
    fn words_make_no_kind() {
        let full = io::Error::new(io::ErrorKind::InvalidData, "No space left on device (os error 28)");
        assert_eq!(Error::from(full).kind(), Kind::Other);
        assert_eq!(Error::item("out of memory").kind(), Kind::Other);
        assert_eq!(Error::unavailable("the server does not answer").status(), Kind::Unavailable.within(status::FAILED));
    }
}
