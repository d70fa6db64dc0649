//! What is in an input: its files are read once, and one hash stands for all of them.

use crate::input::Input;
use crate::job::shared_folder;
use crate::stamp::{Member, Stamp, short};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Why the content is not known.
#[derive(Debug)]
pub enum Trouble {
    /// A file is gone.
    Gone,
    /// A file is not what it was when it was found complete.
    Changed,
    /// Of the file system.
    Io(PathBuf, std::io::Error),
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// One hash over all that counts, as hexadecimal digits.
    pub hash: String,
    /// Files to work on, relative as those of the input: where names do not count, of several with the same bytes the first.
    pub files: Vec<PathBuf>,
    /// Short hashes of what is in each of `files`.
    pub prints: Vec<u64>,
}

/// Reads all files. The name of a single file does not count. Of a group what counts, where `names_count`, is what a job sees:
/// names below the folder that all files share; else only what is in the files, whatever they are called and wherever they lie,
/// and each once.
///
/// # Errors
/// A file is gone, was changed since it was found complete, or cannot be read.
pub fn read(folder: &Path, input: &Input, names_count: bool) -> Result<Content, Trouble> {
    let mut buffer = vec![0; 1 << 18];
    let mut seen = HashSet::new();
    let mut read = Vec::new();
    for member in &input.members {
        let hash = file_hash(&folder.join(&member.path), member, &mut buffer)?;
        if names_count || seen.insert(hash) {
            read.push((member.path.clone(), hash));
        }
    }
    let hash = match &read[..] {
        [(_, hash)] if !input.is_group => *hash,
        files if names_count => with_names(files),
        files => without_names(files),
    };
    let prints = read.iter().map(|(_, hash)| short(hash)).collect();
    Ok(Content { hash: hash.to_hex().to_string(), files: read.into_iter().map(|(path, _)| path).collect(), prints })
}

// Each way to put files together begins with a word of its own, so that no content of one is that of another, nor one that an
// earlier version has recorded.

fn with_names(files: &[(PathBuf, blake3::Hash)]) -> blake3::Hash {
    let shared = shared_folder(files.iter().map(|(path, _)| path.as_path()));
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"names and files");
    for (path, hash) in files {
        let name = path.strip_prefix(&shared).unwrap_or(path).as_os_str().as_encoded_bytes();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update(hash.as_bytes());
    }
    hasher.finalize()
}

fn without_names(files: &[(PathBuf, blake3::Hash)]) -> blake3::Hash {
    let mut hashes: Vec<&[u8; 32]> = files.iter().map(|(_, hash)| hash.as_bytes()).collect();
    hashes.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"files in any order");
    hashes.into_iter().for_each(|hash| {
        hasher.update(hash);
    });
    hasher.finalize()
}

fn file_hash(path: &Path, member: &Member, buffer: &mut [u8]) -> Result<blake3::Hash, Trouble> {
    let wrong = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Trouble::Gone,
        _ => Trouble::Io(path.into(), error),
    };
    let mut file = open(path).map_err(wrong)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&member.stamp.size.to_le_bytes());
    loop {
        match file.read(buffer).map_err(wrong)? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        };
    }
    if Stamp::of(&file.metadata().map_err(wrong)?) != member.stamp {
        return Err(Trouble::Changed);
    }
    Ok(hasher.finalize())
}

/// What stands for a job, whatever goes in.
pub fn pipeline_key(identity: &str) -> String {
    blake3::hash(identity.as_bytes()).to_hex()[..32].to_owned()
}

/// The key of a job: what goes in and what is done with it.
pub fn job_key(content: &str, identity: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(content.as_bytes());
    hasher.update(b"\0");
    hasher.update(identity.as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// True while every file is as it was; one that only lies beside the input may be gone.
pub fn is_unchanged(folder: &Path, input: &Input) -> bool {
    let is_same = |member: &Member| look(&folder.join(&member.path)).map(|stamp| stamp == member.stamp);
    input.members.iter().all(|member| is_same(member).unwrap_or(false))
        && input.beside.iter().all(|member| is_same(member).unwrap_or(true))
}

/// The stamp of a regular file; a link is not followed.
///
/// # Errors
/// There is none, or it is no regular file.
pub fn look(path: &Path) -> std::io::Result<Stamp> {
    let metadata = std::fs::symlink_metadata(path)?;
    if metadata.is_file() { Ok(Stamp::of(&metadata)) } else { Err(std::io::ErrorKind::NotFound.into()) }
}

/// Opens without following a link that took the file's place.
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    std::fs::OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)
}

#[cfg(test)]
mod tests {
    use super::{Content, look, read};
    use crate::input::Input;
    use crate::stamp::Member;
    use std::time::Duration;

    fn of(files: &[(&str, &str)], is_group: bool, names_count: bool) -> Content {
        let folder = tempfile::tempdir().unwrap();
        let members = files.iter().map(|(path, text)| {
            let file = folder.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
            Member { path: path.into(), stamp: look(&file).unwrap() }
        });
        let members = members.collect();
        let input = Input { name: "x".into(), members, beside: Vec::new(), is_group, complete: Duration::ZERO, seen: 0.0 };
        read(folder.path(), &input, names_count).unwrap()
    }

    #[test]
    fn a_series_is_what_is_in_its_files_each_once() {
        let hash = |files: &[(&str, &str)]| of(files, true, false).hash;
        let series = hash(&[("x/1", "one"), ("x/2", "two")]);
        assert_eq!(hash(&[("a", "two"), ("deep/er/b", "one")]), series, "neither names nor order count");
        let twice = of(&[("x/1", "one"), ("x/2", "two"), ("y/1", "one")], true, false);
        assert_eq!((twice.hash, twice.files.len(), twice.prints.len()), (series.clone(), 2, 2));
        assert!(
            [hash(&[("x/1", "one")]), hash(&[("x/1", "onetwo")]), hash(&[("x/1", "on"), ("x/2", "etwo")])]
                .iter()
                .all(|other| *other != series)
        );
    }

    #[test]
    fn a_folder_is_what_a_job_sees_of_it() {
        let hash = |files: &[(&str, &str)]| of(files, true, true).hash;
        let folder = hash(&[("x/image", "one"), ("x/label", "two")]);
        assert_eq!(hash(&[("y/image", "one"), ("y/label", "two")]), folder, "the folder's own name is not seen");
        assert_ne!(hash(&[("x/image", "two"), ("x/label", "one")]), folder);
        assert_ne!(hash(&[("x/image", "one"), ("x/label", "two"), ("x/more", "two")]), folder);
        assert_ne!(of(&[("x/image", "one"), ("x/label", "two")], true, false).hash, folder);
    }

    #[test]
    fn a_file_by_itself_has_the_hash_that_earlier_versions_recorded() {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&3_u64.to_le_bytes());
        hasher.update(b"one");
        let expected = hasher.finalize().to_hex().to_string();
        assert_eq!(of(&[("a", "one")], false, true).hash, expected);
        assert_eq!(of(&[("b", "one")], false, false).hash, expected);
    }
}
