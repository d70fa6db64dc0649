//! Something that a person has to bring: what it is, in one sentence, and how to get it.

use std::fmt;

/// What can be missing. The number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum What {
    Platform = 10,
    Toolchain = 11,
    Compiler = 12,
    Python = 13,
    Pip = 14,
    Disk = 15,
    Network = 16,
    Libtorch = 17,
    Browser = 18,
}

/// The error that `main` turns into a hint and an exit code.
#[derive(Debug)]
pub struct Missing {
    pub what: What,
    pub sentence: String,
    pub remedy: String,
}

impl Missing {
    pub fn new(what: What, sentence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, sentence: sentence.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sentence)
    }
}

impl std::error::Error for Missing {}
