//! What can be wrong with what the kernels are given.

/// Result of a kernel.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// A fault in arguments; the engine adds the place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A tensor's shape.
    #[error("{what}: {text}")]
    Shape { what: &'static str, text: String },
    /// A number that cannot be worked with.
    #[error("{what}: {text}")]
    Value { what: &'static str, text: String },
    /// A file of weights that is not read.
    #[error("{0}")]
    File(#[from] voxloom_weights::Error),
    /// Weights that do not fit.
    #[error("{0}")]
    Weights(String),
}
