//! Bytes of a file, inflated where they are gzip, with a bound on how many there can be.

use super::Fault;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

/// Deflate turns a byte into 1032 at most (258 bytes for two bits).
const DEFLATE_RATIO: u64 = 1032;
const BUFFER: usize = 1 << 17;

/// A stream of a file's content.
pub struct Source {
    reader: Box<dyn Read + Send>,
    /// No more bytes than this can come.
    bound: u64,
    gzip: bool,
}

impl Source {
    /// Opens a file; whether it is gzip is seen from its content, not from its name. Several members are one stream.
    ///
    /// # Errors
    /// The system refuses, or it is no regular file.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let meta = std::fs::metadata(path)?;
        if !meta.is_file() {
            let what = if meta.is_dir() { "is a folder" } else { "is not a regular file" };
            return Err(Fault::Foreign { what: what.into(), remedy: "give a NIfTI file" });
        }
        Self::new(BufReader::with_capacity(BUFFER, File::open(path)?), meta.len())
    }

    /// The same over bytes in memory.
    ///
    /// # Errors
    /// The bytes are none.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Fault> {
        let size = bytes.len() as u64;
        Self::new(Cursor::new(bytes), size)
    }

    fn new(mut reader: impl BufRead + Send + 'static, size: u64) -> Result<Self, Fault> {
        if size == 0 {
            return Err(Fault::Foreign { what: "is empty".into(), remedy: "copy or download it again" });
        }
        let gzip = reader.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        Ok(match gzip {
            true => Self { reader: Box::new(MultiGzDecoder::new(reader)), bound: size.saturating_mul(DEFLATE_RATIO), gzip },
            false => Self { reader: Box::new(reader), bound: size, gzip },
        })
    }

    /// No more bytes than this are left: exact for plain files, the most that deflate can hold for gzip.
    pub fn bound(&self) -> u64 {
        self.bound
    }

    /// Whether `bound` is the exact number.
    pub fn is_exact(&self) -> bool {
        !self.gzip
    }

    /// Fills as much of `buffer` as the stream has; fewer bytes mean its end.
    ///
    /// # Errors
    /// The system refuses, or the gzip stream is broken.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.fault(error)),
            }
        }
        self.bound = self.bound.saturating_sub(filled as u64);
        Ok(filled)
    }

    /// The next `size` bytes, or fewer at the end of the stream. Memory grows with what is there, not with what is asked.
    ///
    /// # Errors
    /// As [`Source::fill`].
    pub fn take(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(size).read_to_end(&mut bytes);
        read.map_err(|error| self.fault(error))?;
        self.bound = self.bound.saturating_sub(bytes.len() as u64);
        Ok(bytes)
    }

    /// Reads to the end, `limit` bytes at most, and tells how many there were. The end of a gzip stream checks its sums.
    ///
    /// # Errors
    /// As [`Source::fill`].
    pub fn drain(&mut self, limit: u64) -> Result<u64, Fault> {
        std::io::copy(&mut self.reader.by_ref().take(limit), &mut std::io::sink()).map_err(|error| self.fault(error))
    }

    fn fault(&self, error: std::io::Error) -> Fault {
        if self.gzip { Fault::Gzip(error) } else { Fault::Io(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn member(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_are_one_stream() {
        let mut bytes = member(b"one ");
        bytes.extend(member(b""));
        bytes.extend(member(b"two"));
        let mut source = Source::from_bytes(bytes).unwrap();
        assert_eq!(source.take(100).unwrap(), b"one two");
    }

    #[test]
    fn a_wrong_checksum_is_a_fault() {
        let mut bytes = member(b"some bytes that are summed");
        let at = bytes.len() - 6;
        bytes[at] ^= 1;
        let fault = Source::from_bytes(bytes).unwrap().drain(1000).unwrap_err();
        assert!(fault.to_string().starts_with("the gzip stream is broken: "), "{fault}");
    }

    #[test]
    fn plain_bytes_have_an_exact_bound() {
        let mut source = Source::from_bytes(vec![7; 10]).unwrap();
        let mut buffer = [0; 4];
        assert_eq!((source.fill(&mut buffer).unwrap(), source.bound(), source.is_exact()), (4, 6, true));
        assert_eq!(source.drain(100).unwrap(), 6);
    }
}
