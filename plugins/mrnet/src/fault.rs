//! What can be wrong with what the kernels are given.

/// A fault of an input or a parameter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    #[error("{what}: {text}")]
    Shape { what: &'static str, text: String },
    #[error("{text}")]
    Config { text: String },
    #[error("weights of raters {found:?}: {text}")]
    Weights { found: Vec<f64>, text: &'static str },
    #[error(transparent)]
    Torch(#[from] tch::TchError),
}

/// Of a kernel.
pub type Result<T> = std::result::Result<T, Fault>;
