//! What a result says of itself: whose it is, what it was made of, and which files it has.
//!
//! A result belongs to one input, by its name: nothing but another result of that input takes its place. Watchers with other
//! ledgers, and one that was killed before it could record, see from marks what is done.

use crate::input::{Input, shown};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The file in every result that says what it is a result of.
pub const MARK: &str = ".voxloom.json";

/// What [`MARK`] says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The input's name, for people.
    pub input: String,
    /// Hash of the input's name: what is shown of two names may be the same.
    #[serde(default)]
    pub name: String,
    /// Hash of its content.
    pub content: String,
    /// Hash of content, pipeline, parameters, plugins and weights.
    pub job: String,
    /// Hash of the same without the content.
    #[serde(default)]
    pub pipeline: String,
    /// 0 for a copy.
    pub attempt: u32,
    /// When work began, in seconds since 1970, as the ledger of its watcher has it, too: so that one knows its own again.
    #[serde(default)]
    pub started: f64,
    /// Seconds since 1970.
    pub finished: f64,
    /// The input, for people, of whose result this is a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<String>,
    /// The input stayed where it lay: when it is overwritten, a new result takes the place of this one.
    #[serde(default = "yes")]
    pub stays: bool,
    /// Files of the input, by their paths below the watched folder as they are shown, with their sizes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, u64>,
    /// Sizes of its files by their paths; none where something else than files with readable names is among them.
    #[serde(default)]
    pub files: Option<BTreeMap<String, u64>>,
}

fn yes() -> bool {
    true
}

/// What has become of the files of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All there, as they were made.
    Whole,
    /// All there; someone has written some of them since. Or it is not known what there should be.
    Touched,
    /// Some are gone or were emptied.
    Lacking,
}

/// What stands for an input's name in marks.
pub fn name_hash(name: &Path) -> String {
    blake3::hash(name.as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned()
}

impl Mark {
    /// As the mark of a result of this input.
    #[must_use]
    pub fn of(self, input: &Input, stays: bool) -> Self {
        let inputs = input.members.iter().map(|member| (shown(&member.path), member.stamp.size)).collect();
        Self { input: input.shown(), name: name_hash(&input.name), stays, inputs, ..self }
    }

    /// The mark in a folder; none where it is no result.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(MARK)).ok()?).ok()
    }

    /// Writes the mark into a result, with what is there.
    ///
    /// # Errors
    /// Of the file system.
    pub fn write(mut self, folder: &Path) -> io::Result<()> {
        let mut files = BTreeMap::new();
        self.files = list(folder, "", &mut files)?.then_some(files);
        std::fs::write(folder.join(MARK), serde_json::to_vec(&self)?)
    }

    /// True for a result of the input with this name.
    pub fn is_of(&self, name: &Path) -> bool {
        // Marks of earlier versions have no hash.
        if self.name.is_empty() { self.input == shown(name) } else { self.name == name_hash(name) }
    }

    /// True where someone has changed the result in this folder, or has put something beside it.
    pub fn is_touched(&self, folder: &Path) -> bool {
        // What was not listed when it was made cannot be told from what came later.
        let Some(files) = &self.files else { return false };
        let mut found = BTreeMap::new();
        let is_same = list(folder, "", &mut found).is_ok_and(|is_plain| is_plain && found == *files);
        !is_same || self.shape(folder) != Shape::Whole
    }

    /// Looks at the files of the result in this folder.
    pub fn shape(&self, folder: &Path) -> Shape {
        let Some(files) = &self.files else { return Shape::Touched };
        // The mark is written last: what is younger was written by someone else.
        let marked = folder.join(MARK).symlink_metadata().and_then(|mark| mark.modified()).ok();
        let mut shape = Shape::Whole;
        for (path, size) in files {
            match std::fs::symlink_metadata(folder.join(path)) {
                Ok(found) if found.is_file() && (found.len() > 0 || *size == 0) => {
                    let is_younger = marked.is_some_and(|marked| found.modified().is_ok_and(|modified| modified > marked));
                    if found.len() != *size || is_younger {
                        shape = Shape::Touched;
                    }
                }
                _ => return Shape::Lacking,
            }
        }
        shape
    }
}

/// False where something is no file or has no readable name. `above` ends in a slash, or is empty.
fn list(folder: &Path, above: &str, files: &mut BTreeMap<String, u64>) -> io::Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, name) = (entry.file_type()?, entry.file_name());
        let Some(name) = name.to_str() else { return Ok(false) };
        let path = format!("{above}{name}");
        if kind.is_dir() {
            if !list(&entry.path(), &format!("{path}/"), files)? {
                return Ok(false);
            }
        } else if kind.is_file() {
            files.insert(path, entry.metadata()?.len());
        } else {
            return Ok(false);
        }
    }
    files.remove(MARK);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{Mark, Shape};
    use std::path::Path;

    #[test]
    fn a_result_knows_whether_its_files_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("sub/a"), "four").unwrap();
        std::fs::write(at("empty"), "").unwrap();
        Mark::default().write(folder.path()).unwrap();
        let mark = Mark::read(folder.path()).unwrap();
        assert_eq!(mark.files.as_ref().map(|files| files.len()), Some(2), "{mark:?}");
        let shape = || mark.shape(folder.path());
        assert_eq!(shape(), Shape::Whole);
        assert!(!mark.is_touched(folder.path()));
        std::fs::write(at("notes"), "beside it").unwrap();
        assert_eq!((shape(), mark.is_touched(folder.path())), (Shape::Whole, true));
        std::fs::remove_file(at("notes")).unwrap();
        // Of the same size, as labels are that are not compressed.
        std::thread::sleep(std::time::Duration::from_millis(20));
        std::fs::write(at("sub/a"), "FOUR").unwrap();
        assert_eq!((shape(), mark.is_touched(folder.path())), (Shape::Touched, true));
        std::fs::write(at("sub/a"), "").unwrap();
        assert_eq!(shape(), Shape::Lacking);
        std::fs::remove_file(at("sub/a")).unwrap();
        assert_eq!(shape(), Shape::Lacking);
        std::os::unix::fs::symlink("elsewhere", at("link")).unwrap();
        Mark::default().write(folder.path()).unwrap();
        assert_eq!(Mark::read(folder.path()).unwrap().files, None, "what a link leads to is not known");
    }

    #[test]
    fn marks_of_earlier_versions_are_read() {
        let text = r#"{"input": "a", "content": "c", "job": "j", "attempt": 2, "finished": 1.0}"#;
        let mark: Mark = serde_json::from_str(text).unwrap();
        assert!(mark.is_of(Path::new("a")) && !mark.is_of(Path::new("b")) && mark.stays);
        assert_eq!(mark.shape(Path::new("/nowhere")), Shape::Touched);
    }
}
