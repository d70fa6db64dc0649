//! The libtorch that plugins run with: found by path, told by version, opened once.

use super::Fault;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

/// A folder with `lib/libtorch_cpu.so`.
#[derive(Clone, Debug)]
pub struct Libtorch {
    /// The folder `torch` of a wheel, or the folder `libtorch` of an archive.
    pub folder: PathBuf,
    /// As it says of itself: `2.11.0+cu130`.
    pub version: String,
}

impl Libtorch {
    /// `VOXLOOM_LIBTORCH`, `LIBTORCH`, then `.libtorch/torch` beside or above the program.
    ///
    /// # Errors
    /// Where none is found, or the one that a variable names is none. The message says how to name one.
    pub fn find() -> Result<Self, String> {
        for variable in ["VOXLOOM_LIBTORCH", "LIBTORCH"] {
            if let Some(folder) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
                return Self::at(Path::new(&folder))
                    .map_err(|why| format!("{variable} is {}: {why}", Path::new(&folder).display()));
            }
        }
        let program = std::env::current_exe().map_err(|error| format!("the program's own path is unknown: {error}"))?;
        let folder =
            program.ancestors().skip(1).map(|above| above.join(".libtorch/torch")).find(|folder| library(folder).is_file());
        match folder {
            Some(folder) => Self::at(&folder).map_err(|why| format!("{}: {why}", folder.display())),
            None => Err("none was found; set VOXLOOM_LIBTORCH to the folder that holds lib/libtorch_cpu.so".to_owned()),
        }
    }

    /// The one for a plugin that was built for `theirs`: `named`, or what is found, looked for once in a process.
    /// `None` where the plugin uses none.
    ///
    /// # Errors
    /// Where none is found, or its major.minor is another.
    pub(super) fn wanted(theirs: &str, named: Option<&Self>) -> Result<Option<Self>, Fault> {
        static FOUND: OnceLock<Result<Libtorch, String>> = OnceLock::new();
        if theirs.is_empty() {
            return Ok(None);
        }
        let theirs = theirs.to_owned();
        match named.map_or_else(|| FOUND.get_or_init(Self::find).clone(), |named| Ok(named.clone())) {
            Ok(ours) if ours.fits(&theirs) => Ok(Some(ours)),
            Ok(ours) => Err(Fault::Libtorch { theirs, ours: ours.version, folder: ours.folder }),
            Err(why) => Err(Fault::NoLibtorch { theirs, why }),
        }
    }

    /// The libtorch in `folder`.
    ///
    /// # Errors
    /// Where `lib/libtorch_cpu.so` or the version is missing.
    pub fn at(folder: &Path) -> Result<Self, String> {
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        if !library(&folder).is_file() {
            return Err("it has no lib/libtorch_cpu.so".to_owned());
        }
        let version = version_of(&folder).ok_or("it has neither version.py nor build-version, which tell its version")?;
        Ok(Self { folder, version })
    }

    /// True where major.minor are those of `version`.
    pub fn fits(&self, version: &str) -> bool {
        major_minor(&self.version).is_some() && major_minor(&self.version) == major_minor(version)
    }

    /// Opens it in this process for good, so that plugins find it already there. Opening it again costs nothing.
    pub(super) fn open(&self) -> Result<(), Fault> {
        static OPENED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
        let mut opened = OPENED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !opened.contains(&self.folder) {
            // SAFETY: libtorch's constructors register its operators and are meant to run in any process.
            let opening = unsafe { Library::open(Some(library(&self.folder)), RTLD_NOW | RTLD_LOCAL) };
            std::mem::forget(opening.map_err(|error| Fault::Open(format!("libtorch itself: {error}")))?);
            opened.push(self.folder.clone());
        }
        Ok(())
    }
}

fn library(folder: &Path) -> PathBuf {
    folder.join("lib/libtorch_cpu.so")
}

/// From `version.py` of a wheel (`__version__ = '2.11.0+cu130'`) or `build-version` of an archive.
fn version_of(folder: &Path) -> Option<String> {
    let wheel = std::fs::read_to_string(folder.join("version.py")).unwrap_or_default();
    let quoted = wheel.lines().find_map(|line| line.strip_prefix("__version__ = "));
    let version = quoted.map(|text| text.trim().trim_matches(['\'', '"']).to_owned());
    version.or_else(|| Some(std::fs::read_to_string(folder.join("build-version")).ok()?.trim().to_owned()))
}

fn major_minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_major_and_minor_decide() {
        let torch = Libtorch { folder: PathBuf::new(), version: "2.11.0+cu130".to_owned() };
        assert!(torch.fits("2.11.0") && torch.fits("2.11.3") && torch.fits("2.11"));
        assert!(!torch.fits("2.1.1") && !torch.fits("3.11.0") && !torch.fits("") && !torch.fits("nightly"));
    }
}
