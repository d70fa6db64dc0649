//! A tensor of a module's state.

use tch::Tensor;

/// A parameter or buffer: read by several calls at once, written by one alone.
///
/// Derefs to [`Tensor`].
#[derive(Debug)]
pub struct Weight(Tensor);

// SAFETY: libtorch's reference counts are atomic and reading a tensor from several threads is allowed; the engine runs
// entries that write a module alone (docs/contract.md section 5), so no read overlaps a write.
unsafe impl Sync for Weight {}
// SAFETY: as above.
unsafe impl Send for Weight {}

impl Weight {
    pub fn new(tensor: Tensor) -> Self {
        Self(tensor)
    }
}

impl From<Tensor> for Weight {
    fn from(tensor: Tensor) -> Self {
        Self(tensor)
    }
}

impl std::ops::Deref for Weight {
    type Target = Tensor;

    fn deref(&self) -> &Tensor {
        &self.0
    }
}

impl Clone for Weight {
    /// Shares storage.
    fn clone(&self) -> Self {
        Self(self.0.shallow_clone())
    }
}
