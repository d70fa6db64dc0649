//! What is in an input: one hash over the names and bytes of its files, read once.

use crate::input::Input;
use crate::stamp::Stamp;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Why the content is not known.
#[derive(Debug)]
pub enum Trouble {
    /// A file is gone.
    Gone,
    /// A file is not what it was when it was found complete.
    Changed,
    /// Of the file system.
    Io(std::path::PathBuf, std::io::Error),
}

/// Hash of all files, as hexadecimal digits. The name of a single file does not count, the names within a group do.
///
/// # Errors
/// A file is gone, was changed since it was found complete, or cannot be read.
pub fn hash(folder: &Path, input: &Input) -> Result<String, Trouble> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 18];
    for member in &input.members {
        let path = folder.join(&member.path);
        let wrong = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => Trouble::Gone,
            _ => Trouble::Io(path.clone(), error),
        };
        let mut file = open(&path).map_err(wrong)?;
        if input.is_group {
            let name = member.path.as_os_str().as_encoded_bytes();
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name);
        }
        hasher.update(&member.stamp.size.to_le_bytes());
        loop {
            match file.read(&mut buffer).map_err(wrong)? {
                0 => break,
                count => hasher.update(&buffer[..count]),
            };
        }
        if Stamp::of(&file.metadata().map_err(wrong)?) != member.stamp {
            return Err(Trouble::Changed);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// The key of a job: what goes in and what is done with it.
pub fn job_key(content: &str, identity: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(content.as_bytes());
    hasher.update(b"\0");
    hasher.update(identity.as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// True while every file is as it was.
pub fn is_unchanged(folder: &Path, input: &Input) -> bool {
    input.members.iter().all(|member| look(&folder.join(&member.path)).is_ok_and(|stamp| stamp == member.stamp))
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
