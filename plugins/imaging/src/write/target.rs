//! Where results go: a name that stays in its folder, never an input, whole or not at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use voxloom_sdk::{Error, Json, JsonMap, Result, Volume};

/// `<folder>/<name><suffix><ending>`.
///
/// # Errors
/// A name that leaves the folder.
pub(crate) fn output_path(folder: &Path, name: &str, suffix: &str, ending: &str) -> Result<PathBuf> {
    let file = format!("{name}{suffix}{ending}");
    if name.is_empty() || name == "?" || file.contains(['/', '\\']) || file.starts_with("..") {
        return Err(Error::item(format!("\"{name}{suffix}\" cannot name a file; connect `case`, and keep folders in `folder`")));
    }
    Ok(folder.join(file))
}

/// # Errors
/// The path is one of the inputs.
pub(crate) fn refuse_input<'a>(path: &Path, inputs: impl Iterator<Item = &'a str>) -> Result<()> {
    let Ok(target) = path.canonicalize() else { return Ok(()) };
    for input in inputs {
        if Path::new(input).canonicalize().is_ok_and(|input| input == target) {
            return Err(Error::item(format!(
                "{} is an input and is not overwritten; give another `folder` or a `suffix`",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Writes a file beside its place, then moves it there.
///
/// # Errors
/// The system refuses.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".voxloom-").suffix(".part").tempfile_in(folder)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| Error::item(format!("{}: {}", path.display(), error.error)))?;
    Ok(())
}

/// Every file that a case names, and every file that a volume was read from.
pub(super) fn inputs<'a>(case: &'a JsonMap, volume: &'a Volume) -> Vec<&'a str> {
    fn texts<'a>(json: &'a Json, into: &mut Vec<&'a str>) {
        match json {
            Json::String(text) => into.push(text),
            Json::Array(items) => items.iter().for_each(|item| texts(item, into)),
            Json::Object(map) => map.values().for_each(|item| texts(item, into)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    let named = ["image", "label", "files"].iter().filter_map(|key| case.get(*key));
    let read = ["source", "sources"].iter().filter_map(|key| volume.meta.get(*key));
    named.chain(read).for_each(|json| texts(json, &mut found));
    found
}
