//! Whose results lie in a folder of results: those of one watched folder, as results are called by the names of its inputs.
//!
//! A watched folder has a number of its own, in a file, so that all machines that share it, wherever they have mounted it, see the
//! same; the folder of results says the number of the one that it belongs to.

use crate::commit::rename_new;
use crate::error::{Error, file};
use crate::names::{OWN, with_end};
use crate::place::Place;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Below [`OWN`] in both folders.
const NUMBER: &str = "folder";

/// Makes the folder of results that of the watched one, where it is nobody's yet. `is_same` where it is known by other means that
/// the watched folder is the one that it always was.
///
/// # Errors
/// Results of another watched folder lie there; of the file system.
pub fn belongs(place: &Place, is_same: bool) -> Result<(), Error> {
    let [input, output] = [&place.input, &place.output].map(|folder| folder.join(OWN).join(NUMBER));
    let asked = |path: &Path| read(path).map_err(file(path));
    match (asked(&input)?, asked(&output)?) {
        (Some(own), Some(known)) if own == known => return Ok(()),
        (own, Some(known)) if !is_same => return Err(refused(place, own.is_some(), &known)),
        (Some(_), Some(_)) => std::fs::remove_file(&output).map_err(file(&output))?,
        (None, Some(known)) => return write(&input, &known).map(drop).map_err(file(&input)),
        (_, None) => {}
    }
    // Another watcher may do so at the same time: who comes first is believed.
    let own = write(&input, &random().map_err(file(&input))?).map_err(file(&input))?;
    let known = write(&output, &own).map_err(file(&output))?;
    if known == own { Ok(()) } else { Err(refused(place, true, &known)) }
}

fn refused(place: &Place, has_number: bool, known: &str) -> Error {
    let what = if has_number { "another" } else { "another (or its folder `.voxloom` was removed)" };
    let message = format!(
        "these are the results of {what} watched folder than {}, number {known}: give each its own folder for results; if it is the \
         same one after all, say --moved",
        place.input.display()
    );
    Error::Layout { path: place.output.clone(), message }
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a number where there is none, and returns what is there then.
fn write(path: &Path, number: &str) -> io::Result<String> {
    std::fs::create_dir_all(path.parent().unwrap_or(path))?;
    let beside = with_end(path, &format!(".{}", random()?));
    std::fs::write(&beside, number)?;
    File::open(&beside)?.sync_all()?;
    match rename_new(&beside, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => std::fs::remove_file(&beside)?,
        other => other?,
    }
    Ok(read(path)?.unwrap_or_default())
}

fn random() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::belongs;
    use crate::place::Place;

    #[test]
    fn results_are_those_of_one_watched_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        ["a", "b"].iter().for_each(|name| std::fs::create_dir(at(name)).unwrap());
        let place = |input: &str| Place::new(&at(input), &at("out")).unwrap();
        for _ in 0..2 {
            belongs(&place("a"), false).unwrap();
        }
        let refused = belongs(&place("b"), false).unwrap_err();
        assert!(refused.is_refusal() && refused.to_string().contains("--moved"), "{refused}");
        assert!(!at("b/.voxloom").exists(), "nothing was touched");
        // Under another name it is the same one still.
        std::fs::rename(at("a"), at("c")).unwrap();
        belongs(&place("c"), false).unwrap();
        // Its number was lost, and somebody knows better.
        std::fs::remove_dir_all(at("c/.voxloom")).unwrap();
        assert!(belongs(&place("c"), false).is_err());
        belongs(&place("c"), true).unwrap();
        belongs(&place("c"), false).unwrap();
        // Somebody says so although it has another number.
        Place::new(&at("b"), &at("out 2")).map(|place| belongs(&place, false)).unwrap().unwrap();
        belongs(&place("b"), true).unwrap();
        assert!(belongs(&place("b"), false).is_ok() && belongs(&place("c"), false).is_err());
    }
}
