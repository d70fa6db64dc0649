//! What can be wrong with what the kernels are given.

/// Result of a kernel.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// A fault in arguments; the engine adds the place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A number of a configuration.
    #[error("{name} {text}")]
    Config { name: &'static str, text: String },
    /// A tensor's shape.
    #[error("{what}: {text}")]
    Shape { what: &'static str, text: String },
}
