//! TensorBoard's event files: protobuf messages in TFRecord frames.
//!
//! Rationale: the crates that write them (`tensorboard-rs`, `tboard`, `tfrecord`) rest since years or bring hundreds of
//! dependencies. Four messages of two fields are needed: `Event`, `Summary`, `Summary.Value` and `SessionLog`, whose numbers below are
//! those of TensorFlow's `event.proto` and `summary.proto`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use voxloom_sdk::prelude::*;

/// One event file.
pub struct Events(File);

impl Events {
    /// A new file in the folder. After a resume at `step`, it tells TensorBoard that earlier files are void from there on.
    pub fn create(folder: &Path, time: f64, resumed_at: Option<u64>) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        for number in 0u32.. {
            let name = format!("events.out.tfevents.{:010}.voxloom.{number}", time as u64);
            match OpenOptions::new().append(true).create_new(true).open(folder.join(name)) {
                Ok(file) => {
                    let mut events = Self(file);
                    events.put(&event(time, None, Field::Bytes(3, b"brain.Event:2")))?;
                    if let Some(step) = resumed_at {
                        // SessionLog.status = START.
                        events.put(&event(time, Some(step), Field::Bytes(7, &[0x08, 1])))?;
                    }
                    return Ok(events);
                }
                Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(Error::item("the folder is full of event files"))
    }

    pub fn write(&mut self, time: f64, step: u64, scalars: &[(String, f64)]) -> Result<()> {
        if scalars.is_empty() {
            return Ok(());
        }
        let mut summary = Vec::new();
        for (name, value) in scalars {
            let mut message = Vec::new();
            Field::Bytes(1, name.as_bytes()).put(&mut message);
            Field::Float(2, *value as f32).put(&mut message);
            Field::Bytes(1, &message).put(&mut summary);
        }
        self.put(&event(time, Some(step), Field::Bytes(5, &summary)))
    }

    fn put(&mut self, message: &[u8]) -> Result<()> {
        // One write: a reader sees whole records.
        self.0.write_all(&record(message))?;
        Ok(())
    }
}

fn event(time: f64, step: Option<u64>, what: Field) -> Vec<u8> {
    let mut message = Vec::new();
    Field::Double(1, time).put(&mut message);
    if let Some(step) = step {
        Field::Varint(2, step).put(&mut message);
    }
    what.put(&mut message);
    message
}

/// A TFRecord: length, its checksum, the message, its checksum.
fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(message.len() + 16);
    record.extend(length);
    record.extend(masked(&length));
    record.extend(message);
    record.extend(masked(message));
    record
}

/// CRC-32C, turned and shifted: TFRecord masks it because a record may hold checksums itself.
fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// One field of a protobuf message.
enum Field<'a> {
    Varint(u8, u64),
    Double(u8, f64),
    Bytes(u8, &'a [u8]),
    Float(u8, f32),
}

impl Field<'_> {
    fn put(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Varint(number, value) => {
                out.push(number << 3);
                varint(value, out);
            }
            Self::Double(number, value) => {
                out.push(number << 3 | 1);
                out.extend(value.to_le_bytes());
            }
            Self::Bytes(number, bytes) => {
                out.push(number << 3 | 2);
                varint(bytes.len() as u64, out);
                out.extend(bytes);
            }
            Self::Float(number, value) => {
                out.push(number << 3 | 5);
                out.extend(value.to_le_bytes());
            }
        }
    }
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_tensorboard_writes() {
        let folder = tempfile::tempdir().unwrap();
        let mut events = Events::create(folder.path(), 1_700_000_000.5, Some(300)).unwrap();
        events.write(1_700_000_000.5, 300, &[("train/loss".to_owned(), 0.5), ("train/lr".to_owned(), 0.01)]).unwrap();
        let path = folder.path().join("events.out.tfevents.1700000000.voxloom.0");
        let hex: String = std::fs::read(path).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        // The same three events written by TensorBoard 2.21's own RecordWriter: version, start of a session, two scalars.
        let expected = concat!(
            "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110",
            "100000000000000095fbfe180900002040fc54d94110ac023a020801b94512a3",
            "3200000000000000241956ec0900002040fc54d94110ac022a240a110a0a747261696e2f6c6f7373150000003f",
            "0a0f0a08747261696e2f6c72150ad7233cbac62383"
        );
        assert_eq!(hex, expected);
    }

    #[test]
    fn a_second_file_of_the_same_second_has_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        Events::create(folder.path(), 5.0, None).unwrap();
        Events::create(folder.path(), 5.9, None).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
