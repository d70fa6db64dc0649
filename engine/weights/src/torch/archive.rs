//! The zip form, PyTorch's own since 1.6: `<name>/data.pkl`, `<name>/byteorder`, and a storage an entry in `<name>/data/`.

use super::storage::Storages;
use super::tree;
use crate::pickle::{Heap, Input, run};
use crate::{Fault, Tensors};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::io::Cursor;
use zip::{CompressionMethod, ZipArchive};

pub(crate) fn read_zip(file: &Bytes, part: Option<&str>) -> Result<Tensors, Fault> {
    let entries = entries(file)?;
    let pickle = entries.iter().find_map(|(name, bytes)| {
        let folder = name.strip_suffix("data.pkl")?;
        (folder.is_empty() || folder.ends_with('/')).then_some((folder, bytes))
    });
    let Some((folder, pickle)) = pickle else {
        return Err(Fault::NotWeights("it is a zip file without PyTorch's data.pkl".to_owned()));
    };
    let big_endian = entries.get(&format!("{folder}byteorder")).is_some_and(|order| &order[..] == b"big");
    let mut heap = Heap::default();
    let top = run(&mut Input::new(pickle), &mut heap)?;
    let mut storages = Storages::new(file.len(), big_endian, |key| entries.get(&format!("{folder}data/{key}")).cloned());
    tree::tensors(&heap, &top, &mut storages, part)
}

/// Every entry's bytes, lent from the file: PyTorch stores them uncompressed.
fn entries(file: &Bytes) -> Result<BTreeMap<String, Bytes>, Fault> {
    let broken = |e: zip::result::ZipError| Fault::damaged(format!("zip: {e}"));
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(broken)?;
    if archive.file_names_raw().any(|name| name.ends_with(b"/constants.pkl")) {
        let what = "it is a TorchScript program, not weights; load it in Python and save `model.state_dict()`";
        return Err(Fault::Unsupported(what.to_owned()));
    }
    let mut entries = BTreeMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            return Err(Fault::Unsupported(format!("entry `{name}` is packed; PyTorch stores its entries as they are")));
        }
        let bytes = entry.data_start().and_then(|start| slice(file, start, entry.size()));
        let bytes = bytes.ok_or_else(|| Fault::damaged(format!("entry `{name}` reaches beyond the end of the file")))?;
        if crc32fast::hash(&bytes) != entry.crc32() {
            return Err(Fault::damaged(format!("the checksum of entry `{name}` is wrong")));
        }
        entries.insert(name, bytes);
    }
    Ok(entries)
}

fn slice(file: &Bytes, start: u64, len: u64) -> Option<Bytes> {
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    (end <= file.len()).then(|| file.slice(start..end))
}
