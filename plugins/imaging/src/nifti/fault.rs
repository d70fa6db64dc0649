//! What can be wrong with a file, said so that the reader knows what to do next.

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

/// Why a file is not read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The system refused.
    Io(std::io::Error),
    /// The compressed stream is broken or cut.
    Gzip(std::io::Error),
    /// The bytes are something else; `remedy` tells how to convert it.
    Foreign { what: String, remedy: &'static str },
    /// A field contradicts the format.
    Damaged(String),
    /// Legal NIfTI that is not one scalar volume.
    Unsupported { what: String, remedy: &'static str },
    /// Fewer voxel bytes than the header promises.
    Short { expected: u64, found: u64 },
    /// More bytes than the header promises.
    Trailing { expected: u64, found: u64 },
    /// The other half of a `.hdr`/`.img` pair is not there.
    NoPartner { looked_for: String },
    /// More memory than the machine gives.
    TooLarge { bytes: u64, error: TryReserveError },
    /// The geometry of a result is not that of the header it should carry.
    Mismatch(String),
    /// What was read back is not what was written.
    ReadBack(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read or written: {error}"),
            Self::Gzip(error) => write!(f, "the gzip stream is broken: {error}; copy or download the file again"),
            Self::Foreign { what, remedy } => write!(f, "{what}; {remedy}"),
            Self::Damaged(what) => write!(f, "damaged header: {what}"),
            Self::Unsupported { what, remedy } => write!(f, "{what}; {remedy}"),
            Self::Short { expected, found } => {
                write!(
                    f,
                    "the header promises {expected} bytes of voxels, found {found}; the file was cut: copy or download it again"
                )
            }
            Self::Trailing { expected, found } => {
                write!(
                    f,
                    "the header promises {expected} bytes of voxels, found {found}; the header does not belong to these voxels"
                )
            }
            Self::NoPartner { looked_for } => write!(f, "half of a .hdr/.img pair: {looked_for} is not beside it"),
            Self::TooLarge { bytes, .. } => write!(f, "needs {bytes} bytes of memory, which this machine does not give"),
            Self::Mismatch(what) => write!(f, "not written: {what}"),
            Self::ReadBack(what) => write!(f, "removed again, because it did not read back as it was written: {what}"),
        }
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) | Self::Gzip(error) => Some(error),
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
