//! Files that PyTorch wrote, and files that nobody should have written.

mod hostile;
mod torch;

use std::path::PathBuf;

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}
