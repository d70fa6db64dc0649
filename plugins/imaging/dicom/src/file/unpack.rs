//! gzip around a file, and the deflated transfer syntax.

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use std::io::Read;

/// More than this is taken for a bomb.
const MOST: u64 = 1 << 31;

/// # Errors
/// The stream is damaged, or holds more than 2 GiB.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    limited(MultiGzDecoder::new(bytes), MOST).map_err(|why| format!("gzip: {why}"))
}

/// The first 1024 bytes, or as many as there are.
pub fn beginning(bytes: &[u8]) -> Vec<u8> {
    let mut inner = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(1024);
    // What was read before an error counts.
    let _ = reader.read_to_end(&mut inner);
    inner
}

/// # Errors
/// As [`gzip`].
pub fn deflate(bytes: &[u8]) -> Result<Vec<u8>, String> {
    limited(DeflateDecoder::new(bytes), MOST).map_err(|why| format!("deflated data set: {why}"))
}

/// Unpacks one frame that holds at most `most` bytes.
///
/// # Errors
/// The stream is damaged or holds more.
pub fn frame(bytes: &[u8], most: usize) -> Result<Vec<u8>, String> {
    limited(DeflateDecoder::new(bytes), most as u64 + 1)
}

fn limited(reader: impl Read, most: u64) -> Result<Vec<u8>, String> {
    let mut inner = Vec::new();
    reader.take(most + 1).read_to_end(&mut inner).map_err(|error| error.to_string())?;
    match inner.len() as u64 > most {
        true => Err(format!("holds more than {most} bytes")),
        false => Ok(inner),
    }
}
