//! What can be wrong with a picture, said so that the reader knows what to do next.

use std::collections::TryReserveError;
use std::fmt;
use std::path::{Path, PathBuf};

/// A fault with the file it was found in.
#[derive(Debug)]
pub struct Error {
    pub path: PathBuf,
    pub fault: Fault,
}

impl Error {
    /// Names the file of a fault.
    pub fn at(path: &Path, fault: Fault) -> Self {
        Self { path: path.to_owned(), fault }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.fault)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

/// Why a picture is not read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The system refused.
    Io(std::io::Error),
    /// The bytes are something else.
    Foreign(String),
    /// The bytes contradict the format, or end too early.
    Damaged(String),
    /// Legal PNG whose samples would have to be guessed.
    Unsupported { what: String, remedy: &'static str },
    /// More memory than the machine gives.
    TooLarge { bytes: u64, error: TryReserveError },
    /// The values do not fit into a PNG.
    Misfit(String),
    /// What was read back is not what was written.
    ReadBack(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read or written: {error}"),
            Self::Foreign(what) => write!(f, "{what}; give a PNG file, or name it by what it is"),
            Self::Damaged(what) => write!(f, "damaged PNG: {what}; copy or download the file again"),
            Self::Unsupported { what, remedy } => write!(f, "{what}; {remedy}"),
            Self::TooLarge { bytes, .. } => write!(f, "needs {bytes} bytes of memory, which this machine does not give"),
            Self::Misfit(what) => write!(f, "not written: {what}"),
            Self::ReadBack(what) => write!(f, "removed again, because it did not read back as it was written: {what}"),
        }
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::TooLarge { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<png::DecodingError> for Fault {
    fn from(error: png::DecodingError) -> Self {
        match error {
            png::DecodingError::LimitsExceeded => {
                Self::Damaged("a chunk or a row of it needs more memory than a picture does".into())
            }
            other => Self::Damaged(other.to_string()),
        }
    }
}
