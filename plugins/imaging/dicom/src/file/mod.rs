//! One file: unpacked, checked, parsed. What it means is decided by others.

mod blank;
mod start;
pub(crate) mod unpack;
mod walk;

use crate::guard::guarded;
use crate::syntax::Syntax;
use crate::{Fault, attributes::Attributes};
use dicom_dictionary_std::tags;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use std::io::Read;
use std::path::{Path, PathBuf};
use walk::{Walked, walk};

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Up to the number of rows and columns: of which study and series it is, and whether it holds an image.
    Origin,
    /// Everything before the pixels.
    Head,
    /// The pixels too.
    Whole,
}

/// A parsed file.
#[derive(Debug)]
pub struct File {
    pub path: PathBuf,
    pub syntax: Syntax,
    /// SOP class by the data set or, where that is empty, by the meta header.
    pub class: String,
    pub object: InMemDicomObject,
    /// The first element of group 7FE0, which tells integers from floats; none where there are no pixels, or they were not
    /// come to.
    pub pixels: Option<u16>,
    /// What was odd and yet read.
    pub warnings: Vec<String>,
}

impl Depth {
    /// As many bytes as it takes in most cases, then in nearly all; after these the whole file is read.
    fn prefixes(self) -> &'static [u64] {
        match self {
            Self::Origin => &[16 * 1024, 256 * 1024],
            Self::Head => &[256 * 1024],
            Self::Whole => &[],
        }
    }
}

impl File {
    /// Reads and parses a file.
    ///
    /// # Errors
    /// It cannot be read, is no DICOM, or is damaged; the last also where nothing was written in a file that is called as slices are.
    pub fn open(path: &Path, depth: Depth) -> Result<Self, Fault> {
        let file = std::fs::File::open(path).map_err(|error| Fault::io(path, error))?;
        let total = file.metadata().map_err(|error| Fault::io(path, error))?.len();
        let read = |most: u64| -> Result<Vec<u8>, Fault> {
            let mut bytes = Vec::new();
            let file = std::fs::File::open(path).map_err(|error| Fault::io(path, error))?;
            file.take(most).read_to_end(&mut bytes).map_err(|error| Fault::io(path, error))?;
            Ok(bytes)
        };
        for most in depth.prefixes().iter().filter(|most| **most < total) {
            if let Some(file) = Self::parse(path, &read(*most)?, total as usize, depth)? {
                return Ok(file);
            }
        }
        Self::from_bytes(path, &read(u64::MAX)?, depth)
    }

    /// Parses bytes; `path` is for messages.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn from_bytes(path: &Path, bytes: &[u8], depth: Depth) -> Result<Self, Fault> {
        let file = Self::parse(path, bytes, bytes.len(), depth)?;
        file.ok_or_else(|| Fault::damaged(path, "the file ends within its header"))
    }

    /// Nothing where more bytes are needed.
    fn parse(path: &Path, bytes: &[u8], total: usize, depth: Depth) -> Result<Option<Self>, Fault> {
        if bytes.starts_with(&[0x1F, 0x8B]) {
            // A look at the beginning spares the rest of what is gzipped and no DICOM.
            if start::start(&unpack::beginning(bytes)).is_none() {
                return Err(Fault::NotDicom { path: path.to_owned() });
            }
            if bytes.len() < total {
                return Ok(None);
            }
            let inner = unpack::gzip(bytes).map_err(|why| Fault::damaged(path, why))?;
            return Self::from_bytes(path, &inner, depth).map(Some);
        }
        let start = start::start(bytes).ok_or_else(|| match blank::blank(path, bytes) {
            Some(what) => Fault::damaged(path, what),
            None => Fault::NotDicom { path: path.to_owned() },
        })?;
        let syntax = Syntax::of(&start.syntax);
        let unpacked;
        let (bytes, from, total) = match syntax.deflated {
            true if bytes.len() < total => return Ok(None),
            true => {
                unpacked = unpack::deflate(&bytes[start.offset..]).map_err(|why| Fault::damaged(path, why))?;
                (unpacked.as_slice(), 0, unpacked.len())
            }
            false => (bytes, start.offset, total),
        };
        let walked = walk(bytes, from, total, syntax.layout, depth).map_err(|why| Fault::damaged(path, why))?;
        let (end, pixels) = match walked {
            Walked::NeedMore => return Ok(None),
            Walked::End => (bytes.len(), None),
            Walked::Enough { end } => (end, None),
            Walked::Pixels { element, end, .. } => (end, Some(element)),
        };
        let object = guarded(path, "data set", || {
            let layout = TransferSyntaxRegistry.get(syntax.layout.uid()).ok_or("the layout is not registered")?;
            InMemDicomObject::read_dataset_with_ts(&bytes[from..end], layout).map_err(|error| chain(&error))
        })?;
        let class = object.text(tags::SOP_CLASS_UID).or(start.class).unwrap_or_default();
        let warnings = match start.guessed {
            true => vec![format!("the file does not say its transfer syntax; taken as {}", syntax.name())],
            false => Vec::new(),
        };
        Ok(Some(Self { path: path.to_owned(), syntax, class, object, pixels, warnings }))
    }
}

/// An error and its causes; the parser's texts hold tags and positions, no values.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
