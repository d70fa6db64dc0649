//! JSON lines: one object a line, flushed as it comes.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use voxloom_sdk::prelude::*;

/// A file of lines and how long it is.
pub struct Lines {
    file: File,
    name: String,
    length: u64,
}

impl Lines {
    /// A new file in the folder: `scalars.jsonl`, or `scalars-2.jsonl`, … where earlier runs left theirs.
    pub fn create(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        for number in 1u32.. {
            let name = if number == 1 { "scalars.jsonl".to_owned() } else { format!("scalars-{number}.jsonl") };
            match OpenOptions::new().write(true).create_new(true).open(folder.join(&name)) {
                Ok(file) => return Ok(Self { file, name, length: 0 }),
                Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(Error::item("the folder is full of logs"))
    }

    /// For [`Lines::resume`].
    pub fn position(&self) -> Json {
        json!({ "name": self.name, "length": self.length })
    }

    /// The file as it was at `position`: later lines are cut off. A new file where the old one is gone or there was none.
    pub fn resume(folder: &Path, position: &Json) -> Result<Option<Self>> {
        let (Some(name), Some(length)) = (position["name"].as_str(), position["length"].as_u64()) else { return Ok(None) };
        // The name comes from a file: it must stay in the folder.
        if name.contains(['/', '\\']) {
            return Err(Error::item(format!("the log's saved state names `{name}`, which is not a file's name")));
        }
        let Ok(mut file) = OpenOptions::new().write(true).open(folder.join(name)) else { return Ok(None) };
        if file.metadata()?.len() < length {
            return Err(Error::item(format!("{} is shorter than it was when the run was saved", folder.join(name).display())));
        }
        file.set_len(length)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Some(Self { file, name: name.to_owned(), length }))
    }

    pub fn write(&mut self, line: &Json) -> Result<()> {
        let text = format!("{line}\n");
        // One write: a reader sees whole lines.
        self.file.write_all(text.as_bytes())?;
        self.length += text.len() as u64;
        Ok(())
    }
}
