//! What can go wrong, by cause. Texts name files and attributes, never a patient.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a file or a series is not read, or a segmentation is not written.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The system refuses.
    Io { path: PathBuf, error: std::io::Error },
    /// The file is something else.
    NotDicom { path: PathBuf },
    /// DICOM that holds no image: a report, a structure set, a waveform.
    NotImage { path: PathBuf, class: String },
    /// The file breaks its own rules: truncated, contradictory, undecodable.
    Damaged { path: PathBuf, what: String },
    /// The pixels are compressed in a way that is not decoded here.
    Undecoded { path: PathBuf, name: String, uid: String, why: String },
    /// Legal DICOM that is not read as a volume.
    Unsupported { path: PathBuf, what: String },
    /// The system refuses a file that may be a slice.
    Unread { what: String, error: Arc<std::io::Error> },
    /// The slices do not make one volume.
    Stack { what: String },
    /// Several series where one was asked for.
    Several { place: PathBuf, series: Vec<String> },
    /// The label map does not fit the series it is to refer to.
    Target { what: String },
}

impl Fault {
    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }

    pub(crate) fn unsupported(path: &Path, what: impl Into<String>) -> Self {
        Self::Unsupported { path: path.to_owned(), what: what.into() }
    }

    pub(crate) fn io(path: &Path, error: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::NotDicom { path } => write!(f, "{}: is not DICOM", path.display()),
            Self::NotImage { path, class } => write!(f, "{}: {class} holds no image", path.display()),
            Self::Damaged { path, what } | Self::Unsupported { path, what } => write!(f, "{}: {what}", path.display()),
            Self::Undecoded { path, name, uid, why } => {
                write!(f, "{}: pixels in {name} ({uid}) are not decoded: {why}", path.display())
            }
            Self::Unread { what, .. } | Self::Stack { what } | Self::Target { what } => f.write_str(what),
            Self::Several { place, series } => write!(
                f,
                "{}: holds {} series, expected one; give the folder or the files of one of {}",
                place.display(),
                series.len(),
                series.join(", ")
            ),
        }
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Unread { error, .. } => Some(&**error),
            _ => None,
        }
    }
}
