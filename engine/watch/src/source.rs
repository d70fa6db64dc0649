//! Whose results lie in a folder of results: those of one watched folder, as results are called by the names of its inputs.
//!
//! A watched folder has a number of its own, in a file, so that all machines that share it, wherever they have mounted it, see the
//! same; the folder of results says the number of the one that it belongs to.

use crate::commit::sync_folder;
use crate::error::{Error, file};
use crate::names::{OWN, with_end};
use crate::place::Place;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

/// Below [`OWN`] in both folders.
const NUMBER: &str = "folder";
/// Of a number, as text.
const LENGTH: usize = 32;

/// Makes the folder of results that of the watched one, where it is nobody's yet. `is_same` where it is known by other means that
/// the watched folder is the one that it always was.
///
/// # Errors
/// Results of another watched folder lie there; of the file system.
pub fn belongs(place: &Place, is_same: bool) -> Result<(), Error> {
    let [input, output] = [&place.input, &place.output].map(|folder| folder.join(OWN).join(NUMBER));
    let asked = |path: &Path| read(path).map_err(file(path));
    // Of results first: another that begins now writes that number last.
    let known = asked(&output)?;
    match (asked(&input)?, known) {
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

/// `None` where there is none.
fn read(path: &Path) -> io::Result<Option<String>> {
    for _ in 0..LOOKS {
        match std::fs::read_to_string(path) {
            Ok(text) if text.trim().len() == LENGTH => return Ok(Some(text.trim().to_owned())),
            // Made, and not written yet.
            Ok(_) => std::thread::sleep(PAUSE),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    // Whoever made it was killed before it was written.
    Ok(None)
}

const LOOKS: usize = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Writes a number where there is none, and returns what is there then.
///
/// Rationale: of several that try at one time one is the first, also on shares. None of them makes a file twice; a rename that
/// refuses to replace is unknown to many.
fn write(path: &Path, number: &str) -> io::Result<String> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    match File::options().write(true).create_new(true).open(path) {
        Ok(made) => put(made, number).inspect_err(|_| {
            // The first error is the one to tell.
            let _ = std::fs::remove_file(path);
        })?,
        // Some servers cannot say why they refuse.
        Err(error) if File::open(path).is_err() => return Err(error),
        Err(_) => match read(path)? {
            Some(known) => return Ok(known),
            None => {
                let beside = with_end(path, &format!(".{}", random()?));
                put(File::create(&beside)?, number)?;
                std::fs::rename(&beside, path)?;
            }
        },
    }
    sync_folder(folder)?;
    Ok(read(path)?.unwrap_or_default())
}

fn put(mut file: File, number: &str) -> io::Result<()> {
    file.write_all(number.as_bytes())?;
    file.sync_all()
}

fn random() -> io::Result<String> {
    let mut bytes = [0; LENGTH / 2];
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

    #[test]
    fn of_several_that_begin_at_one_time_all_agree() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("in")).unwrap();
            let place = Place::new(&folder.path().join("in"), &folder.path().join("out")).unwrap();
            let start = std::sync::Barrier::new(4);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        start.wait();
                        belongs(&place, false).unwrap();
                    });
                }
            });
            belongs(&place, false).unwrap();
        }
    }

    #[test]
    fn a_number_that_was_never_written_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("in/.voxloom")).unwrap();
        std::fs::write(folder.path().join("in/.voxloom/folder"), "").unwrap();
        let place = Place::new(&folder.path().join("in"), &folder.path().join("out")).unwrap();
        belongs(&place, false).unwrap();
        belongs(&place, false).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("in/.voxloom/folder")).unwrap().len(), 32);
    }
}
