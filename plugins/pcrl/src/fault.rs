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
    /// Weights that do not fit.
    #[error("{0}")]
    Weights(String),
}
