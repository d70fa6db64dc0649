//! The folders of one watcher, checked against each other before anything is touched.

use crate::error::Error;
use crate::names::OWN;
use std::path::{Path, PathBuf};

/// Where things lie; absolute, without links.
#[derive(Clone, Debug)]
pub struct Place {
    /// The watched folder.
    pub input: PathBuf,
    /// Where results go.
    pub output: PathBuf,
}

impl Place {
    /// Looks at both folders; the one for results is made where it is missing.
    ///
    /// # Errors
    /// The watched folder is no folder; one is the other; inputs would lie among results.
    pub fn new(input: &Path, output: &Path) -> Result<Self, Error> {
        let wrong = |what: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| Error::Folder { what, path, source }
        };
        let input = input.canonicalize().map_err(wrong("the folder to watch", input))?;
        if !input.is_dir() {
            return Err(Error::Layout { path: input, message: "to be watched it must be a folder".into() });
        }
        std::fs::create_dir_all(output).map_err(wrong("the folder for results", output))?;
        let output = output.canonicalize().map_err(wrong("the folder for results", output))?;
        if output == input {
            return Err(Error::Layout { path: output, message: "results must not go where inputs come from".into() });
        }
        if input.starts_with(&output) {
            return Err(Error::Layout { path: input, message: "inputs must not lie in the folder for results".into() });
        }
        Ok(Self { input, output })
    }

    /// The folder for results as a path below the watched one, where it lies there: it is not watched.
    pub fn output_below_input(&self) -> Option<&Path> {
        self.output.strip_prefix(&self.input).ok()
    }

    /// Where results are made before they are shown: on the disk of the results, so that a rename moves them.
    pub fn staging(&self) -> PathBuf {
        self.output.join(OWN).join("staging")
    }
}
