//! What can be wrong with what the kernels are given.

/// Result of a kernel.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// A fault in arguments; the engine adds the place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A number of a configuration.
    #[error("{name}: {text}")]
    Config { name: &'static str, text: String },
    /// A tensor's shape.
    #[error("{what}: {text}")]
    Shape { what: &'static str, text: String },
    /// A tensor's element type.
    #[error("{what}: got {found}, expected {expected}")]
    Kind { what: &'static str, found: &'static str, expected: &'static str },
    /// A task's number.
    #[error("task {task} is out of range: the network has tasks 0 to {}", tasks - 1)]
    Task { task: i64, tasks: usize },
    /// The run was asked to end.
    #[error("cancelled")]
    Cancelled,
}
