//! What can be wrong with a file of weights.

use std::path::{Path, PathBuf};

/// A fault, and the file that has it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
#[non_exhaustive]
pub struct Error {
    pub path: PathBuf,
    #[source]
    pub fault: Fault,
}

pub type Result<T> = std::result::Result<T, Error>;

/// The cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Not a form of weights that is known.
    #[error("no weights: {0}; expected safetensors or a PyTorch checkpoint (.pth, .pt)")]
    NotWeights(String),
    /// The file contradicts itself: cut short, damaged, or made to do harm.
    #[error("damaged file: {0}")]
    Damaged(String),
    /// A pickle asks for a name that weights do not need.
    #[error(
        "the pickle asks for Python's `{0}`, which weights do not need; refused, nothing was executed (save `model.state_dict()`, not the model)"
    )]
    Refused(String),
    /// A sound file that holds something this crate does not read.
    #[error("{0}")]
    Unsupported(String),
    /// The file holds several maps of tensors, or none.
    #[error("{what} (keys at the top: {keys})")]
    Unclear { what: String, keys: String },
}

impl Fault {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }

    pub(crate) fn at(self, path: &Path) -> Error {
        Error { path: path.to_path_buf(), fault: self }
    }
}
