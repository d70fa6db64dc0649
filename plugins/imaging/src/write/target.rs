//! Where results go: a name that stays in its folder, never an input, whole or not at all.

use crate::whole::{beside, show};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use voxloom_sdk::{Error, Json, JsonMap, Result, Volume};

/// The most bytes that file systems take for a name.
const LONGEST: usize = 255;

/// `<folder>/<name><suffix><ending>`.
///
/// # Errors
/// A name that leaves the folder, or that is none everywhere.
pub(crate) fn output_path(folder: &Path, name: &str, suffix: &str, ending: &str) -> Result<PathBuf> {
    let file = format!("{name}{suffix}{ending}");
    let why = if name.is_empty() || name == "?" || file.contains('/') || file.starts_with("..") {
        "connect `case`, and keep folders in `folder`".to_owned()
    } else if file.contains('\\') {
        "it holds a backslash, which stands between folders on other systems; rename the input".to_owned()
    } else if file.len() > LONGEST {
        let over = file.len() - LONGEST;
        format!(
            "with `{ending}` it has {over} bytes more than the {LONGEST} that file systems take; give the input a shorter name"
        )
    } else {
        return Ok(folder.join(file));
    };
    Err(Error::item(format!("\"{name}{suffix}\" cannot name a file; {why}")))
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
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    show(file, path).map_err(|error| Error::from(error).context(path.display()))
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

#[cfg(test)]
mod tests {
    use super::output_path;
    use std::path::Path;

    #[test]
    fn names_that_are_refused_say_why() {
        let of = |name: &str| output_path(Path::new("out"), name, "_x", ".nii").map_err(|error| error.to_string());
        assert_eq!(of("a b\n"), Ok("out/a b\n_x.nii".into()));
        assert_eq!(of(&"n".repeat(249)).map(|path| path.file_name().unwrap().len()), Ok(255));
        for (name, why) in [
            ("", "connect `case`"),
            ("?", "connect `case`"),
            ("a/b", "keep folders in `folder`"),
            ("..", "keep folders in `folder`"),
            ("back\\slash", "a backslash"),
            (&"n".repeat(252), "has 3 bytes more than the 255"),
        ] {
            let error = of(name).unwrap_err();
            assert!(error.contains("cannot name a file") && error.contains(why), "{error}");
        }
    }
}
