//! Where things lie in this checkout.

use std::path::{Path, PathBuf};

/// The checkout that this program was built from.
pub struct Tree {
    pub root: PathBuf,
}

impl Tree {
    pub fn of_this_checkout() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.ancestors().nth(2).expect("engine/xtask lies two folders below the root");
        Self { root: root.to_path_buf() }
    }

    /// Folder of libtorch, or a link to it. The same text that `.cargo/config.toml` makes of it: cargo compares it to
    /// decide whether libtorch's bindings, which take minutes, are still fresh.
    pub fn libtorch(&self) -> PathBuf {
        self.root.join(".libtorch/torch")
    }

    pub fn release(&self) -> PathBuf {
        self.root.join("target/release")
    }

    pub fn program(&self) -> PathBuf {
        self.release().join("voxloom")
    }

    /// True where tests were built.
    pub fn has_tests(&self) -> bool {
        let files = std::fs::read_dir(self.release().join("deps")).into_iter().flatten().flatten();
        files.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("it-"))
    }

    /// Where the program looks for plugins.
    pub fn plugins(&self) -> PathBuf {
        self.release().join("plugins")
    }
}
