//! Why a run could not begin, or could not go on at all. A node that fails is no such error: it is in the report.

use std::fmt;
use std::path::PathBuf;
use voxloom_abi::Kind;

/// Causes by where they lie.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// The graph cannot be put in an order that is sure to end.
    Plan { graph: String, message: String },
    /// A module or node could not be made: `what` names it and its operator.
    Create { what: String, kind: Kind, message: String },
    /// A module's state could not be read or written.
    State { module: String, path: PathBuf, kind: Kind, message: String },
    /// A saved run does not fit this pipeline.
    Resume { folder: PathBuf, message: String },
    /// A save stage found no number to decide on.
    Best { node: String, message: String },
    /// A lane of the device could not be opened or used.
    Device { message: String },
    /// Nothing runs, nothing is ready, and work remains.
    Stalled { graph: String, waits: String },
    /// A file could not be read or written.
    File { path: PathBuf, source: std::io::Error },
    /// The engine itself broke.
    Bug { message: String },
}

impl RunError {
    /// Whether a run may well begin another time.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Create { kind, .. } | Self::State { kind, .. } => *kind,
            Self::Device { .. } => Kind::Unavailable,
            Self::File { source, .. } => Kind::of_error(source),
            Self::Plan { .. } | Self::Resume { .. } | Self::Best { .. } | Self::Stalled { .. } | Self::Bug { .. } => Kind::Other,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan { graph, message } => write!(f, "graph `{graph}`: {message}"),
            Self::Create { what, message, .. } => write!(f, "{what}: {message}"),
            Self::State { module, path, message, .. } => write!(f, "module `{module}`: {}: {message}", path.display()),
            Self::Resume { folder, message } => write!(f, "cannot resume from {}: {message}", folder.display()),
            Self::Best { node, message } => write!(f, "save: best `{node}` {message}"),
            Self::Device { message } => write!(f, "device: {message}"),
            Self::Stalled { graph, waits } => write!(f, "graph `{graph}` is stuck, and work remains: {waits}"),
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Bug { message } => write!(f, "the engine broke, please report this: {message}"),
        }
    }
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// An error of the file system, with the file it was about.
pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> RunError {
    let path = path.into();
    move |source| RunError::File { path, source }
}
