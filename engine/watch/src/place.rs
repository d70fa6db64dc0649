//! The folders of one watcher, checked against each other before anything is touched.

use crate::error::Error;
use crate::names::{DONE, FAILED, HALT, OWN};
use std::collections::BTreeSet;
use std::io;
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
    /// The watched folder is no folder, or has something else where inputs are put away; one is the other; inputs would lie among results, or results where the watcher puts
    /// inputs away.
    pub fn new(input: &Path, output: &Path) -> Result<Self, Error> {
        let wrong = |what: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| Error::Folder { what, path, source }
        };
        let input = input.canonicalize().map_err(wrong("the folder to watch", input))?;
        if !input.is_dir() {
            return Err(Error::Layout { path: input, message: "to be watched it must be a folder".into() });
        }
        for name in [DONE, FAILED] {
            let own = input.join(name);
            if own.symlink_metadata().is_ok() && !own.is_dir() {
                let message = "it lies where the watcher puts inputs away, and is no folder: rename it".into();
                return Err(Error::Layout { path: own, message });
            }
        }
        let planned = resolved(output).map_err(wrong("the folder for results", output))?;
        refuse(&input, &planned)?;
        std::fs::create_dir_all(output).map_err(wrong("the folder for results", output))?;
        let output = output.canonicalize().map_err(wrong("the folder for results", output))?;
        refuse(&input, &output)?;
        Ok(Self { input, output })
    }

    /// Refuses a ledger that lies among the inputs: it and the files beside it change with every input.
    ///
    /// # Errors
    /// It lies there, or its folder cannot be looked at.
    pub fn refuse_ledger(&self, ledger: &Path) -> Result<(), Error> {
        let path = resolved(ledger).map_err(|source| Error::Folder {
            what: "no folder for the ledger:",
            path: ledger.into(),
            source,
        })?;
        if path.starts_with(&self.input) && !path.starts_with(&self.output) {
            let message =
                "the ledger must not lie in the watched folder, where it would be an input; give another place with --ledger";
            return Err(Error::Layout { path, message: message.into() });
        }
        Ok(())
    }

    /// What lies below the watched folder and is no input, as paths below it: the folder for results, and of `others`
    /// those that lie there, by themselves or through links.
    pub fn left_out(&self, others: &[PathBuf]) -> BTreeSet<PathBuf> {
        let others = others.iter().filter_map(|path| path.canonicalize().ok());
        let below = |path: PathBuf| path.strip_prefix(&self.input).ok().map(Path::to_owned);
        others.chain([self.output.clone()]).filter_map(below).filter(|path| !path.as_os_str().is_empty()).collect()
    }

    /// Where results are made before they are shown: on the disk of the results, so that a rename moves them.
    pub fn staging(&self) -> PathBuf {
        self.output.join(OWN).join("staging")
    }
}

fn refuse(input: &Path, output: &Path) -> Result<(), Error> {
    let layout = |path: &Path, message: String| Err(Error::Layout { path: path.into(), message });
    if output == input {
        return layout(output, "results must not go where inputs come from".into());
    }
    if input.starts_with(output) {
        return layout(input, "inputs must not lie in the folder for results".into());
    }
    for name in [DONE, FAILED, OWN, HALT] {
        let own = input.join(name);
        // It may be a link to a folder elsewhere.
        let target = own.canonicalize().unwrap_or_else(|_| own.clone());
        if [&own, &target].into_iter().any(|own| output.starts_with(own) || own.starts_with(output)) {
            let message =
                format!("results must not go there: `{name}` in the watched folder is the watcher's own; take another folder");
            return layout(output, message);
        }
    }
    Ok(())
}

/// As [`Path::canonicalize`], of a path whose last parts need not be there yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Err(error), Some(parent), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Ok(resolved(parent)?.join(name))
        }
        (found, ..) => found,
    }
}
